/**
 * What the local cloud needs of S3, DynamoDB, SQS, EventBridge and IAM: they run in this process (`embedded.ts`), or
 * an emulator elsewhere has them (`external/`). Functions, the API and the event sources are the same over both.
 */
import type { TemporaryCredentials } from "./credentials.ts";
import type { ProvisionedTable } from "./dynamodb/service.ts";
import type { Checkpoint, TableStream } from "./dynamodb/stream.ts";
import type { TableSpec } from "./dynamodb/table.ts";
import type { EventBridgeService } from "./eventbridge/service.ts";
import type { FaultHook } from "./faults.ts";
import type { Iam } from "./iam/iam.ts";
import type { BucketOptions } from "./s3/buckets.ts";
import type { AwsServer } from "./server.ts";
import type { Message } from "./sqs/queue.ts";
import type { QueueSpec } from "./sqs/store.ts";
import type { CallTrace, Principal } from "./types.ts";

type Eventually<T> = T | Promise<T>;

/** What an event source needs of queues. */
export interface QueueFeed {
  /** Up to `max` messages that are here; the others' visibility goes on. */
  receive(arn: string, options: { max: number }): Message[];
  depth(arn: string): { visible: number };
  /** Calls `listener` whenever a message may have become visible; returns how to stop that. */
  onMessage(arn: string, listener: () => void): () => void;
  /** Makes messages visible that were received before this process began: their consumers died with the last one. */
  release(arn: string): void;
  /** Forgets a message that is done. Where that fails, the message comes again. */
  delete(arn: string, receipt: string): void;
  send(arn: string, body: string): Eventually<unknown>;
}

/** What an event source needs of tables. */
export interface StreamFeed {
  stream(tableName: string): TableStream;
  /** Where a consumer has got to. */
  checkpoint(id: string): Checkpoint;
}

export interface Services {
  /** Where functions and clients reach them. */
  awsUrl: string;
  /** What the start found of damage that doesn't stop it. */
  notes: string[];
  /** Whether the disk has room for more than what must go on. */
  hasRoom(): boolean;
  /** The administrator's key. */
  root: { accessKeyId: string; secretAccessKey: string };
  s3: { createBucket(bucket: BucketOptions): Eventually<unknown> };
  dynamodb: StreamFeed & { createTable(table: TableSpec): Eventually<ProvisionedTable> };
  sqs: QueueFeed & {
    /** Answers the queue's ARN and the URL that clients use. */
    createQueue(queue: QueueSpec): Eventually<{ arn: string; url: string }>;
  };
  eventbridge: {
    createBus(...bus: Parameters<EventBridgeService["createBus"]>): Eventually<void>;
    putRule(...rule: Parameters<EventBridgeService["putRule"]>): Eventually<void>;
  };
  iam: Pick<Iam, "putRole" | "putResourcePolicy" | "authorize" | "usage">;
  /** Makes keys of a role. */
  issue(principal: Principal): TemporaryCredentials;
  /** Begins what needs everything that the template describes: schedules, and events left from before. */
  begin(): void;
  /** AWS calls, oldest first. */
  traces(): CallTrace[];
  clearTraces(): void;
  setFaults(hook: FaultHook | undefined): void;
  /** Copies of calls that faults let arrive late. */
  late: AwsServer["late"];
  /** As in `DynamoDbService`. */
  keepHistory(ms: number): void;
  /** Takes no more calls, and resolves when those that run have ended, or after `ms` (real milliseconds). */
  drain(ms: number): Promise<void>;
  close(): Promise<void>;
}

/** What services call back. */
export interface ServiceHooks {
  /** Runs a function for a rule. @throws AwsError where its permissions don't allow it. */
  invokeLambda(functionArn: string, payload: string, ruleArn: string): void;
  /** The request behind what an environment calls now. */
  invocationOf(environmentId: string): string | undefined;
  /** Hears of defects and failures that no caller sees. */
  log(origin: string, text: string): void;
}
