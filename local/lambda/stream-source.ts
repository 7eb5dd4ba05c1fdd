/** Feeds a table's stream to a function, in order. */
import { createHash, randomUUID } from "node:crypto";
import type { StreamRecord } from "../dynamodb/stream.ts";
import { failedItems } from "./batch-response.ts";
import { passesFilters } from "./filter.ts";
import type { Source, SourceServices, StreamSourceConfig } from "./source.ts";

const FIRST_BACKOFF_MS = 200;
const MAX_BACKOFF_MS = 30_000;

const STREAM_ACTIONS = ["DescribeStream", "GetRecords", "GetShardIterator", "ListStreams"];

/**
 * Starts to read from the checkpoint, which moves on once every record of a window is done: handed over,
 * filtered out, or given up and reported to the failure destination. A crash in between repeats the window.
 */
export function startStreamSource(config: StreamSourceConfig, services: SourceServices): Source {
  const { clock, sqs, dynamodb, lambda, authorize, tableOfStream, onError } = services;
  const { functionArn, streamArn, batchSize, lanes } = config;
  const stream = dynamodb.stream(tableOfStream(streamArn));
  const checkpoint = dynamodb.checkpoint(config.id);
  let draining = false;
  let again = false;
  let paused = false;
  let stopped = false;
  let cancelRetry = () => {};

  // Lambda refuses to create a mapping whose role lacks any of these.
  for (const action of STREAM_ACTIONS) authorize(functionArn, `dynamodb:${action}`, streamArn);
  if (config.onFailureArn !== undefined) authorize(functionArn, "sqs:SendMessage", config.onFailureArn);
  if (checkpoint.get() === undefined && !config.startsAtOldest) checkpoint.set(stream.latest() ?? "0");
  const stopListening = stream.onRecord(() => void drain());
  void drain();

  function unread(limit: number): StreamRecord[] {
    return stream.read({ after: checkpoint.get(), limit }).records;
  }

  async function drain(): Promise<void> {
    again = true;
    if (draining) return;
    draining = true;
    try {
      while (again && !paused) {
        again = false;
        await drainOnce();
      }
    } catch (error) {
      if (!stopped) onError(`${config.id}: ${error instanceof Error ? error.stack : error}`);
      cancelRetry();
      cancelRetry = clock.at(clock.now() + MAX_BACKOFF_MS, () => void drain());
    } finally {
      draining = false;
    }
  }

  async function drainOnce(): Promise<void> {
    for (
      let window = unread(batchSize * lanes);
      window.length > 0 && !paused;
      window = unread(batchSize * lanes)
    ) {
      if (config.windowMs > 0 && window.length < batchSize) {
        await wait(config.windowMs);
        window = unread(batchSize * lanes);
      }
      const wanted = window.filter((record) => passesFilters(config.filters, record));
      const last = window.at(-1)?.dynamodb.SequenceNumber;
      // With one lane what is done is done in order, and the checkpoint can follow it record by record.
      const onDone =
        lanes === 1
          ? (done: StreamRecord | undefined) => done && checkpoint.set(done.dynamodb.SequenceNumber)
          : () => {};
      await Promise.all(
        intoLanes(wanted, lanes).flatMap((lane) => (lane.length > 0 ? [runLane(lane, onDone)] : [])),
      );
      if (!stopped && last !== undefined) checkpoint.set(last);
    }
  }

  async function runLane(
    records: StreamRecord[],
    onDone: (last: StreamRecord | undefined) => void,
  ): Promise<void> {
    for (let at = 0; at < records.length && !stopped; at += batchSize) {
      const batch = records.slice(at, at + batchSize);
      await deliver(batch, onDone);
      if (!stopped) onDone(batch.at(-1));
    }
  }

  async function deliver(
    batch: StreamRecord[],
    onDone: (last: StreamRecord | undefined) => void,
  ): Promise<void> {
    let rest = batch;
    for (let retries = 0; !stopped; ) {
      rest = rest.filter((record) => !isTooOld(record));
      if (rest.length === 0) return;
      const outcome = await attempt(rest);
      if (stopped || outcome.failedFrom === undefined) return;
      const failing = rest.slice(outcome.failedFrom);
      if (failing.length < rest.length) {
        onDone(rest[outcome.failedFrom - 1]);
        retries = 0;
      } else if (config.bisects && outcome.whole && failing.length > 1) {
        // Splitting uses up no attempt.
        const half = Math.ceil(failing.length / 2);
        await deliver(failing.slice(0, half), onDone);
        await deliver(failing.slice(half), onDone);
        return;
      }
      rest = failing;
      if (config.maxRetries >= 0 && retries >= config.maxRetries) {
        await giveUp(rest, retries + 1, outcome.requestId);
        return;
      }
      await wait(Math.min(FIRST_BACKOFF_MS * 2 ** retries, MAX_BACKOFF_MS));
      retries++;
    }
  }

  /**
   * Index of the first record that failed, `undefined` when none did; `whole` where the batch failed as such. Lambda
   * halves such a one alone: where the answer names a record, it goes on from there.
   *
   * @see https://docs.aws.amazon.com/lambda/latest/dg/services-ddb-batchfailurereporting.html
   */
  async function attempt(
    batch: StreamRecord[],
  ): Promise<{ failedFrom: number | undefined; whole?: boolean; requestId: string }> {
    const result = await lambda
      .invoke(functionArn, JSON.stringify({ Records: batch }))
      .catch((error: unknown) => {
        if (!stopped) onError(`${config.id}: ${error instanceof Error ? error.message : error}`);
        return { functionError: "Unhandled", payload: "null", requestId: randomUUID() };
      });
    const { requestId, payload } = result;
    if (result.functionError !== undefined) return { failedFrom: 0, whole: true, requestId };
    if (!config.reportsFailures) return { failedFrom: undefined, requestId };
    const sequences = batch.map(({ dynamodb: { SequenceNumber } }) => SequenceNumber);
    const failed = failedItems(payload, sequences);
    if (failed === "all") return { failedFrom: 0, whole: true, requestId };
    const first = sequences.findIndex((sequence) => failed.has(sequence));
    return { failedFrom: first < 0 ? undefined : first, requestId };
  }

  function isTooOld({ dynamodb: { ApproximateCreationDateTime } }: StreamRecord): boolean {
    return config.maxAgeMs >= 0 && ApproximateCreationDateTime * 1_000 + config.maxAgeMs < clock.now();
  }

  async function giveUp(batch: StreamRecord[], attempts: number, requestId: string): Promise<void> {
    const [first, last] = [batch[0]?.dynamodb, batch.at(-1)?.dynamodb];
    onError(
      `${config.id}: gave up ${batch.length} records from ${first?.SequenceNumber} after ${attempts} attempts`,
    );
    if (config.onFailureArn === undefined) return;
    const at = (seconds: number | undefined) => new Date((seconds ?? 0) * 1_000).toISOString();
    authorize(functionArn, "sqs:SendMessage", config.onFailureArn);
    const record = {
      requestContext: {
        requestId,
        functionArn,
        condition: "RetryAttemptsExhausted",
        approximateInvokeCount: attempts,
      },
      responseContext: { statusCode: 200, executedVersion: "$LATEST", functionError: "Unhandled" },
      version: "1.0",
      timestamp: new Date(clock.now()).toISOString(),
      DDBStreamBatchInfo: {
        shardId: "shardId-00000000000000000000-00000000",
        startSequenceNumber: first?.SequenceNumber,
        endSequenceNumber: last?.SequenceNumber,
        approximateArrivalOfFirstRecord: at(first?.ApproximateCreationDateTime),
        approximateArrivalOfLastRecord: at(last?.ApproximateCreationDateTime),
        batchSize: batch.length,
        streamArn,
      },
    };
    await sqs.send(config.onFailureArn, JSON.stringify(record));
  }

  function wait(ms: number): Promise<void> {
    return new Promise((resolve) => clock.at(clock.now() + ms, resolve));
  }

  return {
    busy: () => draining || (!paused && unread(1).length > 0),
    pause,
    stop() {
      pause();
      stopped = true;
    },
  };

  function pause() {
    paused = true;
    stopListening();
    cancelRetry();
  }
}

/** Splits records so that those of one item stay together and in order. */
function intoLanes(records: StreamRecord[], lanes: number): StreamRecord[][] {
  const split = Array.from({ length: lanes }, (): StreamRecord[] => []);
  for (const record of records) {
    const digest = createHash("md5").update(JSON.stringify(record.dynamodb.Keys)).digest();
    split[digest.readUInt32BE(0) % lanes]?.push(record);
  }
  return split;
}
