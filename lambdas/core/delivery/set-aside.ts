import { keys } from "#aws/keys.ts";
import type { DeliveryStatus } from "#core/attempts/contract.ts";
import type { QueueDeps } from "#core/attempts/deps.ts";
import type { DeliveryRecord } from "#core/attempts/records.ts";
import { wakeAt, wakeMessage } from "#core/attempts/wake.ts";
import { ifStill } from "./still-due.ts";

/** A receiver that is slow for once may still be at it when its request is given up. */
const SET_ASIDE_MS = 5_000;

/**
 * Gives up an attempt that took longer than the workers of prompt endpoints wait. It uses up none: it is made anew
 * beside the retries, where it has its whole time.
 */
export async function setAside(deps: QueueDeps, delivery: DeliveryRecord, lease: string): Promise<void> {
  const now = deps.now();
  const next_ms = now + SET_ASIDE_MS;
  const { due_pk, due_sk } = wakeAt(delivery.delivery_id, next_ms, now);
  const mine = await ifStill(
    deps.table.update({
      key: keys.delivery(delivery.webhook_id, delivery.delivery_id),
      update: {
        set: { next_ms, deferred: true, due_pk, due_sk },
        remove: ["lease", "lease_until_ms", "reserved", "rearms", "rearmed_by"],
      },
      condition: "#lease = :lease AND #status = :pending",
      values: { lease, pending: "pending" satisfies DeliveryStatus },
    }),
    (row) => row["status"] === "pending" && row["next_ms"] === next_ms,
  );
  if (mine) await deps.queues.send("retry", [wakeMessage({ ...delivery, next_ms })], now);
}
