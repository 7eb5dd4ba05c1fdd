/** The local cloud's SQS: the JSON protocol over standard queues, fair by message group. */
import { z } from "zod";
import type { ServiceOptions } from "../service-options.ts";
import { ACCOUNT, type AwsCall, AwsError, type AwsService, REGION } from "../types.ts";
import { parseJson, sendJson, sendJsonError } from "../wire.ts";
import { attributesOf, pick, received, shownAttributes } from "./answers.ts";
import { attributesMd5, md5, messageAttributes } from "./attributes.ts";
import { runBatch } from "./batch.ts";
import { queryError, refusal } from "./errors.ts";
import { pollMessages } from "./poll.ts";
import { openQueueStore, type QueueStore } from "./store.ts";

export interface SqsService extends AwsService, Omit<QueueStore, "close" | "queue"> {
  /** The URL that SDK clients use for this queue. It names no host of its own: the endpoint decides. */
  url(arn: string): string;
}

const seconds = (max: number) => z.number().int().min(0).max(max);
// XML 1.0's characters are all that a message may hold.
const FORBIDDEN = /[^\t\n\r\u0020-\ud7ff\ue000-\ufffd\u{10000}-\u{10ffff}]/u;
const sendEntry = z.object({
  MessageBody: z.string().min(1),
  DelaySeconds: seconds(900).optional(),
  MessageGroupId: z.string().max(128).optional(),
  MessageDeduplicationId: z.never("it is for FIFO queues").optional(),
  MessageAttributes: messageAttributes.optional(),
});
const handle = z.object({ ReceiptHandle: z.string() });
const visibility = handle.extend({ VisibilityTimeout: seconds(43_200) });

/** A handle of these queues; of what else SQS says that it isn't valid. */
const RECEIPT = /^[\da-f]{8}(-[\da-f]{4}){3}-[\da-f]{12}$/;

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
    if (FORBIDDEN.test(entry.MessageBody)) {
      throw new AwsError("InvalidMessageContents", "Invalid characters found in the message.");
    }
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

  function deleteOne(arn: string, { ReceiptHandle }: z.infer<typeof handle>): void {
    if (!RECEIPT.test(ReceiptHandle)) throw badReceipt(ReceiptHandle);
    store.delete(arn, ReceiptHandle);
  }

  function changeOne(arn: string, { ReceiptHandle, VisibilityTimeout }: z.infer<typeof visibility>): void {
    if (!RECEIPT.test(ReceiptHandle)) throw badReceipt(ReceiptHandle);
    store.changeVisibility(arn, ReceiptHandle, VisibilityTimeout);
  }

  type Run = (arn: string, input: Record<string, unknown>, call: AwsCall) => unknown;
  const operations: Record<string, { permission?: string; run: Run }> = {
    SendMessage: { run: (arn, input) => sendOne(arn, sendEntry.parse(input)) },
    SendMessageBatch: {
      permission: "SendMessage",
      run: (arn, input) => runBatch(input["Entries"], sendEntry, (entry) => sendOne(arn, entry)),
    },
    ReceiveMessage: {
      run: async (arn, input, call) => {
        const shown = shownAttributes.parse(input);
        const messages = await pollMessages(store, arn, input, call);
        return messages.length === 0 ? {} : { Messages: messages.map((message) => received(message, shown)) };
      },
    },
    DeleteMessage: { run: (arn, input) => deleteOne(arn, handle.parse(input)) },
    DeleteMessageBatch: {
      permission: "DeleteMessage",
      run: (arn, input) => runBatch(input["Entries"], handle, (entry) => deleteOne(arn, entry)),
    },
    ChangeMessageVisibility: { run: (arn, input) => changeOne(arn, visibility.parse(input)) },
    ChangeMessageVisibilityBatch: {
      permission: "ChangeMessageVisibility",
      run: (arn, input) => runBatch(input["Entries"], visibility, (entry) => changeOne(arn, entry)),
    },
    GetQueueAttributes: {
      run: (arn, input) => {
        const { AttributeNames } = shownAttributes.parse(input);
        return { Attributes: pick(attributesOf(queue(arn).spec, store.depth(arn)), AttributeNames) };
      },
    },
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
        call.res.setHeader("x-amzn-query-error", queryError(known));
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

function badReceipt(given: string): AwsError {
  return new AwsError(
    "ReceiptHandleIsInvalid",
    `The input receipt handle "${given}" is not a valid receipt handle.`,
  );
}
