/**
 * Metrics in CloudWatch's embedded metric format: a log line that CloudWatch also counts, so that no call is made.
 *
 * Names are shared with `lib/`, whose alarms and dashboard read them. The one dimension is the table's name, which
 * tells deployments of one account apart; there is none per endpoint, since each value would be priced as a metric.
 */
export const METRIC_NAMESPACE = "Wharf";
export const METRIC_DIMENSION = "Table";

/** Metric → its unit. */
export const metrics = {
  /** How long the delivery that waits longest has been due; the sweep measures it each minute. */
  OldestDueDelivery: "Seconds",
  /** Endpoints disabled just now, for their answers or for failing too long. */
  DisabledEndpoints: "Count",
  /** Parts of a sweep that failed; the next minute's sweep tries them again. */
  FailedSweeps: "Count",
} as const;

export type MetricName = keyof typeof metrics;

/** Writes one value of a metric. `now` in ms; `table` is the table's name. */
export function emitMetric(table: string, name: MetricName, value: number, now: number): void {
  const line = {
    _aws: {
      Timestamp: now,
      CloudWatchMetrics: [
        {
          Namespace: METRIC_NAMESPACE,
          Dimensions: [[METRIC_DIMENSION]],
          Metrics: [{ Name: name, Unit: metrics[name] }],
        },
      ],
    },
    [METRIC_DIMENSION]: table,
    [name]: value,
  };
  process.stdout.write(`${JSON.stringify(line)}\n`);
}
