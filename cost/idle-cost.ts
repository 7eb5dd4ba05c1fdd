/** What a stage costs a month before anybody calls it, from its synthesized templates. */
import * as z from "zod";
import {
  DAYS,
  LOG_COMPRESSION,
  MILLISECONDS,
  MINUTES,
  type Milliseconds,
  POLL_SECONDS,
  POLLERS,
} from "./assumptions.ts";
import { type Counts, readCounts } from "./counts.ts";
import { addMoney, type Money, priceEffects, total } from "./price-effects.ts";
import { costOf } from "./prices.ts";

/** What is read of a CloudFormation template. */
const template = z.looseObject({
  Resources: z.record(
    z.string(),
    z.looseObject({ Type: z.string(), Properties: z.looseObject({}).optional() }),
  ),
});

type Resource = z.infer<typeof template>["Resources"][string];

interface IdleLine {
  /** e.g. `queues that Lambda polls`. */
  readonly what: string;
  readonly count: number;
  /** US dollars a month. */
  readonly usd: number;
}

export interface IdleCost {
  readonly lines: readonly IdleLine[];
  /** The same by service. */
  readonly money: Money;
  /** US dollars a month. */
  readonly usd: number;
}

/**
 * Prices a month of a stage that nobody calls, at list prices without free tiers: what alarms, dashboards, keys and the
 * polls of its queues cost by being there, and what its sweeps do each minute.
 *
 * @param templates CloudFormation templates as parsed JSON, all stacks of one stage.
 * @throws ZodError where one is no template.
 *
 * @example
 * const { usd, lines } = idleCost([dataTemplate, serviceTemplate]);
 */
export function idleCost(
  templates: readonly unknown[],
  {
    counts = readCounts(),
    milliseconds = MILLISECONDS,
  }: { counts?: Pick<Counts, "idleMinute" | "idleMetrics">; milliseconds?: Milliseconds } = {},
): IdleCost {
  const resources = templates.flatMap((one) => Object.values(template.parse(one).Resources));
  const of = (type: string) => resources.filter(({ Type }) => Type === type);
  const queues = of("AWS::Lambda::EventSourceMapping").filter(readsQueue);
  const polls = queues.reduce((sum, mapping) => sum + (pollersOf(mapping) * MINUTES * 60) / POLL_SECONDS, 0);
  const alarms = of("AWS::CloudWatch::Alarm").reduce((sum, one) => sum + metricsOf(one), 0);
  const dashboards = of("AWS::CloudWatch::Dashboard").length;
  const keys = of("AWS::KMS::Key").length;
  const ticks = of("AWS::Events::Rule").filter(
    (rule) => rule.Properties?.["ScheduleExpression"] !== undefined,
  );
  const sweeps = addMoney([priceEffects(counts.idleMinute, sweeping(milliseconds)), MINUTES]);
  const groups = of("AWS::Logs::LogGroup");
  const written = counts.idleMinute.logBytes * MINUTES;
  const kept = (written * LOG_COMPRESSION * longestRetention(groups)) / DAYS;
  const fixed: [what: string, count: number, money: Money][] = [
    ["metrics under alarms", alarms, { CloudWatch: costOf("alarmMonth", alarms) }],
    ["dashboards", dashboards, { CloudWatch: costOf("dashboardMonth", dashboards) }],
    ["metrics of its own", counts.idleMetrics, { CloudWatch: costOf("metricMonth", counts.idleMetrics) }],
    ["queues that Lambda polls", queues.length, { SQS: costOf("queueRequest", polls) }],
    ["KMS keys", keys, { KMS: costOf("keyMonth", keys) }],
    ["sweeps each minute: functions, reads, lines", ticks.length, ticks.length === 0 ? {} : sweeps],
    ["log groups, as long as they keep", groups.length, { CloudWatch: costOf("logGbMonth", kept / 1e9) }],
  ];
  const lines = fixed.map(([what, count, one]) => ({ what, count, usd: total(one) }));
  const money = addMoney(...fixed.map(([, , one]) => [one, 1] as const));
  return { lines: lines.filter(({ usd }) => usd > 0), money, usd: total(money) };
}

/** A sweep asks for everything at once: its time is no sum. */
const sweeping = ({ sweep }: Milliseconds): Milliseconds => ({
  ...{ own: sweep, sweep, dynamodb: 0, s3: 0, sqs: 0, events: 0 },
});

/** Streams are read for nothing: their mappings have a starting position. */
function readsQueue({ Properties }: Resource): boolean {
  return Properties?.["StartingPosition"] === undefined;
}

function pollersOf({ Properties }: Resource): number {
  const limited = z.looseObject({ MaximumConcurrency: z.number() }).safeParse(Properties?.["ScalingConfig"]);
  return limited.success ? POLLERS.limited : POLLERS.free;
}

/** An alarm is charged for each metric that it watches. */
function metricsOf({ Properties }: Resource): number {
  const watched = z
    .array(z.looseObject({ MetricStat: z.unknown().optional() }))
    .safeParse(Properties?.["Metrics"]).data;
  return watched === undefined ? 1 : watched.filter(({ MetricStat }) => MetricStat !== undefined).length;
}

/** Days; what has none is kept for ever, of which a year is counted. */
function longestRetention(groups: readonly Resource[]): number {
  return Math.max(0, ...groups.map(({ Properties }) => Number(Properties?.["RetentionInDays"] ?? 365)));
}
