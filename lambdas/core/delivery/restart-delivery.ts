import { keys } from "#aws/keys.ts";
import type { Alone, Item, Update } from "#aws/table.ts";
import type { DeliveryStatus, Trigger } from "#core/attempts/contract.ts";
import type { DeliveryRecord } from "#core/attempts/records.ts";
import { DELIVERY_KEEP_MS } from "#core/attempts/schedule.ts";
import { wakeAt } from "#core/attempts/wake.ts";
import { ttl } from "#core/kernel/time.ts";

/**
 * What starts a delivery's schedule anew. Attempts go on counting. Who still makes one under a lease that has run out
 * finds it gone, and ends nothing.
 *
 * @param jobId the recovery that does it; else it is nobody's any more.
 */
export function restartWrite(
  delivery: DeliveryRecord,
  now: number,
  { trigger, jobId, given }: { trigger: Trigger; jobId?: string; given: { condition: string; values: Item } },
): { write: Alone<Update>; restarted: DeliveryRecord } {
  const { due_pk, due_sk } = wakeAt(delivery.delivery_id, now, now);
  const changed = {
    status: "pending" satisfies DeliveryStatus,
    trigger,
    step: 0,
    started_ms: now,
    next_ms: now,
  } as const;
  return {
    restarted: { ...delivery, ...changed },
    write: {
      key: keys.delivery(delivery.webhook_id, delivery.delivery_id),
      update: {
        set: { ...changed, due_pk, due_sk, ttl: ttl(now + DELIVERY_KEEP_MS), job_id: jobId },
        remove: [
          ...["reason", "finished_at", "deferred", "reserved", "rearms", "rearmed_by"],
          ...["host_clients", "lease", "lease_until_ms"],
        ],
      },
      condition: `attribute_exists(#pk) AND (attribute_not_exists(#lease_until_ms) OR #lease_until_ms <= :started_ms) AND ${given.condition}`,
      values: given.values,
    },
  };
}
