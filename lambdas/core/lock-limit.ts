import * as z from "zod";
import { keys } from "#aws/keys.ts";
import type { Table } from "#aws/table.ts";
import { MAX_LIVE_LOCKS } from "#contract/locks.ts";
import type { Deps } from "./deps.ts";
import { WharfError } from "./error.ts";

/**
 * The deployment's limit of live locks is kept by a count that the sweep makes each minute and each environment
 * reads at most once a minute: a counter that every acquisition wrote would be everyone's hot item.
 */
const FRESH_MS = 60_000;
const countRecord = z.object({ live: z.number() });

const counts = new WeakMap<Table, { live: number; readAt: number }>();

/** @throws WharfError lock_limit where `more` locks would pass the limit, by the last count. */
export async function refuseAtLockLimit(deps: Pick<Deps, "table" | "now">, more: number): Promise<void> {
  const now = deps.now();
  let known = counts.get(deps.table);
  if (known === undefined || now - known.readAt > FRESH_MS || known.readAt > now) {
    const count = await deps.table.get(countRecord, keys.setting("live-locks"), { consistent: false });
    known = { live: count?.live ?? 0, readAt: now };
    counts.set(deps.table, known);
  }
  if (known.live + more <= MAX_LIVE_LOCKS) return;
  throw new WharfError(
    "lock_limit",
    `${known.live} locks are held in this deployment; at most ${MAX_LIVE_LOCKS} are allowed. Release some, or let them expire.`,
    { live: known.live, max: MAX_LIVE_LOCKS, retry_after_seconds: 60 },
  );
}
