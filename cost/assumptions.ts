/** What no count can tell: durations, and what AWS does by itself. Each with where it is from. */

/** A month as AWS's calculator has it: 730 hours. */
export const HOURS = 730;
export const MINUTES = HOURS * 60;
export const DAYS = HOURS / 24;

export interface Milliseconds {
  /** What an invocation takes by itself: its own code, and its share of cold starts. */
  readonly own: number;
  /** A call of DynamoDB. */
  readonly dynamodb: number;
  /** A call of S3. */
  readonly s3: number;
  /** A call of SQS. */
  readonly sqs: number;
  /** A call of EventBridge. */
  readonly events: number;
  /** A sweep with nothing to do, all in all. */
  readonly sweep: number;
}

/**
 * How long functions are billed for: `own` and so much for each AWS call, as if each waited for the one before. Lambda's
 * billed time can't be measured without an account; `--ms` changes these.
 *
 * DynamoDB promises "single-digit milliseconds"; S3 says "100–200 ms" to the first byte of small objects for clients
 * anywhere, of which a function in its region sees less; SQS and EventBridge publish nothing. `own` is what the API's
 * function takes here on one core, for the 0.58 of a vCPU that 1 GB gets, and one cold start of 250 ms in a hundred. A
 * sweep asks some 170 shards side by side, and is as slow as its 0.29 of a vCPU.
 *
 * @see https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/Introduction.html
 * @see https://docs.aws.amazon.com/AmazonS3/latest/userguide/optimizing-performance.html
 */
export const MILLISECONDS: Milliseconds = { own: 10, dynamodb: 6, s3: 50, sqs: 10, events: 15, sweep: 500 };

/**
 * Long polls at once with which Lambda asks an SQS queue that is empty: "as few as 2 concurrent invokes to reduce the
 * Amazon SQS calls and corresponding costs. However, this optimization is not available when you enable the maximum
 * concurrency setting". How long each lasts (s) is SQS's longest.
 *
 * @see https://docs.aws.amazon.com/lambda/latest/dg/services-sqs-scaling.html
 */
export const POLLERS = { free: 2, limited: 5 } as const;
export const POLL_SECONDS = 20;

/** CloudWatch Logs adds so many bytes to each event. @see PutLogEvents in its API reference */
export const BYTES_PER_LOG_EVENT = 26;
/** A line of API Gateway's access log, in the format of `lib/http-api.ts`. */
export const ACCESS_LOG_BYTES = 400;
/** What is kept of logs after compression. @see https://aws.amazon.com/cloudwatch/pricing/, example 1 */
export const LOG_COMPRESSION = 0.15;
/** Headers of an answer of the API, or of a request to an endpoint. */
export const HEADER_BYTES = 700;

/** `GET /v1/events` waits for 20 s at most and looks twice a second, by a read of half a unit. */
export const WAIT_SECONDS = 20;
export const LOOKS_PER_SECOND = 2;
export const UNITS_PER_LOOK = 0.5;

/** An endpoint's record, of which fan-out reads all for each event. */
export const ENDPOINT_BYTES = 600;
/** DynamoDB reads so many bytes consistently for a unit. */
export const BYTES_PER_READ_UNIT = 4_096;

/**
 * What records take in the table, with DynamoDB's 100 bytes for each: of a file (session, node, name, path, version,
 * link) as long as it is kept, of an event with its place in the feed for 90 days, of a delivery with its attempts for
 * 30. Sizes are of the counted calls.
 */
export const TABLE_BYTES = { file: 3_500, event: 1_400, delivery: 1_800 };
export const EVENT_DAYS = 90;
export const DELIVERY_DAYS = 30;
/** Metrics of its own that a stage in use writes (`lambdas/aws/metrics.ts`). */
export const METRICS_IN_USE = 10;
