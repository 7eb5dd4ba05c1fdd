import * as z from "zod";
import { keys } from "#aws/keys.ts";
import { happened, type Item } from "#aws/table.ts";
import { FIRST_ORGANIZATION } from "#core/access/records.ts";
import { LOCK_GRACE_MS } from "#core/files/fenced-write.ts";
import { lockExpiredEvent } from "#core/files/lock-events.ts";
import { fileRecord } from "#core/files/records.ts";
import { countLive } from "#core/kernel/count-live.ts";
import type { DueDeps, TableDeps } from "#core/kernel/deps.ts";
import { eachDue } from "#core/kernel/each-due.ts";
import { MAX_CLIENT_LOCKS } from "./limits.ts";

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
    live = await countLocks(deps);
  }
  return { expired, live };
}

const held = z.object({ lock: z.object({ client_id: z.string(), organization_id: z.string().optional() }) });

/** Those of leases whose end is still to come. */
function countLocks(deps: DueDeps): Promise<number> {
  return countLive(deps, {
    kind: "lock",
    holderOf: (item) => held.safeParse(item).data?.lock.client_id,
    groupOf: (item) => held.safeParse(item).data?.lock.organization_id ?? FIRST_ORGANIZATION,
    share: MAX_CLIENT_LOCKS,
    keyOf: (organization) => keys.lockCount(organization),
  });
}

/** Ends the lease that `item` (as the index has it) holds, if it has run out and still stands. */
async function endIfExpired(deps: TableDeps, item: Item): Promise<boolean> {
  const file = fileRecord.parse(item);
  const now = deps.now();
  const { lock } = file;
  if (lock === undefined || lock.expires_ms > now - LOCK_GRACE_MS) return false;
  // False where it was renewed, released or taken over since the index was written.
  return happened(
    deps.table.transact([
      {
        key: keys.node(file.node_id),
        update: { remove: ["lock", "due_pk", "due_sk"] },
        // The index may be older than a renewal: what is told is what stands.
        condition: "#lock.#lock_id = :seen AND #lock.#expires_ms = :expires_ms",
        values: { seen: lock.lock_id, expires_ms: lock.expires_ms },
      },
      lockExpiredEvent(now, file, lock, `sweep-${lock.lock_id}`),
    ]),
  );
}
