/** What SQS shows of messages and queues: of their attributes, the ones that were asked for. */
import { z } from "zod";
import { ACCOUNT } from "../types.ts";
import { attributesMd5, md5, messageAttributes } from "./attributes.ts";
import type { Message } from "./queue.ts";
import type { QueueSpec } from "./store.ts";

const attributeNames = z.array(z.string()).default([]);
/** The attributes that a request asks for. */
export const shownAttributes = z.object({
  MessageAttributeNames: attributeNames,
  MessageSystemAttributeNames: attributeNames,
  /** The older name of `MessageSystemAttributeNames`. */
  AttributeNames: attributeNames,
});
/** The attributes that were asked for: by name, all, or by a prefix before `.*`. */
export function pick<T>(all: Record<string, T>, names: readonly string[]): Record<string, T> {
  const isNamed = (attribute: string) =>
    names.some(
      (name) =>
        name === "All" ||
        name === attribute ||
        (name.endsWith(".*") && attribute.startsWith(name.slice(0, -2))),
    );
  return Object.fromEntries(Object.entries(all).filter(([name]) => isNamed(name)));
}

/** A message as `ReceiveMessage` shows it. */
export function received(message: Message, shown: z.infer<typeof shownAttributes>) {
  const system = pick(systemAttributes(message), [
    ...shown.AttributeNames,
    ...shown.MessageSystemAttributeNames,
  ]);
  const own = pick(messageAttributes.parse(JSON.parse(message.attributes)), shown.MessageAttributeNames);
  return {
    MessageId: message.messageId,
    ReceiptHandle: message.receipt,
    Body: message.body,
    MD5OfBody: md5(message.body),
    ...(Object.keys(system).length > 0 && { Attributes: system }),
    ...(Object.keys(own).length > 0 && {
      MessageAttributes: own,
      MD5OfMessageAttributes: attributesMd5(own),
    }),
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

/** A queue as `GetQueueAttributes` shows it. */
export function attributesOf(spec: QueueSpec, depth: { visible: number; inFlight: number; delayed: number }) {
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
