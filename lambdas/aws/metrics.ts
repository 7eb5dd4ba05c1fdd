/**
 * Metrics in CloudWatch's embedded metric format: members of a log line that CloudWatch also counts, so that no call
 * is made.
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
  /** Things that a sweep failed at so often that it has put them aside; each minute that they are there. */
  PutAside: "Count",
  /** Files that posed as something harmless, and were refused as an upload or under a new name. */
  RefusedDisguises: "Count",
  /** Requests to endpoints. */
  Attempts: "Count",
  /** Those that were not answered with 2xx. */
  FailedAttempts: "Count",
  /** Deliveries that ended without success, by running out of attempts or of time. */
  FailedDeliveries: "Count",
  /** From an event to the first attempt of a delivery of it. */
  FirstAttemptDelay: "Milliseconds",
  /** What endpoints take to answer. */
  AttemptDuration: "Milliseconds",
} as const;

export type MetricName = keyof typeof metrics;

/** One value, or those of up to 100 things. */
export type MetricValues = Partial<Record<MetricName, number | readonly number[]>>;

/** Members that make a log line carry metrics. `table` is the table's name, `now` in ms. */
export function embedMetrics(table: string, values: MetricValues, now: number): Record<string, unknown> {
  return {
    _aws: {
      Timestamp: now,
      CloudWatchMetrics: [
        {
          Namespace: METRIC_NAMESPACE,
          Dimensions: [[METRIC_DIMENSION]],
          Metrics: Object.entries(metrics)
            // biome-ignore lint/plugin: metrics of our own
            .filter(([name]) => name in values)
            .map(([Name, Unit]) => ({ Name, Unit })),
        },
      ],
    },
    [METRIC_DIMENSION]: table,
    ...values,
  };
}

/** Writes a metric's value in a line of its own. */
export function emitMetric(table: string, name: MetricName, value: number, now: number): void {
  const line = { level: "info", ...embedMetrics(table, { [name]: value }, now) };
  process.stdout.write(`${JSON.stringify(line)}\n`);
}
