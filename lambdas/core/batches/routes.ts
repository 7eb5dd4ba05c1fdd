import type { Call } from "#core/kernel/call.ts";
import type { Deps } from "#core/kernel/deps.ts";
import type { App, AppContext } from "#http/context.ts";
import { problemBody } from "#http/problem.ts";
import { refusalOf } from "#http/refusal.ts";
import { serve } from "#http/serve.ts";
import { changeBatch } from "./change-batch.ts";
import { changeFilesRoute, finalizeUploadsRoute, startUploadsRoute } from "./contract.ts";
import { finalizeBatch } from "./finalize-batch.ts";
import { type BatchItem, runBatch } from "./run-batch.ts";
import { startBatch } from "./start-batch.ts";

/** Many uploads, or files, in one request. */
export function batches(app: App, deps: Deps): void {
  serve(app, deps, {
    route: startUploadsRoute,
    handle: async ({ body, ...input }) =>
      run(deps, input, startBatch(deps, body), (upload) => ({ status: 201, upload })),
  });

  serve(app, deps, {
    route: finalizeUploadsRoute,
    handle: async ({ body, ...input }) =>
      run(deps, input, await finalizeBatch(deps, body), (upload) => ({ status: 200, upload })),
  });

  serve(app, deps, {
    route: changeFilesRoute,
    handle: async ({ body, ...input }) =>
      run(deps, input, changeBatch(deps, body), (file) =>
        body.delete === undefined ? { status: 200, file } : { status: 204 },
      ),
  });
}

/** Does it under the request's key, and tells of what is refused as an answer of its own would. */
async function run<B extends object, D extends object>(
  deps: Deps,
  { call, context }: { call: Call; context: AppContext },
  items: readonly BatchItem<B>[],
  tell: (body: B) => D,
) {
  return runBatch(deps, call, {
    ...{ items, tell, key: context.req.header("idempotency-key") },
    refusal(thrown) {
      const error = refusalOf(thrown);
      return { error, told: { status: error.status, error: problemBody(context, error) } };
    },
  });
}
