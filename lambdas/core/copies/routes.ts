import { ofFile } from "#core/access/resource.ts";
import type { Deps } from "#core/kernel/deps.ts";
import type { App } from "#http/context.ts";
import { etagOf } from "#http/etag.ts";
import { preconditionsOf } from "#http/preconditions.ts";
import { serve } from "#http/serve.ts";
import { copyFileRoute } from "./contract.ts";
import { copyFile } from "./copy-file.ts";

/** Copies of files. */
export function copies(app: App, deps: Deps): void {
  serve(app, deps, {
    route: copyFileRoute,
    resource: ofFile,
    headers: etagOf,
    handle: async ({ params, body, headers, call }) => ({
      body: await copyFile(deps, call, params.id, body, preconditionsOf(headers, call)),
    }),
  });
}
