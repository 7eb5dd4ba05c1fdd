import { SendMessageBatchCommand, SQSClient } from "@aws-sdk/client-sqs";
import * as z from "zod";
import { clientLimits, counted } from "./clients.ts";

/** Endpoints that answer promptly have a queue of their own, which retries and whoever is slow can't hold up. */
export type Lane = "first" | "retry";

/** What tells a worker which delivery to try. Good only while the delivery's `next_ms` is still this one. */
export const deliveryMessage = z.object({
  webhook_id: z.string(),
  delivery_id: z.string(),
  event_id: z.string(),
  /** When the attempt is due (ms); names the attempt, so that a message sent twice acts once. */
  next_ms: z.number(),
  request_id: z.string(),
  /** Whose endpoint it is; absent in messages of earlier versions. */
  client_id: z.string().optional(),
  /** The queue that it came by. */
  lane: z.enum(["first", "retry"]),
});
export type DeliveryMessage = z.infer<typeof deliveryMessage>;

/** A message as its sender makes it. */
export type Wake = Omit<DeliveryMessage, "lane">;

/** SQS: a message can be delayed by 900 s at most. */
export const MAX_DELAY_MS = 900_000;
const MAX_ENTRIES = 10; // SQS: messages per SendMessageBatch
const TRIES = 3;

export type Queues = ReturnType<typeof createQueues>;

/** The two delivery queues, as the environment of a function that sends to them names them. */
export function deliveryQueues(env: {
  DELIVER_FIRST_QUEUE_URL: string;
  DELIVER_RETRY_QUEUE_URL: string;
}): Queues {
  return createQueues(counted(new SQSClient(clientLimits), "sqs"), {
    first: env.DELIVER_FIRST_QUEUE_URL,
    retry: env.DELIVER_RETRY_QUEUE_URL,
  });
}

/** Binds sending to a client and the URLs of the two delivery queues. */
function createQueues(client: SQSClient, urls: Record<Lane, string>) {
  /**
   * Sends messages that arrive at their `next_ms`, or 900 s from `now` where that is sooner.
   *
   * @param notBefore epoch ms before which they don't arrive, though their attempt is due.
   * @throws Error where SQS took some only; sending all again is harmless.
   */
  async function send(
    lane: Lane,
    messages: readonly Wake[],
    now: number,
    { notBefore = 0 }: { notBefore?: number } = {},
  ): Promise<void> {
    for (let start = 0; start < messages.length; start += MAX_ENTRIES) {
      await sendBatch(lane, messages.slice(start, start + MAX_ENTRIES), now, notBefore);
    }
  }

  async function sendBatch(
    lane: Lane,
    batch: readonly Wake[],
    now: number,
    notBefore: number,
  ): Promise<void> {
    const delay = ({ next_ms }: Wake) =>
      Math.min(Math.max(next_ms - now, notBefore - now, 0), MAX_DELAY_MS) / 1000;
    let left = batch.map((message, index) => ({
      Id: String(index),
      MessageBody: JSON.stringify({ ...message, lane } satisfies DeliveryMessage),
      // A fair queue: messages of a client that takes more than its share of the workers step back behind those of
      // others. Of one client's endpoints each has its own limits.
      MessageGroupId: message.client_id ?? message.webhook_id,
      DelaySeconds: Math.ceil(delay(message)),
    }));
    for (let attempt = 1; left.length > 0; attempt++) {
      const answer = await client.send(new SendMessageBatchCommand({ QueueUrl: urls[lane], Entries: left }));
      const failed = new Set(answer.Failed?.map(({ Id }) => Id));
      if (failed.size > 0 && attempt === TRIES) {
        throw new Error(`SQS took ${batch.length - failed.size} of ${batch.length} messages`);
      }
      left = left.filter(({ Id }) => failed.has(Id));
    }
  }

  return { send };
}
