import { keys } from "#aws/keys.ts";
import { happened } from "#aws/table.ts";
import type { DeliveryStatus } from "#core/attempts/contract.ts";
import type { QueueDeps } from "#core/attempts/deps.ts";
import type { DeliveryRecord } from "#core/attempts/records.ts";
import { nextAttempt } from "#core/attempts/schedule.ts";
import type { Sent } from "#core/attempts/send-attempt.ts";
import { wakeAt, wakeMessage } from "#core/attempts/wake.ts";
import { iso, ttl } from "#core/kernel/time.ts";
import { OF_ATTEMPT } from "./still-due.ts";

const ATTEMPT_KEEP_MS = 30 * 86_400_000;

/**
 * Records an attempt and what follows from it, in one transaction: the end, or the next attempt, for which a
 * message is sent. Nothing is recorded where the lease has been lost meanwhile; another has made the attempt then.
 */
export async function recordAttempt(
  deps: QueueDeps,
  delivery: DeliveryRecord,
  lease: string,
  { attempt, verdict }: Pick<Sent, "attempt" | "verdict">,
): Promise<"succeeded" | "failed" | "retry" | "dropped"> {
  const now = deps.now();
  const made = delivery.step + 1;
  const next_ms =
    verdict.ok || verdict.disable !== undefined
      ? undefined
      : nextAttempt({
          made,
          now,
          startedMs: delivery.started_ms,
          minDelayMs: verdict.minDelayMs,
        });
  const status: DeliveryStatus = verdict.ok ? "succeeded" : next_ms === undefined ? "failed" : "pending";
  const wake = next_ms === undefined ? undefined : wakeAt(delivery.delivery_id, next_ms, now);
  const last = {
    ...{ status, attempts: attempt.number, step: made },
    ...{ last_status: attempt.status, last_error: attempt.error_class },
  };
  const reason = verdict.ok ? null : reasonOf(verdict, made);
  const update =
    wake === undefined
      ? { set: { ...last, reason, finished_at: iso(now) }, remove: ["due_pk", "due_sk", ...OF_ATTEMPT] }
      : { set: { ...last, next_ms, due_pk: wake.due_pk, due_sk: wake.due_sk }, remove: OF_ATTEMPT };
  const recorded = await happened(
    deps.table.transact([
      {
        key: keys.delivery(delivery.webhook_id, delivery.delivery_id),
        update,
        condition: "#lease = :lease AND #status = :pending",
        values: { lease, pending: "pending" },
      },
      {
        put: {
          ...keys.attempt(delivery.delivery_id, attempt.number),
          ...attempt,
          ttl: ttl(now + ATTEMPT_KEEP_MS),
        },
        blind: "the row's lease, in the same transaction, says whose attempt of this number counts",
      },
    ]),
  );
  if (!recorded) return "dropped";
  if (next_ms === undefined || wake === undefined) return verdict.ok ? "succeeded" : "failed";
  if (!wake.bySweep) await deps.queues.send("retry", [wakeMessage({ ...delivery, next_ms })], now);
  return "retry";
}

function reasonOf({ disable }: Sent["verdict"], made: number): string {
  return disable === undefined ? `no success in ${made} attempts` : `endpoint_${disable}`;
}
