import { decodeTime } from "ulid";
import type { MetricValues } from "#aws/metrics.ts";
import type { Sent } from "#core/attempts/send-attempt.ts";

/** What a batch of deliveries adds to the metrics: attempts that were made, and deliveries that ended without success. */
export function deliveryMetrics(results: readonly string[], sent: readonly Sent[]): MetricValues {
  const failed = results.filter((result) => result === "failed" || result === "expired").length;
  const delays = sent.flatMap(({ attempt, eventId }) =>
    attempt.number === 1 && attempt.trigger === "event"
      ? [Date.parse(attempt.started_at) - decodeTime(eventId.slice("evt_".length))]
      : [],
  );
  return {
    Attempts: sent.length,
    FailedAttempts: sent.filter(({ verdict }) => !verdict.ok).length,
    FailedDeliveries: failed,
    // EMF takes no empty list.
    ...(sent.length === 0 ? {} : { AttemptDuration: sent.map(({ attempt }) => attempt.total_ms) }),
    ...(delays.length === 0 ? {} : { FirstAttemptDelay: delays }),
  };
}
