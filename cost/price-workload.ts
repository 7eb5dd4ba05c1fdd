/** A workload → what its month costs, row by row. */
import {
  BYTES_PER_READ_UNIT,
  DAYS,
  DELIVERY_DAYS,
  ENDPOINT_BYTES,
  EVENT_DAYS,
  LOOKS_PER_SECOND,
  METRICS_IN_USE,
  MILLISECONDS,
  type Milliseconds,
  TABLE_BYTES,
  UNITS_PER_LOOK,
  WAIT_SECONDS,
} from "./assumptions.ts";
import { type Counts, type Effects, readCounts, type Verb } from "./counts.ts";
import type { IdleCost } from "./idle-cost.ts";
import { addMoney, type Money, priceEffects, priceTime, total } from "./price-effects.ts";
import { costOf } from "./prices.ts";
import { partsOf, type Upload, type Workload } from "./workload.ts";

interface Row {
  readonly what: string;
  /** How many a month; absent where there is nothing to count. */
  readonly count?: number | undefined;
  /** US dollars a month. */
  readonly money: Money;
}

export interface Month {
  readonly rows: readonly Row[];
  readonly money: Money;
  /** US dollars. */
  readonly usd: number;
  /** GB kept in S3 on average, where what comes in goes as it says. */
  readonly storedGb: number;
  /** GB downloaded. */
  readonly outGb: number;
}

export interface PricingOptions {
  counts?: Counts;
  milliseconds?: Milliseconds;
  /** Whether GuardDuty scans what comes in. @default false */
  scan?: boolean;
  /** What the stage costs before anybody calls it. @default nothing */
  idle?: Pick<IdleCost, "money">;
}

/** URLs that one call of `…/parts` answers; the first come with the start. */
const WINDOW = 32;

/** Prices what each verb does, how long functions run and what is kept and sent; the stage's idle cost on top. */
export function priceWorkload(
  workload: Workload,
  {
    counts = readCounts(),
    milliseconds = MILLISECONDS,
    scan = false,
    idle = { money: {} },
  }: PricingOptions = {},
): Month {
  const { verbs } = counts;
  const of = (verb: Verb) => priceEffects(verbs[verb], milliseconds);
  const { deliveries, locks, long_polls: polls } = workload;
  const uploads = sum(workload.uploads, ({ per_month }) => per_month);
  const outGb = sum(workload.downloads, ({ per_month, bytes }) => per_month * bytes) / 1e9;
  const storedGb =
    sum(workload.uploads, ({ per_month, bytes, keep_days }) => (per_month * bytes * keep_days) / DAYS) / 1e9;
  const row = (what: string, count: number, ...parts: (readonly [Money, number])[]): Row => ({
    what,
    count,
    money: addMoney(...parts.map(([money, times]) => [money, times * count] as const)),
  });
  const waits = (polls.readers * polls.hours_per_day * DAYS * 3_600) / WAIT_SECONDS;
  const called: Row[] = [
    row("tokens", workload.tokens, [of("token"), 1]),
    ...workload.uploads.map((upload) =>
      row(`uploads by ${upload.by}: ${upload.what}`, upload.per_month, [
        priceUpload(upload, verbs, milliseconds),
        1,
      ]),
    ),
    ...workload.downloads.map(({ what, by, per_month, bytes }) =>
      row(
        `downloads by ${by}: ${what}`,
        per_month,
        [of(by === "link" ? "open" : "download"), 1],
        [{ S3: costOf("s3Read", 1), "data out": costOf("gbOut", bytes / 1e9) }, 1],
      ),
    ),
    row("links made later", workload.links.per_month, [of("share"), 1]),
    row("reads of a file", workload.reads.files, [of("read"), 1]),
    row("folders listed", workload.reads.lists, [of("list"), 1]),
    row("deliveries", deliveries.per_month, [priceDelivery(of("delivery"), deliveries.answer_ms), 1]),
    row("attempts that failed", deliveries.failed_attempts, [
      priceDelivery(of("failedAttempt"), deliveries.answer_ms),
      1,
    ]),
    row("locks, acquired and released", locks.per_month, [of("lock"), 1], [of("unlock"), 1]),
    row("renewals", locks.renewals, [of("renew"), 1]),
    row("long polls", waits, [of("poll"), 1], [priceWait(), 1]),
    row("deletions", uploads, [of("remove"), 1]),
  ];
  const events = sum(eventsOf(workload), ([verb, count]) => verbs[verb].busEvents * count);
  const tableGb =
    (uploadDays(workload) * TABLE_BYTES.file +
      events * EVENT_DAYS * TABLE_BYTES.event +
      deliveries.per_month * DELIVERY_DAYS * TABLE_BYTES.delivery) /
    DAYS /
    1e9;
  const rows: Row[] = [
    ...called,
    {
      what: "fan-out to more than a few endpoints",
      money: { DynamoDB: costOf("readUnit", events * unitsBeyondOne(deliveries.endpoints)) },
    },
    { what: `${gb(storedGb)} GB kept in S3`, money: { S3: costOf("s3GbMonth", storedGb) } },
    {
      what: `${gb(tableGb)} GB of records, restorable`,
      money: { DynamoDB: costOf("tableGbMonth", tableGb) + costOf("tableBackupGbMonth", tableGb) },
    },
    {
      what: "metrics that only a stage in use writes",
      money: { CloudWatch: costOf("metricMonth", METRICS_IN_USE - counts.idleMetrics) },
    },
    { what: "the stage itself, idle", money: idle.money },
    ...(scan ? [priceScan(workload)] : []),
  ].filter(({ money }) => total(money) > 0);
  const money = addMoney(...rows.map((one) => [one.money, 1] as const));
  return { rows, money, usd: total(money), storedGb, outGb };
}

