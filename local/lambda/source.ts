/** One event-source mapping: what it is made of, and what it is when it runs. */
import type { Clock } from "../clock.ts";
import type { QueueFeed, StreamFeed } from "../services.ts";
import type { LambdaService } from "./service.ts";

interface SourceConfig {
  /** The same across starts; checkpoints are kept by it. */
  id: string;
  functionArn: string;
  /** Records per invocation at most. */
  batchSize: number;
  /** How long to gather records for a fuller batch. */
  windowMs: number;
  /** The function answers with the records that failed (`ReportBatchItemFailures`). */
  reportsFailures: boolean;
  /** Patterns of which a record must match one; none: every record goes on. */
  filters: unknown[];
}

export interface QueueSourceConfig extends SourceConfig {
  queueArn: string;
  /** Batches at once. */
  maxConcurrency: number | undefined;
}

export interface StreamSourceConfig extends SourceConfig {
  streamArn: string;
  /** Without a checkpoint: from the oldest record, else from the newest on. */
  startsAtOldest: boolean;
  /** Halves a failed batch to find the record at fault. */
  bisects: boolean;
  /** Attempts after the first; negative: without end. */
  maxRetries: number;
  /** Records older than this are skipped; negative: none. */
  maxAgeMs: number;
  /** Batches at once, records of one item in order (`ParallelizationFactor`). */
  lanes: number;
  /** Queue that hears of batches that failed every attempt. */
  onFailureArn: string | undefined;
}

/** A mapping that runs. */
export interface Source {
  /** Whether it has something to do now; what waits for time to pass doesn't count. */
  busy(): boolean;
  /** Takes nothing new; what runs goes on, and alone keeps it busy. */
  pause(): void;
  stop(): void;
}

export interface SourceServices {
  clock: Clock;
  sqs: QueueFeed;
  dynamodb: StreamFeed;
  lambda: LambdaService;
  /** Refuses with AWS's `AccessDenied` unless the function's role may do it. */
  authorize: (functionArn: string, action: string, resource: string) => void;
  tableOfStream: (streamArn: string) => string;
  /** Hears of failures that AWS would put into metrics. */
  onError: (reason: string) => void;
}
