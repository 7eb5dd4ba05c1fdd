/** Feeds a queue's messages to a function. */
import { createHash } from "node:crypto";
import { z } from "zod";
import { systemAttributes } from "../sqs/answers.ts";
import type { Message } from "../sqs/queue.ts";
import { REGION } from "../types.ts";
import { failedItems } from "./batch-response.ts";
import { passesFilters } from "./filter.ts";
import type { QueueSourceConfig, Source, SourceServices } from "./source.ts";

// Lambda: polling starts with 5 batches at once where the mapping sets no maximum.
const DEFAULT_CONCURRENCY = 5;
const RETRY_MS = 1_000;

/** Starts to poll. Messages of a failed batch come back after the queue's visibility timeout, as in AWS. */
export function startQueueSource(config: QueueSourceConfig, services: SourceServices): Source {
  const { clock, sqs, lambda, authorize, onError } = services;
  const { queueArn, functionArn, batchSize, windowMs } = config;
  const concurrency = Math.min(config.maxConcurrency ?? DEFAULT_CONCURRENCY, lambda.limit(functionArn));
  let active = 0;
  let paused = false;
  let stopped = false;
  let cancelWindow: (() => void) | undefined;
  let windowOver = false;
  let cancelRetry = () => {};

  // Lambda refuses to create a mapping whose role lacks any of these.
  for (const action of ["sqs:ReceiveMessage", "sqs:DeleteMessage", "sqs:GetQueueAttributes"]) {
    authorize(functionArn, action, queueArn);
  }
  sqs.release(queueArn);
  const stopListening = sqs.onMessage(queueArn, pump);
  pump();

  function pump() {
    try {
      startBatches();
    } catch (error) {
      // E.g. a full disk: what was received comes back, and is asked for again.
      onError(`${config.id}: ${error instanceof Error ? error.message : error}`);
      cancelRetry();
      cancelRetry = clock.at(clock.now() + RETRY_MS, pump);
    }
  }

  function startBatches() {
    while (!paused && active < concurrency && isBatchReady()) {
      const messages = sqs.receive(queueArn, { max: batchSize });
      if (messages.length === 0) return;
      active++;
      void deliver(messages).finally(() => {
        active--;
        pump();
      });
    }
  }

  function isBatchReady(): boolean {
    const { visible } = sqs.depth(queueArn);
    if (visible === 0) return false;
    if (windowMs === 0 || visible >= batchSize || windowOver) {
      cancelWindow?.();
      cancelWindow = undefined;
      windowOver = false;
      return true;
    }
    cancelWindow ??= clock.at(clock.now() + windowMs, () => {
      windowOver = true;
      pump();
    });
    return false;
  }

  async function deliver(received: Message[]): Promise<void> {
    try {
      const messages = received.filter((message) => passesFilters(config.filters, filterable(message)));
      for (const message of received) if (!messages.includes(message)) remove(message);
      if (messages.length === 0) return;
      const event = JSON.stringify({ Records: messages.map((message) => toRecord(message, queueArn)) });
      const { payload, functionError } = await lambda.invoke(functionArn, event);
      if (stopped || functionError !== undefined) return;
      const failed = config.reportsFailures
        ? failedItems(
            payload,
            messages.map(({ messageId }) => messageId),
          )
        : new Set();
      if (failed === "all") {
        onError(
          `${config.id}: the answer names no messages of its batch, so the whole batch failed: ${payload.slice(0, 500)}`,
        );
        return;
      }
      for (const message of messages) if (!failed.has(message.messageId)) remove(message);
    } catch (error) {
      if (!stopped) onError(`${config.id}: ${error instanceof Error ? error.message : error}`);
    }
  }

  function remove({ receipt }: Message) {
    authorize(functionArn, "sqs:DeleteMessage", queueArn);
    sqs.delete(queueArn, receipt);
  }

  return {
    busy: () => active > 0 || (!paused && sqs.depth(queueArn).visible > 0),
    pause,
    stop() {
      pause();
      stopped = true;
    },
  };

  function pause() {
    paused = true;
    stopListening();
    cancelWindow?.();
    cancelRetry();
  }
}

/** A message as filters see it: a JSON body is matched by its fields. */
function filterable(message: Message): Record<string, unknown> {
  try {
    return { ...message, body: JSON.parse(message.body) };
  } catch {
    return { ...message };
  }
}

const sentAttributes = z.record(
  z.string(),
  z.object({ DataType: z.string(), StringValue: z.string().optional(), BinaryValue: z.string().optional() }),
);

function toRecord(message: Message, queueArn: string) {
  const attributes = Object.entries(sentAttributes.parse(JSON.parse(message.attributes)));
  return {
    messageId: message.messageId,
    receiptHandle: message.receipt,
    body: message.body,
    attributes: systemAttributes(message),
    messageAttributes: Object.fromEntries(
      attributes.map(([name, { DataType, StringValue, BinaryValue }]) => [
        name,
        {
          dataType: DataType,
          stringValue: StringValue,
          binaryValue: BinaryValue,
          stringListValues: [],
          binaryListValues: [],
        },
      ]),
    ),
    md5OfBody: createHash("md5").update(message.body).digest("hex"),
    eventSource: "aws:sqs",
    eventSourceARN: queueArn,
    awsRegion: REGION,
  };
}
