import { keys } from "#aws/keys.ts";
import type { DeliveryStatus } from "#core/attempts/contract.ts";
import type { QueueDeps } from "#core/attempts/deps.ts";
import type { DeliveryRecord } from "#core/attempts/records.ts";
import { iso } from "#core/kernel/time.ts";
import { reviveSkipped } from "./revive-skipped.ts";
import { ifStill, OF_ATTEMPT, STILL_DUE, stillDue, UNLEASED } from "./still-due.ts";

/**
 * Ends a delivery that is not being attempted. One whose endpoint was read as disabled goes all the same where that has
 * been enabled meanwhile.
 */
export async function finishDelivery<S extends Exclude<DeliveryStatus, "pending" | "succeeded">>(
  deps: QueueDeps,
  delivery: DeliveryRecord,
  status: S,
  reason: string,
): Promise<S> {
  const now = deps.now();
  const at = iso(now);
  const ended = await ifStill(
    deps.table.update({
      key: keys.delivery(delivery.webhook_id, delivery.delivery_id),
      update: { set: { status, reason, finished_at: at }, remove: ["due_pk", "due_sk", ...OF_ATTEMPT] },
      condition: `${STILL_DUE} AND ${UNLEASED}`,
      values: { ...stillDue(delivery), now },
    }),
    (row) => row["status"] === status && row["finished_at"] === at,
  );
  if (ended && status === "skipped_disabled") await reviveSkipped(deps, [delivery]);
  return status;
}
