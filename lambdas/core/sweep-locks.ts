import * as z from "zod";
import { DUE_INDEX, DUE_SHARDS, keys } from "#aws/keys.ts";
import { type Item, TransactionFailed } from "#aws/table.ts";
import { type Deps, iso } from "./deps.ts";
import { type DueDeps, eachDue } from "./each-due.ts";
import { LOCK_GRACE_MS } from "./file-write.ts";
import { lockExpiredEvent } from "./lock-events.ts";
import { tallyLocks } from "./lock-limit.ts";
import { fileRecord } from "./records.ts";

/** Pages of one shard in one run; what is left waits for the next minute. */
const MAX_PAGES = 20;

/**
 * Tells of leases that have run out (`lock_expired`, once each) and counts those that live.
 *
 * The count is what `refuseAtLockLimit` goes by. @throws AggregateError of the leases that could not be ended.
 */
export async function sweepLocks(deps: DueDeps): Promise<{ expired: number; live: number }> {
  let expired = 0;
  let live = 0;
  try {
    expired = await eachDue(deps, "lock", (item) => endIfExpired(deps, item));
  } finally {
    live = await countLive(deps);
  }
  return { expired, live };
}

async function countLive(deps: Pick<Deps, "table" | "now">): Promise<number> {
  const shards = Array.from({ length: DUE_SHARDS }, (_, shard) => holdersIn(deps, `lock#${shard}`));
  const holders = (await Promise.all(shards)).flat();
  const counted_at = iso(deps.now());
  await deps.table.put({ put: { ...keys.lockCount(), ...tallyLocks(holders), counted_at } });
  return holders.length;
}

const held = z.object({ lock: z.object({ client_id: z.string() }) });

/** Holders of one shard's leases whose end is still to come, by the index. */
async function holdersIn({ table, now }: Pick<Deps, "table" | "now">, shard: string): Promise<string[]> {
  const holders: string[] = [];
  let after: Item | undefined;
  for (let page = 0; page < MAX_PAGES; page++) {
    const found = await table.query({
      index: DUE_INDEX,
      where: "#due_pk = :shard AND #due_sk > :now",
      values: { shard, now: iso(now()) },
      after,
    });
    for (const item of found.items) {
      const { data } = held.safeParse(item);
      if (data !== undefined) holders.push(data.lock.client_id);
    }
    after = found.next;
    if (after === undefined) break;
  }
  return holders;
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
