import { DUE_INDEX, DUE_SHARDS, keys } from "#aws/keys.ts";
import { type Item, TransactionFailed } from "#aws/table.ts";
import { type Deps, iso } from "./deps.ts";
import { LOCK_GRACE_MS } from "./file-write.ts";
import { lockExpiredEvent } from "./lock-events.ts";
import { fileRecord } from "./records.ts";

/** Pages of one shard in one run; what is left waits for the next minute. */
const MAX_PAGES = 20;

/**
 * Tells of leases that have run out (`lock_expired`, once each) and counts those that live.
 *
 * The count is what `refuseAtLockLimit` goes by.
 */
export async function sweepLocks(
  deps: Pick<Deps, "table" | "now">,
): Promise<{ expired: number; live: number }> {
  let expired = 0;
  let live = 0;
  for (let shard = 0; shard < DUE_SHARDS; shard++) {
    let after: Item | undefined;
    for (let page = 0; page < MAX_PAGES; page++) {
      const found = await deps.table.query({
        index: DUE_INDEX,
        where: "#due_pk = :shard",
        values: { shard: `lock#${shard}` },
        after,
      });
      for (const item of found.items) {
        if (await endIfExpired(deps, item)) expired += 1;
        else live += 1;
      }
      after = found.next;
      if (after === undefined) break;
    }
  }
  await deps.table.put({ put: { ...keys.setting("live-locks"), live, counted_at: iso(deps.now()) } });
  return { expired, live };
}

/** Ends the lease that `item` (as the index has it) holds, if it has run out and still stands. */
async function endIfExpired(deps: Pick<Deps, "table" | "now">, item: Item): Promise<boolean> {
  const file = fileRecord.parse(item);
  const now = deps.now();
  const { lock } = file;
  if (lock === undefined || lock.expires_ms > now - LOCK_GRACE_MS) return false;
  try {
    await deps.table.transact([
      {
        key: keys.node(file.node_id),
        update: "REMOVE #lock, #due_pk, #due_sk",
        condition: "#lock.#lock_id = :seen AND #lock.#expires_ms <= :free_at",
        values: { seen: lock.lock_id, free_at: now - LOCK_GRACE_MS },
      },
      lockExpiredEvent(now, file, lock, `sweep-${lock.lock_id}`),
    ]);
    return true;
  } catch (error) {
    // Renewed, released or taken over since the index was written.
    if (error instanceof TransactionFailed) return false;
    throw error;
  }
}
