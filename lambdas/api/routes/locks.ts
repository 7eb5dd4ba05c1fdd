import {
  acquireLockRoute,
  breakLockRoute,
  getLockRoute,
  lockBatchRoute,
  releaseLockRoute,
  renewLockRoute,
} from "#contract/locks.ts";
import { acquireLocks } from "#core/acquire-lock.ts";
import { breakLock } from "#core/break-lock.ts";
import type { Deps } from "#core/deps.ts";
import { WharfError } from "#core/error.ts";
import { findFile } from "#core/find-file.ts";
import { lockState } from "#core/lock-state.ts";
import { releaseLock } from "#core/release-lock.ts";
import { renewLock } from "#core/renew-lock.ts";
import { waitForLock } from "#core/wait-for-lock.ts";
import { type App, serve } from "../serve.ts";

/** Locks. The acquisition may wait for up to 20 s, so API Gateway sends it to a function of its own. */
export function locks(app: App, deps: Pick<Deps, "table" | "now">): void {
  serve(app, deps, acquireLockRoute, async ({ params, body, call }) => ({
    status: 201,
    body: await waitForLock(deps, call, params.id, body),
  }));

  serve(app, deps, renewLockRoute, async ({ params, body, call }) => ({
    status: 200,
    body: await renewLock(deps, call, params.id, body),
  }));

  serve(app, deps, releaseLockRoute, async ({ params, call, context }) => {
    const token = context.req.header("lock-token");
    if (token === undefined)
      throw new WharfError("invalid_request", "Send the lease's token in the header Lock-Token.");
    await releaseLock(deps, call, params.id, token);
    return { status: 204 };
  });

  serve(app, deps, getLockRoute, async ({ params, call }) => {
    const file = await findFile(deps, call.caller, params.id);
    return { status: 200, body: lockState(file, deps.now()) };
  });

  serve(app, deps, breakLockRoute, async ({ params, body, call }) => ({
    status: 200,
    body: await breakLock(deps, call, params.id, body.reason),
  }));

  serve(app, deps, lockBatchRoute, async ({ body, call }) => {
    const answer = (items: unknown[]) => ({ status: 201, body: { items } });
    return answer(await acquireLocks(deps, call, body.file_ids, body, answer));
  });
}
