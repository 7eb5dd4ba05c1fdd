/**
 * AWS's list prices in us-east-1, without free tiers and volume discounts: the one table for benchmarks, the costs in
 * the docs, `npm run cost` and whatever tells a deployment what it costs. It imports nothing, so that functions may.
 */
const MILLION = 1_000_000;

export interface Price {
  /** US dollars for `per` units. */
  readonly usd: number;
  readonly per: number;
  readonly unit: string;
  /** AWS's own page. */
  readonly page: string;
  /**
   * Where and when the figure was read: on a page of AWS or on a dated copy of its table. Absent where it could not be
   * looked up; then `since` alone says what is known.
   */
  readonly seen?: string;
  /** Since when AWS has asked this price, as far as is known. */
  readonly since?: string;
}

const page = (service: string) => `https://aws.amazon.com/${service}/pricing/`;

export const prices = {
  apiRequest: {
    ...{ usd: 3.5, per: MILLION, unit: "requests of a REST API, the first 333 million of a month" },
    page: page("api-gateway"),
    seen: "docs.aws.amazon.com, whitepaper on private APIs, cost optimization; 2026-11",
  },
  invocation: {
    ...{ usd: 0.2, per: MILLION, unit: "invocations of Lambda" },
    page: page("lambda"),
    seen: "git.mcrn.ar/mariano/lambda_local_runner, lambda-13-cost.md; 2026-05",
  },
  gbSecond: {
    ...{ usd: 13.3334, per: MILLION, unit: "seconds of 1 GB of Lambda on arm64" },
    page: page("lambda"),
    seen: "git.mcrn.ar/mariano/lambda_local_runner, lambda-13-cost.md; 2026-05",
  },
  writeUnit: {
    ...{ usd: 0.625, per: MILLION, unit: "units of 1 KB written on demand, twice as many in a transaction" },
    page: page("dynamodb/on-demand"),
    seen: "airbyte.com/data-engineering-resources/dynamodb-pricing; 2025-07",
    since: "2024-11, when it was halved",
  },
  readUnit: {
    ...{
      usd: 0.125,
      per: MILLION,
      unit: "units of 4 KB read consistently on demand, half as many eventually",
    },
    page: page("dynamodb/on-demand"),
    seen: "airbyte.com/data-engineering-resources/dynamodb-pricing; 2025-07",
    since: "2024-11, when it was halved",
  },
  tableGbMonth: {
    ...{ usd: 0.25, per: 1, unit: "GB in a table for a month" },
    page: page("dynamodb/on-demand"),
    seen: "aws.amazon.com/dynamodb/pricing, undated copy",
  },
  tableBackupGbMonth: {
    ...{ usd: 0.2, per: 1, unit: "GB of a table kept restorable to any second, for a month" },
    page: page("dynamodb/on-demand"),
    since: "2018",
  },
  s3Write: {
    ...{ usd: 5, per: MILLION, unit: "PUT, COPY, POST, LIST and calls of multipart uploads" },
    page: page("s3"),
    since: "2011",
  },
  s3Read: {
    ...{ usd: 0.4, per: MILLION, unit: "GET, HEAD and other requests; DELETE and abort are free" },
    page: page("s3"),
    since: "2014",
  },
  s3GbMonth: {
    ...{ usd: 0.023, per: 1, unit: "GB in S3 Standard for a month, the first 50 TB" },
    page: page("s3"),
    since: "2016-12",
  },
  gbOut: {
    ...{ usd: 0.09, per: 1, unit: "GB sent to the Internet, the first 10 TB of a month" },
    page: page("ec2/on-demand"),
    seen: "awsforengineers.com/blog/aws-api-gateway-pricing-explained; 2025-05",
  },
  queueRequest: {
    ...{ usd: 0.4, per: MILLION, unit: "requests to a standard queue, of 64 KB each; empty receives too" },
    page: page("sqs"),
    seen: "cloudburn.io/blog/amazon-sqs-pricing; 2026-03",
  },
  /** On top of the request. */
  fairRequest: {
    ...{ usd: 0.1, per: MILLION, unit: "requests with messages that carry a MessageGroupId (fair queues)" },
    page: page("sqs"),
    seen: "cloudburn.io/blog/amazon-sqs-pricing; 2026-03",
    since: "2025-07",
  },
  busEvent: {
    ...{ usd: 1, per: MILLION, unit: "events of 64 KB on a bus of one's own" },
    page: page("eventbridge"),
    seen: "cloudburn.io/blog/amazon-eventbridge-pricing; 2026-03",
  },
  /**
   * What S3 tells of an object. AWS's page counts S3's as "opt-in data events", apart from free management events;
   * some copies call them free. The dearer reading is taken.
   */
  objectEvent: {
    ...{ usd: 1, per: MILLION, unit: "events of S3's objects (opt-in data events)" },
    page: page("eventbridge"),
    since: "2022",
  },
  logGb: {
    ...{ usd: 0.5, per: 1, unit: "GB written to CloudWatch Logs, the first 10 TB" },
    page: page("cloudwatch"),
    seen: "duckbillgroup.com, on Lambda's tiers; 2025-05",
  },
  logGbMonth: {
    ...{ usd: 0.03, per: 1, unit: "GB of logs kept for a month, compressed" },
    page: page("cloudwatch"),
    seen: "hykell.com/kb/platform-specific-guides/aws-cloudwatch-logs-pricing, undated",
  },
  metricMonth: {
    ...{ usd: 0.3, per: 1, unit: "metrics of one's own for a month; by the hour, where they are written" },
    page: page("cloudwatch"),
    seen: "signoz.io/guides/cloudwatch-pricing; 2026-02",
  },
  alarmMonth: {
    ...{ usd: 0.1, per: 1, unit: "metrics watched by alarms of 60 s or more, for a month" },
    page: page("cloudwatch"),
    since: "2010",
  },
  dashboardMonth: {
    ...{ usd: 3, per: 1, unit: "dashboards for a month" },
    page: page("cloudwatch"),
    seen: "factualminds.com/blog/amazon-cloudwatch-pricing-metrics-logs-alarms-dashboards; 2026-06",
  },
  keyMonth: {
    ...{ usd: 1, per: 1, unit: "KMS keys of one's own for a month" },
    page: page("kms"),
    since: "2014",
  },
  scannedGb: {
    ...{ usd: 0.09, per: 1, unit: "GB scanned by GuardDuty Malware Protection for S3" },
    page: page("guardduty"),
    since: "2025-02, when it was lowered from 0.60",
  },
  scannedObject: {
    ...{ usd: 0.215, per: 1_000, unit: "objects scanned by GuardDuty Malware Protection for S3" },
    page: page("guardduty"),
    since: "2024-06",
  },
} as const satisfies Record<string, Price>;

export type PriceName = keyof typeof prices;

/** What so many units cost, in US dollars. */
export function costOf(name: PriceName, count: number): number {
  const { usd, per }: Price = prices[name];
  return (count * usd) / per;
}

/** What a million units cost, in US dollars. */
export const perMillion = (name: PriceName) => costOf(name, MILLION);

const FREE = new Set(["DeleteObject", "DeleteObjects", "AbortMultipartUpload"]);
const WRITES =
  /^(PutObject|CopyObject|PostObject|CreateMultipartUpload|UploadPart|UploadPartCopy|CompleteMultipartUpload|List\w+)$/;

/** What an action of S3 is charged as; undefined where it is free. */
export function s3PriceOf(action: string): "s3Write" | "s3Read" | undefined {
  if (FREE.has(action)) return undefined;
  return WRITES.test(action) ? "s3Write" : "s3Read";
}
