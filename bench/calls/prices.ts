/**
 * AWS's list prices in us-east-1, in US dollars per million, without free tiers.
 *
 * Looked up in November 2026 on AWS's pricing pages (aws.amazon.com/<service>/pricing) and public copies of them.
 * DynamoDB's on-demand prices are those since November 2024, when they were halved.
 */
export const PRICES = {
  /** API Gateway REST, the first 333 million requests of a month. */
  apiRequest: 3.5,
  /** Lambda, apart from its duration. */
  invocation: 0.2,
  /** Lambda on arm64: a second of 1 GB. */
  gbSecond: 13.3334,
  /** DynamoDB on demand: 1 KB written, twice that in a transaction. */
  writeUnit: 0.625,
  /** DynamoDB on demand: 4 KB read consistently, half for eventually. */
  readUnit: 0.125,
  /** S3 standard: PUT, COPY, POST, LIST and the calls of multipart uploads. */
  s3Write: 5,
  /** S3 standard: GET, HEAD and the rest; DELETE and abort are free. */
  s3Read: 0.4,
  /** SQS standard, a request of up to 64 KB. */
  queueRequest: 0.4,
  /** EventBridge, an event of up to 64 KB on a bus of one's own. */
  busEvent: 1,
} as const;

/** What bytes cost, in US dollars per GB: sent to the Internet (the first 10 TB of a month), and kept for a month. */
export const BYTES = { sent: 0.09, kept: 0.023 } as const;

/** S3: requests per second and partitioned prefix, from which on it may throttle. */
export const S3_RATES = { writes: 3_500, reads: 5_500 } as const;

const FREE = new Set(["DeleteObject", "DeleteObjects", "AbortMultipartUpload"]);
const WRITES =
  /^(PutObject|CopyObject|PostObject|CreateMultipartUpload|UploadPart|UploadPartCopy|CompleteMultipartUpload|List\w+)$/;

/** Price of one call of S3 or SQS; DynamoDB goes by units. */
export function priceOfCall({ service, action }: { service: string; action: string }): number {
  if (service === "sqs") return PRICES.queueRequest;
  if (service !== "s3" || FREE.has(action)) return 0;
  return WRITES.test(action) ? PRICES.s3Write : PRICES.s3Read;
}
