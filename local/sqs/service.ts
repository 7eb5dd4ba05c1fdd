/** The local cloud's SQS: the JSON protocol over standard queues, fair by message group. */
import { z } from "zod";
import {
  ACCOUNT,
  type AwsCall,
  AwsError,
  type AwsService,
  REGION,
  type ServiceOptions,
} from "#local/types.ts";
import { parseJson, sendJson, sendJsonError } from "#local/wire.ts";
import { attributesMd5, md5, messageAttributes } from "./attributes.ts";
import { pollMessages } from "./poll.ts";
import type { Message } from "./queue.ts";
import { openQueueStore, type QueueSpec, type QueueStore } from "./store.ts";

export interface SqsService extends AwsService, Omit<QueueStore, "close" | "queue"> {
  /** The URL that SDK clients use for this queue. It names no host of its own: the endpoint decides. */
  url(arn: string): string;
}

const seconds = (max: number) => z.number().int().min(0).max(max);
const sendEntry = z.object({
  MessageBody: z.string().min(1),
  DelaySeconds: seconds(900).optional(),
  MessageGroupId: z.string().max(128).optional(),
  MessageAttributes: messageAttributes.optional(),
});
// SQS: 10 entries in a batch at most, with different ids.
const entries = <T extends z.ZodType>(entry: T) => z.array(entry).min(1).max(10);
const handle = z.object({ ReceiptHandle: z.string() });
const visibility = handle.extend({ VisibilityTimeout: seconds(43_200) });
const withId = { Id: z.string().min(1).max(80) };

/** Opens the queues in `dir` (`sqs.sqlite`) or in memory. `origin` is where clients reach this port. */
export function createSqs(options: ServiceOptions & { origin?: () => string }): SqsService {
  const store = openQueueStore(options);
  const origin = options.origin ?? (() => `https://sqs.${REGION}.amazonaws.com`);
  const url = (arn: string) => `${origin()}/${ACCOUNT}/${arn.split(":").at(-1)}`;
  const { close, queue, ...inProcess } = store;

  const arnOf = (input: Record<string, unknown>) => {
    const name = String(input["QueueUrl"] ?? "")
      .split("/")
      .at(-1);
    return queue(`arn:aws:sqs:${REGION}:${ACCOUNT}:${name}`).spec.arn;
  };

  function sendOne(arn: string, entry: z.infer<typeof sendEntry>) {
    const message = store.send(arn, entry.MessageBody, {
      delaySeconds: entry.DelaySeconds,
      groupId: entry.MessageGroupId,
      attributes: JSON.stringify(entry.MessageAttributes ?? {}),
    });
    return {
      MessageId: message.messageId,
      MD5OfMessageBody: md5(message.body),
      ...(entry.MessageAttributes === undefined
        ? {}
        : { MD5OfMessageAttributes: attributesMd5(entry.MessageAttributes) }),
    };
  }

  type Run = (arn: string, input: Record<string, unknown>, call: AwsCall) => unknown;
  const operations: Record<string, { permission?: string; run: Run }> = {
    SendMessage: { run: (arn, input) => sendOne(arn, sendEntry.parse(input)) },
    SendMessageBatch: {
      permission: "SendMessage",
      run: (arn, input) => {
        const all = entries(sendEntry.extend(withId)).parse(input["Entries"]);
        const bytes = all.reduce((sum, { MessageBody }) => sum + Buffer.byteLength(MessageBody), 0);
        // SQS: 1 MiB in a batch, all messages together.
        if (bytes > 1_048_576) {
          throw new AwsError(
            "BatchRequestTooLong",
            `Batch requests cannot be longer than 1048576 bytes; this has ${bytes}.`,
          );
        }
        return batch(all, (e) => sendOne(arn, e));
      },
    },
    ReceiveMessage: {
      run: async (arn, input, call) => {
        const messages = await pollMessages(store, arn, input, call);
        return messages.length === 0 ? {} : { Messages: messages.map(received) };
      },
    },
    DeleteMessage: { run: (arn, input) => void store.delete(arn, handle.parse(input).ReceiptHandle) },
    DeleteMessageBatch: {
      permission: "DeleteMessage",
      run: (arn, input) =>
        batch(entries(handle.extend(withId)).parse(input["Entries"]), (e) =>
          store.delete(arn, e.ReceiptHandle),
        ),
    },
    ChangeMessageVisibility: {
      run: (arn, input) => {
        const { ReceiptHandle, VisibilityTimeout } = visibility.parse(input);
        store.changeVisibility(arn, ReceiptHandle, VisibilityTimeout);
      },
    },
    ChangeMessageVisibilityBatch: {
      permission: "ChangeMessageVisibility",
      run: (arn, input) =>
        batch(entries(visibility.extend(withId)).parse(input["Entries"]), (e) =>
          store.changeVisibility(arn, e.ReceiptHandle, e.VisibilityTimeout),
        ),
    },
    GetQueueAttributes: { run: (arn) => ({ Attributes: attributesOf(queue(arn).spec, store.depth(arn)) }) },
    PurgeQueue: { run: (arn) => store.purge(arn) },
  };

  return {
    ...inProcess,
    scope: "sqs",
    url,
    async handle(call) {
      const [, operation = ""] = /^AmazonSQS\.(\w+)$/.exec(String(call.req.headers["x-amz-target"])) ?? [];
      call.trace.action = operation;
      try {
        const input = parseJson(call.body);
        sendJson(call.res, (await run(operation, input, call)) ?? {});
        call.trace.status = 200;
      } catch (error) {
        const known = refusal(error);
        call.trace.status = known.status;
        sendJsonError(call.res, known, "com.amazonaws.sqs");
      }
    },
    async close() {
      close();
    },
  };

  async function run(operation: string, input: Record<string, unknown>, call: AwsCall): Promise<unknown> {
    if (operation === "GetQueueUrl" || operation === "ListQueues") return lookUp(operation, input, call);
    const known = operations[operation];
    if (known === undefined) {
      throw new AwsError("UnsupportedOperation", `The local SQS has no ${operation}.`);
    }
    const arn = arnOf(input);
    call.authorize(`sqs:${known.permission ?? operation}`, arn);
    return known.run(arn, input, call);
  }

  function lookUp(operation: string, input: Record<string, unknown>, call: AwsCall): unknown {
    if (operation === "ListQueues") {
      call.authorize("sqs:ListQueues", `arn:aws:sqs:${REGION}:${ACCOUNT}:*`);
      return { QueueUrls: store.queues().map(({ arn }) => url(arn)) };
    }
    const { arn } = queue(`arn:aws:sqs:${REGION}:${ACCOUNT}:${String(input["QueueName"])}`).spec;
    call.authorize("sqs:GetQueueUrl", arn);
    return { QueueUrl: url(arn) };
  }
}

