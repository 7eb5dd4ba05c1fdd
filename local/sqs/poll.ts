import { z } from "zod";
import type { AwsCall } from "../types.ts";
import type { Message } from "./queue.ts";
import type { QueueStore } from "./store.ts";

const input = z.object({
  MaxNumberOfMessages: z.number().int().min(1).max(10).default(1),
  VisibilityTimeout: z.number().int().min(0).max(43_200).optional(),
  WaitTimeSeconds: z.number().int().min(0).max(20).default(0),
});

/** `ReceiveMessage`: at once where messages are visible, else when one is or the wait is over. */
export async function pollMessages(
  store: QueueStore,
  arn: string,
  given: Record<string, unknown>,
  { res }: Pick<AwsCall, "res">,
): Promise<Message[]> {
  const {
    MaxNumberOfMessages: max,
    VisibilityTimeout: visibilityTimeout,
    WaitTimeSeconds,
  } = input.parse(given);
  const receive = () => store.receive(arn, { max, visibilityTimeout });
  const messages = receive();
  if (messages.length > 0 || WaitTimeSeconds === 0) return messages;
  return new Promise((resolve) => {
    const stop = store.onMessage(arn, () => {
      const arrived = receive();
      if (arrived.length > 0) finish(arrived);
    });
    const timer = setTimeout(() => finish([]), WaitTimeSeconds * 1000);
    const gone = () => finish([]);
    res.once("close", gone);
    function finish(found: Message[]) {
      stop();
      clearTimeout(timer);
      res.off("close", gone);
      resolve(found);
    }
  });
}
