import * as z from "zod";
import { keys } from "#aws/keys.ts";
import type { Table } from "#aws/table.ts";
import { MAX_CLIENT_LOCKS, MAX_LIVE_LOCKS } from "#contract/locks.ts";
import type { Deps } from "./deps.ts";
import { WharfError } from "./error.ts";

/**
 * The deployment's limit of live locks is kept by a count that the sweep makes each minute and each environment
 * reads at most once a minute: a counter that every acquisition wrote would be everyone's hot item.
 */
const FRESH_MS = 60_000;
const countRecord = z.object({
  live: z.number(),
  /** Of clients that hold half of their share or more. */
  clients: z.record(z.string(), z.number()).default({}),
});

const counts = new WeakMap<Table, { live: number; clients: ReadonlyMap<string, number>; readAt: number }>();

/**
 * What the sweep's count says: each client's locks, and of all together those that count against everybody. One that
 * got past its share before it was counted counts with no more than that, and takes nobody else's place.
 */
export function tallyLocks(holders: Iterable<string>): { live: number; clients: Record<string, number> } {
  const held = new Map<string, number>();
  for (const holder of holders) held.set(holder, (held.get(holder) ?? 0) + 1);
  let live = 0;
  for (const count of held.values()) live += Math.min(count, MAX_CLIENT_LOCKS);
  return {
    live,
    clients: Object.fromEntries([...held].filter(([, count]) => count >= MAX_CLIENT_LOCKS / 2)),
  };
}

/** @throws WharfError lock_limit where `more` locks would pass the client's share or the limit of all, by the last count. */
export async function refuseAtLockLimit(
  deps: Pick<Deps, "table" | "now">,
  clientId: string,
  more: number,
): Promise<void> {
  const now = deps.now();
  let known = counts.get(deps.table);
  if (known === undefined || now - known.readAt > FRESH_MS || known.readAt > now) {
    const count = await deps.table.get(countRecord, keys.lockCount(), { consistent: false });
    const clients = new Map(Object.entries(count?.clients ?? {}));
    known = { live: count?.live ?? 0, clients, readAt: now };
    counts.set(deps.table, known);
  }
  const own = known.clients.get(clientId) ?? 0;
  if (own + more > MAX_CLIENT_LOCKS) {
    throw new WharfError(
      "lock_limit",
      `This client holds ${own} locks; at most ${MAX_CLIENT_LOCKS} of the deployment's ${MAX_LIVE_LOCKS} are one client's. Release some, or let them expire.`,
      { live: own, max: MAX_CLIENT_LOCKS, retry_after_seconds: 60 },
    );
  }
  if (known.live + more <= MAX_LIVE_LOCKS) return;
  throw new WharfError(
    "lock_limit",
    `${known.live} locks are held in this deployment; at most ${MAX_LIVE_LOCKS} are allowed. Release some, or let them expire.`,
    { live: known.live, max: MAX_LIVE_LOCKS, retry_after_seconds: 60 },
  );
}