/** Runs a batch entry by entry: each succeeds or fails alone. */
function batch<E extends { Id: string }>(all: readonly E[], one: (entry: E) => unknown) {
  if (new Set(all.map(({ Id }) => Id)).size < all.length) {
    throw new AwsError(
      "BatchEntryIdsNotDistinct",
      "Two or more batch entries in the request have the same Id.",
    );
  }
  const Successful: object[] = [];
  const Failed: object[] = [];
  for (const entry of all) {
    try {
      Successful.push(Object.assign({ Id: entry.Id }, one(entry)));
    } catch (error) {
      const known = refusal(error);
      Failed.push({
        Id: entry.Id,
        Code: known.code,
        Message: known.message,
        SenderFault: known.status < 500,
      });
    }
  }
  return { Successful, Failed };
}

function refusal(error: unknown): AwsError {
  if (error instanceof AwsError) return error;
  if (error instanceof z.ZodError) return new AwsError("InvalidParameterValue", z.prettifyError(error));
  throw error;
}

function received(message: Message) {
  const attributes = messageAttributes.parse(JSON.parse(message.attributes));
  const has = Object.keys(attributes).length > 0;
  return {
    MessageId: message.messageId,
    ReceiptHandle: message.receipt,
    Body: message.body,
    MD5OfBody: md5(message.body),
    Attributes: systemAttributes(message),
    ...(has ? { MessageAttributes: attributes, MD5OfMessageAttributes: attributesMd5(attributes) } : {}),
  };
}

/** The system attributes of a received message, as `ReceiveMessage` and event-source mappings show them. */
export function systemAttributes(message: Message): Record<string, string> {
  return {
    ApproximateReceiveCount: String(message.receiveCount),
    SentTimestamp: String(message.sentAt),
    ApproximateFirstReceiveTimestamp: String(message.firstReceivedAt),
    SenderId: ACCOUNT,
    ...(message.group === "" ? {} : { MessageGroupId: message.group }),
  };
}

function attributesOf(spec: QueueSpec, depth: { visible: number; inFlight: number; delayed: number }) {
  return {
    QueueArn: spec.arn,
    ApproximateNumberOfMessages: String(depth.visible),
    ApproximateNumberOfMessagesNotVisible: String(depth.inFlight),
    ApproximateNumberOfMessagesDelayed: String(depth.delayed),
    VisibilityTimeout: String(spec.visibilityTimeout),
    DelaySeconds: String(spec.delaySeconds),
    MessageRetentionPeriod: String(spec.retentionSeconds),
    ...(spec.redrive === undefined ? {} : { RedrivePolicy: JSON.stringify(spec.redrive) }),
  };
}
