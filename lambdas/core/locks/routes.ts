import type { Scope } from "#contract/scopes.ts";
import { ofFile } from "#core/access/resource.ts";
import { findFile } from "#core/files/find-file.ts";
import { lockView } from "#core/files/lock-state.ts";
import { requireSameScopes } from "#core/kernel/call.ts";
import type { TableDeps } from "#core/kernel/deps.ts";
import { isWharfError } from "#core/kernel/error.ts";
import type { App } from "#http/context.ts";
import type { AppDeps } from "#http/deps.ts";
import { PROBLEM_TYPE, problemBody } from "#http/problem.ts";
import { serve } from "#http/serve.ts";
import { acquireLock, acquireLocks } from "./acquire-lock.ts";
import { breakLock } from "./break-lock.ts";
import {
  acquireLockRoute,
  breakLockRoute,
  getLockRoute,
  lockBatchRoute,
  releaseLockRoute,
  renewLockRoute,
  waitForLockRoute,
} from "./contract.ts";
import { ofLock } from "./of-lock.ts";
import { releaseLock } from "./release-lock.ts";
import { renewLock } from "./renew-lock.ts";
import { repeatGrant } from "./repeat-grant.ts";
import { waitForLock } from "./wait-for-lock.ts";

/** Locks, but for waiting: nothing of one file's lock takes more than one call after the token's. */
export function locks(app: App, deps: TableDeps): void {
  serve(app, deps, {
    route: acquireLockRoute,
    ...grants(deps),
    handle: async ({ params, body: { wait_seconds, ...terms }, call, context }) => {
      try {
        return { body: await acquireLock(deps, call, params.id, terms) };
      } catch (error) {
        if (wait_seconds === 0 || !isWharfError(error, "file_locked")) throw error;
        // Relative, so that it leads to the address that the client used. No Retry-After: with a redirect it would say
        // how long to wait before following it (RFC 9110, 10.2.3).
        return {
          instead: 307,
          body: problemBody(context, error, 307),
          headers: { "Content-Type": PROBLEM_TYPE, Location: "lock/wait" },
        };
      }
    },
  });

  serve(app, deps, {
    route: renewLockRoute,
    resource: ofLock,
    handle: async ({ params, body, call }) => ({ body: await renewLock(deps, call, params.id, body) }),
  });

  serve(app, deps, {
    route: releaseLockRoute,
    resource: ofLock,
    handle: async ({ params, headers, call }) => {
      await releaseLock(deps, call, params.id, headers["Lock-Token"]);
    },
  });

  serve(app, deps, {
    route: getLockRoute,
    resource: ofLock,
    handle: async ({ params, call }) => {
      const file = await findFile(deps, params.id, call.ahead);
      return { body: lockView(file, deps.now(), call.access?.workspace.epoch) };
    },
  });

  serve(app, deps, {
    route: breakLockRoute,
    resource: ofFile,
    handle: async ({ params, body, call }) => ({ body: await breakLock(deps, call, params.id, body.reason) }),
  });

  serve(app, deps, {
    route: lockBatchRoute,
    handle: async ({ body, call }) => ({ body: await acquireLocks(deps, call, body.file_ids, body) }),
  });
}

/**
 * Waiting for a lock: a caller holds its environment for up to 20 s, so API Gateway sends these to `wait`. What comes
 * elsewhere by another spelling of the path is tried once.
 */
export function lockWaits(app: App, deps: AppDeps): void {
  serve(app, deps, {
    route: waitForLockRoute,
    ...grants(deps),
    handle: async ({ params, body, call }) => ({
      body: await waitForLock(
        deps,
        call,
        params.id,
        deps.waitPlaces > 0 ? body : { ...body, wait_seconds: 0 },
      ),
    }),
  });
}

/** For the two routes that grant one file's lock, under one Idempotency-Key. */
function grants(deps: TableDeps) {
  const replay = (recorded: unknown, _: unknown, lacking: readonly Scope[]) => {
    requireSameScopes(lacking);
    return repeatGrant(deps, recorded);
  };
  return { resource: ofFile, replay };
}
