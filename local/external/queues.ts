/** Queues of an emulator: made from the template, and polled for the event sources. */
import { setTimeout as delay } from "node:timers/promises";
import {
  ChangeMessageVisibilityCommand,
  CreateQueueCommand,
  DeleteMessageCommand,
  GetQueueAttributesCommand,
  type Message as Received,
  ReceiveMessageCommand,
  SendMessageCommand,
  SetQueueAttributesCommand,
  type SQSClient,
} from "@aws-sdk/client-sqs";
import type { QueueFeed } from "../services.ts";
import type { Message } from "../sqs/queue.ts";
import type { QueueSpec } from "../sqs/store.ts";

const RETRY_MS = 1_000;
/** Short: emulators don't see that a poller has gone, and give messages to those who no longer listen. */
const WAIT_SECONDS = 1;

interface Queue {
  url: string;
  /** Messages that have been received and not been asked for yet. */
  here: Message[];
  listeners: Set<() => void>;
  polling: Promise<void> | undefined;
}

export interface Queues extends QueueFeed {
  createQueue(queue: QueueSpec): Promise<{ arn: string; url: string }>;
  /** Sends a message; a failure is told to `onError` only. */
  send(arn: string, body: string): Promise<void>;
  close(): Promise<void>;
}

/**
 * A queue with a listener is polled whenever nothing of it is here, 10 messages at a time: what waits here longer than
 * its visibility timeout comes a second time, as in AWS.
 */
export function createQueues(sqs: SQSClient, onError: (reason: string) => void): Queues {
  const queues = new Map<string, Queue>();
  const closing = new AbortController();

  function queue(arn: string): Queue {
    const found = queues.get(arn);
    if (found === undefined) throw new Error(`${arn} is no queue of the template`);
    return found;
  }

  function fail(url: string, error: unknown): void {
    onError(`${url}: ${error instanceof Error ? error.message : error}`);
  }

  async function tell(url: string, call: Promise<unknown>): Promise<void> {
    await call.catch((error: unknown) => fail(url, error));
  }

  /** Polls while there is nothing here and somebody listens. */
  async function poll(target: Queue): Promise<void> {
    while (!closing.signal.aborted && target.here.length === 0 && target.listeners.size > 0) {
      try {
        target.here.push(...(await receive(target)));
      } catch (error) {
        fail(target.url, error);
        await delay(RETRY_MS, undefined, { signal: closing.signal }).catch(() => {});
      }
    }
  }

  function startPolling(target: Queue): void {
    target.polling ??= poll(target).finally(() => {
      target.polling = undefined;
      if (!closing.signal.aborted) for (const listener of [...target.listeners]) listener();
    });
  }

  async function receive({ url }: Queue): Promise<Message[]> {
    const command = new ReceiveMessageCommand({
      QueueUrl: url,
      MaxNumberOfMessages: 10,
      WaitTimeSeconds: WAIT_SECONDS,
      MessageSystemAttributeNames: ["All"],
      MessageAttributeNames: ["All"],
    });
    const { Messages = [] } = await sqs.send(command);
    return Messages.map(toMessage);
  }

  /** Gives back what nobody has asked for. */
  async function release({ url, here }: Queue): Promise<void> {
    const visible = ({ receipt }: Message) =>
      new ChangeMessageVisibilityCommand({ QueueUrl: url, ReceiptHandle: receipt, VisibilityTimeout: 0 });
    await Promise.all(here.splice(0).map((message) => tell(url, sqs.send(visible(message)))));
  }

  return {
    async createQueue(spec) {
      const { QueueUrl: url = "" } = await sqs.send(new CreateQueueCommand({ QueueName: spec.name }));
      await sqs.send(new SetQueueAttributesCommand({ QueueUrl: url, Attributes: attributesOf(spec) }));
      const { Attributes } = await sqs.send(
        new GetQueueAttributesCommand({ QueueUrl: url, AttributeNames: ["QueueArn"] }),
      );
      // The account in it is the emulator's.
      const arn = Attributes?.["QueueArn"] ?? spec.arn;
      queues.set(arn, { url, here: [], listeners: new Set(), polling: undefined });
      return { arn, url };
    },
    receive(arn, { max }) {
      const target = queue(arn);
      const taken = target.here.splice(0, max);
      startPolling(target);
      return taken;
    },
    depth: (arn) => ({ visible: queue(arn).here.length }),
    onMessage(arn, listener) {
      const target = queue(arn);
      target.listeners.add(listener);
      startPolling(target);
      return () => target.listeners.delete(listener);
    },
    // The emulator has outlived the consumers, and knows nothing of them: its visibility timeouts go on.
    release() {},
    delete(arn, receipt) {
      const { url } = queue(arn);
      void tell(url, sqs.send(new DeleteMessageCommand({ QueueUrl: url, ReceiptHandle: receipt })));
    },
    send(arn, body) {
      const { url } = queue(arn);
      return tell(url, sqs.send(new SendMessageCommand({ QueueUrl: url, MessageBody: body })));
    },
    async close() {
      closing.abort();
      for (const target of queues.values()) {
        await target.polling;
        await release(target);
      }
    },
  };
}

function attributesOf(spec: QueueSpec): Record<string, string> {
  const { delaySeconds, visibilityTimeout, retentionSeconds, maximumMessageSize, redrive } = spec;
  const given = {
    DelaySeconds: delaySeconds,
    VisibilityTimeout: visibilityTimeout,
    MessageRetentionPeriod: retentionSeconds,
    MaximumMessageSize: maximumMessageSize,
    RedrivePolicy: redrive && JSON.stringify(redrive),
  };
  return Object.fromEntries(
    Object.entries(given).flatMap(([name, value]) => (value === undefined ? [] : [[name, String(value)]])),
  );
}

/** A message in the shape that the event sources know from the queues in this process. */
function toMessage({
  MessageId = "",
  Body = "",
  ReceiptHandle = "",
  Attributes = {},
  ...rest
}: Received): Message {
  const attributes = Object.entries(rest.MessageAttributes ?? {}).map(([name, value]) => {
    const { DataType, StringValue, BinaryValue } = value;
    const binary = BinaryValue && { BinaryValue: Buffer.from(BinaryValue).toString("base64") };
    return [name, { DataType, ...(StringValue !== undefined && { StringValue }), ...binary }];
  });
  return {
    id: 0,
    messageId: MessageId,
    body: Body,
    attributes: JSON.stringify(Object.fromEntries(attributes)),
    group: Attributes.MessageGroupId ?? "",
    sentAt: Number(Attributes.SentTimestamp ?? 0),
    visibleAt: 0,
    receiveCount: Number(Attributes.ApproximateReceiveCount ?? 1),
    firstReceivedAt: Number(Attributes.ApproximateFirstReceiveTimestamp ?? 0),
    receipt: ReceiptHandle,
  };
}
