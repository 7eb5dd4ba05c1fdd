/** Streams of an emulator's tables, read over the wire for the event sources. */
import { setTimeout as delay } from "node:timers/promises";
import { AwsClient } from "aws4fetch";
import { z } from "zod";
import type { StreamRecord, TableStream } from "../dynamodb/stream.ts";
import type { StreamFeed } from "../services.ts";

// Lambda polls a shard four times a second.
const POLL_MS = 250;
const RETRY_MS = 1_000;
/** Records that wait here at most; the others stay in the stream. */
const MAX_HERE = 1_000;

const description = z.object({
  StreamDescription: z.object({
    Shards: z.array(z.object({ ShardId: z.string(), ParentShardId: z.string().nullish() })),
  }),
});
const iterator = z.object({ ShardIterator: z.string() });
// A record goes to functions as it comes; only what is read here is looked at.
const record = z.custom<StreamRecord>(
  (value) => z.object({ dynamodb: z.object({ SequenceNumber: z.string() }) }).safeParse(value).success,
);
const page = z.object({ Records: z.array(record), NextShardIterator: z.string().nullish() });

interface Shard {
  /** Sequence number of the last record that has been read. */
  last?: string | undefined;
  /** Nothing will ever be added to it. */
  isRead: boolean;
}

interface Stream {
  arn: string;
  here: StreamRecord[];
  listeners: Set<() => void>;
}

/**
 * Reads each stream from its oldest record on, at every start: a checkpoint lasts as long as the process, and
 * consumers know what they have seen.
 */
export function createStreamFeed({
  endpoint,
  region,
  credentials,
  onError,
}: {
  endpoint: string;
  region: string;
  credentials: { accessKeyId: string; secretAccessKey: string };
  onError: (reason: string) => void;
}): StreamFeed & { add(tableName: string, streamArn: string): void; close(): void } {
  const aws = new AwsClient({ ...credentials, region, service: "dynamodb", retries: 0 });
  const arns = new Map<string, string>();
  const checkpoints = new Map<string, string>();
  const closing = new AbortController();

  // By hand: the SDK would turn attribute values into JavaScript's, and functions get them as they are on the wire.
  async function call<T>(action: string, input: object, answer: z.ZodType<T>): Promise<T> {
    const response = await aws.fetch(endpoint, {
      method: "POST",
      headers: {
        "content-type": "application/x-amz-json-1.0",
        "x-amz-target": `DynamoDBStreams_20120810.${action}`,
      },
      body: JSON.stringify(input),
      signal: closing.signal,
    });
    const text = await response.text();
    if (!response.ok) throw new Error(`${action}: ${response.status} ${text.slice(0, 500)}`);
    return answer.parse(JSON.parse(text));
  }

  /** Reads on for as long as the feed is open; a shard's children come after it. */
  async function read(stream: Stream): Promise<void> {
    const shards = new Map<string, Shard>();
    while (!closing.signal.aborted) {
      try {
        await openShards(stream, shards);
        for (const [id, shard] of shards) if (!shard.isRead) await readOn(stream, id, shard);
        await pause(POLL_MS);
      } catch (error) {
        if (closing.signal.aborted) return;
        onError(`${stream.arn}: ${error instanceof Error ? error.message : error}`);
        await pause(RETRY_MS);
      }
    }
  }

  /** Opens the shards whose parent is read to its end, or gone. */
  async function openShards({ arn }: Stream, shards: Map<string, Shard>): Promise<void> {
    if (shards.size > 0 && [...shards.values()].every(({ isRead }) => !isRead)) return;
    const { Shards } = (await call("DescribeStream", { StreamArn: arn }, description)).StreamDescription;
    const unread = new Set(Shards.map(({ ShardId }) => ShardId).filter((id) => !shards.get(id)?.isRead));
    for (const { ShardId, ParentShardId } of Shards) {
      if (!shards.has(ShardId) && !unread.has(ParentShardId ?? "")) shards.set(ShardId, { isRead: false });
    }
  }

  async function readOn(stream: Stream, id: string, shard: Shard): Promise<void> {
    if (stream.here.length >= MAX_HERE) return;
    const from =
      shard.last === undefined
        ? { ShardIteratorType: "TRIM_HORIZON" }
        : { ShardIteratorType: "AFTER_SEQUENCE_NUMBER", SequenceNumber: shard.last };
    // A new one each time: moto's see nothing of what follows a cancelled transaction.
    const input = { StreamArn: stream.arn, ShardId: id, ...from };
    const { ShardIterator } = await call("GetShardIterator", input, iterator);
    const { Records, NextShardIterator } = await call("GetRecords", { ShardIterator }, page);
    shard.last = Records.at(-1)?.dynamodb.SequenceNumber ?? shard.last;
    shard.isRead = !NextShardIterator;
    stream.here.push(...Records);
    if (Records.length > 0) for (const listener of [...stream.listeners]) listener();
  }

  const pause = (ms: number) => delay(ms, undefined, { signal: closing.signal }).catch(() => {});

  /** One consumer's view: what it has done is dropped as it asks for more. */
  function open(arn: string): TableStream {
    const stream: Stream = { arn, here: [], listeners: new Set() };
    void read(stream);
    return {
      arn,
      read({ after, limit }) {
        const done = stream.here.findIndex(({ dynamodb }) => dynamodb.SequenceNumber === after);
        stream.here.splice(0, done + 1);
        return { records: stream.here.slice(0, limit) };
      },
      latest() {
        throw new Error(`${arn}: an emulator's stream is read from TRIM_HORIZON only`);
      },
      onRecord(listener) {
        stream.listeners.add(listener);
        return () => {
          stream.listeners.delete(listener);
        };
      },
    };
  }

  return {
    add: (tableName, arn) => void arns.set(tableName, arn),
    stream(tableName) {
      const arn = arns.get(tableName);
      if (arn === undefined) throw new Error(`table ${tableName} has no stream`);
      return open(arn);
    },
    checkpoint: (id) => ({
      get: () => checkpoints.get(id),
      set: (sequence) => void checkpoints.set(id, sequence),
    }),
    close: () => closing.abort(),
  };
}
