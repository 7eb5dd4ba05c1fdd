/** Prices against examples of AWS's pricing pages, and against themselves. */
import { expect, it } from "vitest";
import { costOf, type Price, type PriceName, prices, s3PriceOf } from "#cost/prices.ts";

it.each<[example: string, name: PriceName, count: number, usd: number]>([
  // docs.aws.amazon.com, whitepaper "Best Practices for Designing Amazon API Gateway Private APIs": $3.50 a million.
  ["5 million REST calls", "apiRequest", 5_000_000, 17.5],
  // aws.amazon.com/lambda/pricing: 3 million requests of 120 ms at 1,536 MB on arm64 are 540,000 GB-s.
  ["3 million invocations", "invocation", 3_000_000, 0.6],
  ["540,000 GB-s on arm64", "gbSecond", 540_000, 7.2],
  // aws.amazon.com/dynamodb/pricing/on-demand, after November 2024: 3.55 million writes and reads.
  ["3.55 million write units", "writeUnit", 3_550_000, 2.21875],
  ["3.55 million read units", "readUnit", 3_550_000, 0.44375],
  // aws.amazon.com/eventbridge/pricing: 5 million custom events.
  ["5 million events of one's own", "busEvent", 5_000_000, 5],
  // aws.amazon.com/s3/pricing: PUT $0.005 and GET $0.0004 a thousand, $0.023 a GB.
  ["10,000 PUTs", "s3Write", 10_000, 0.05],
  ["10,000 GETs", "s3Read", 10_000, 0.004],
  ["1 TB for a month", "s3GbMonth", 1_000, 23],
  // aws.amazon.com/sqs/pricing
  ["an idle queue of Lambda's five long polls", "queueRequest", 657_000, 0.2628],
  // aws.amazon.com/cloudwatch/pricing: 1 GB of logs, 10 alarms, 10 metrics, a dashboard.
  ["a GB of logs", "logGb", 1, 0.5],
  ["10 alarms", "alarmMonth", 10, 1],
  ["10 metrics", "metricMonth", 10, 3],
  ["a dashboard", "dashboardMonth", 1, 3],
  // aws.amazon.com/guardduty/pricing
  ["10,000 objects scanned", "scannedObject", 10_000, 2.15],
])("%s", (_, name, count, usd) => {
  expect(costOf(name, count)).toBeCloseTo(usd, 3);
});

it("each says where it is from, and what couldn't be looked up since when it is known", () => {
  for (const price of Object.values<Price>(prices)) {
    expect(price.page).toMatch(/^https:\/\/aws\.amazon\.com\/[\w/-]+\/pricing\/$/);
    expect(`${price.seen ?? price.since}`).toMatch(/20\d\d|undated/);
    expect(price.usd * price.per).toBeGreaterThan(0);
  }
});

it.each([
  ["UploadPart", "s3Write"],
  ["ListParts", "s3Write"],
  ["CompleteMultipartUpload", "s3Write"],
  ["HeadObject", "s3Read"],
  ["GetObject", "s3Read"],
  ["DeleteObject", undefined],
  ["AbortMultipartUpload", undefined],
])("S3 charges %s as %s", (action, name) => {
  expect(s3PriceOf(action)).toBe(name);
});