/** One upload, its parts sent to S3 included. */
export function priceUpload(
  upload: Pick<Upload, "by" | "bytes" | "parts">,
  verbs: Counts["verbs"],
  milliseconds: Milliseconds = MILLISECONDS,
): Money {
  const of = (effects: Effects) => priceEffects(effects, milliseconds);
  if (upload.by === "request") return of(verbs.upload);
  const parts = partsOf(upload);
  const windows = Math.ceil(Math.max(0, parts - WINDOW) / WINDOW);
  return addMoney(
    [of(verbs.start), 1],
    [of(verbs.partUrls), windows],
    [{ S3: costOf("s3Write", parts) }, 1],
    [of(verbs.finalize), 1],
  );
}

/** A delivery's worker waits for the endpoint. */
function priceDelivery(counted: Money, answerMs: number): Money {
  return addMoney([counted, 1], [{ Lambda: priceTime("deliver", answerMs) }, 1]);
}

/** What a poll costs that waits as long as it may, beside the call itself. */
function priceWait(): Money {
  return {
    Lambda: priceTime("wait", WAIT_SECONDS * 1_000),
    DynamoDB: costOf("readUnit", WAIT_SECONDS * LOOKS_PER_SECOND * UNITS_PER_LOOK),
  };
}

function priceScan({ uploads }: Workload): Row {
  const objects = sum(uploads, ({ per_month }) => per_month);
  const scanned = sum(uploads, ({ per_month, bytes }) => per_month * bytes) / 1e9;
  return {
    what: `scans by GuardDuty, ${gb(scanned)} GB`,
    count: objects,
    money: { GuardDuty: costOf("scannedObject", objects) + costOf("scannedGb", scanned) },
  };
}

/** How often each verb is called that has an event. */
function eventsOf({ uploads, downloads, links, locks }: Workload): [Verb, number][] {
  return [
    ...uploads.map(({ by, per_month }): [Verb, number] => [
      by === "request" ? "upload" : "finalize",
      per_month,
    ]),
    ...uploads.map(({ per_month }): [Verb, number] => ["remove", per_month]),
    ...downloads.map(({ by, per_month }): [Verb, number] => [by === "link" ? "open" : "download", per_month]),
    ["share", links.per_month],
    ["lock", locks.per_month],
    ["unlock", locks.per_month],
  ];
}

const uploadDays = ({ uploads }: Workload) =>
  sum(uploads, ({ per_month, keep_days }) => per_month * keep_days);

/** Fan-out reads all endpoints for each event; one unit is counted with it. */
const unitsBeyondOne = (endpoints: number) =>
  Math.max(0, Math.ceil((endpoints * ENDPOINT_BYTES) / BYTES_PER_READ_UNIT) - 1);

const gb = (value: number) => value.toLocaleString("en-US", { maximumFractionDigits: value < 10 ? 1 : 0 });

function sum<One>(values: readonly One[], of: (one: One) => number): number {
  return values.reduce((whole, one) => whole + of(one), 0);
}
