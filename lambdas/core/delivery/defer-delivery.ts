import { keys } from "#aws/keys.ts";
import type { Lane } from "#aws/queues.ts";
import type { QueueDeps } from "#core/attempts/deps.ts";
import type { DeliveryRecord } from "#core/attempts/records.ts";
import { GIVE_UP_MS } from "#core/attempts/schedule.ts";
import { wakeAt, wakeMessage } from "#core/attempts/wake.ts";
import { finishDelivery } from "./finish-delivery.ts";
import { ifStill, STILL_DUE, stillDue, UNLEASED } from "./still-due.ts";

/** Puts the attempt off without using it up; false where that ends the delivery, 80 hours after it began. */
export async function deferDelivery(
  deps: QueueDeps,
  delivery: DeliveryRecord,
  { at, reserved, lane = "retry" }: { at: number; reserved: boolean; lane?: Lane },
): Promise<boolean> {
  const now = deps.now();
  const next_ms = Math.round(at);
  if (next_ms > delivery.started_ms + GIVE_UP_MS) {
    await finishDelivery(deps, delivery, "failed", "expired");
    return false;
  }
  const { bySweep, due_pk, due_sk } = wakeAt(delivery.delivery_id, next_ms, now);
  const deferred = await ifStill(
    deps.table.update({
      key: keys.delivery(delivery.webhook_id, delivery.delivery_id),
      update: {
        set: { next_ms, deferred: true, reserved, due_pk, due_sk },
        remove: ["rearms", "rearmed_by"],
      },
      condition: `${STILL_DUE} AND ${UNLEASED}`,
      values: { ...stillDue(delivery), now },
    }),
    (row) => row["status"] === "pending" && row["next_ms"] === next_ms,
  );
  if (deferred && !bySweep) await deps.queues.send(lane, [wakeMessage({ ...delivery, next_ms })], now);
  return true;
}
