import { keys } from "#aws/keys.ts";
import { homeOf } from "#core/access/records.ts";
import type { Caller } from "#core/kernel/call.ts";
import type { TableDeps } from "#core/kernel/deps.ts";
import { WharfError } from "#core/kernel/error.ts";
import { lastCount } from "#core/kernel/last-count.ts";
import { MAX_CLIENT_LOCKS, MAX_LIVE_LOCKS } from "./limits.ts";

/** @throws WharfError lock_limit where `more` locks would pass the client's share or the limit of all, by the last count. */
export async function refuseAtLockLimit(
  deps: TableDeps,
  caller: Pick<Caller, "id" | "rights">,
  more: number,
): Promise<void> {
  const { live, clients } = await lastCount(deps, keys.lockCount(homeOf(caller)));
  const own = clients.get(caller.id) ?? 0;
  if (own + more > MAX_CLIENT_LOCKS) {
    throw new WharfError(
      "lock_limit",
      `This client holds ${own} locks; at most ${MAX_CLIENT_LOCKS} of an organization's ${MAX_LIVE_LOCKS} are one client's. Release some, or let them expire.`,
      { live: own, max: MAX_CLIENT_LOCKS, retry_after_seconds: 60 },
    );
  }
  if (live + more <= MAX_LIVE_LOCKS) return;
  throw new WharfError(
    "lock_limit",
    `Your organization holds ${MAX_LIVE_LOCKS} locks, as many as it may. Release some, or let them expire.`,
    { live, max: MAX_LIVE_LOCKS, retry_after_seconds: 60 },
  );
}
