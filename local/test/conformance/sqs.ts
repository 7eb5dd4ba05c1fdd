/** Queues: who sees a message when, and where one goes that nobody deletes. */
import assert from "node:assert/strict";
import {
  ChangeMessageVisibilityCommand,
  DeleteMessageCommand,
  ReceiveMessageCommand,
  SendMessageCommand,
  type SQSClient,
} from "@aws-sdk/client-sqs";
import type { Case } from "./case.ts";

export interface SqsTarget {
  readonly client: SQSClient;
  /**
   * Makes two queues: messages of the first go to the second once they have been received that often.
   *
   * @returns their URLs.
   */
  makeQueues(maxReceiveCount: number): Promise<{ queue: string; deadLetters: string }>;
  /** Lets time pass, in milliseconds. */
  pass(ms: number): Promise<void>;
}

/** A second's timeouts are over. */
const OVER = 1_200;

async function receive({ client }: SqsTarget, QueueUrl: string, VisibilityTimeout = 1) {
  const { Messages = [] } = await client.send(
    new ReceiveMessageCommand({
      ...{ QueueUrl, VisibilityTimeout, MaxNumberOfMessages: 10, WaitTimeSeconds: 0 },
      MessageSystemAttributeNames: ["ApproximateReceiveCount"],
    }),
  );
  return Messages.map(({ Body, ReceiptHandle, Attributes }) => ({
    ...{ body: Body, receipt: ReceiptHandle, QueueUrl },
    count: Number(Attributes?.ApproximateReceiveCount),
  }));
}

const send = ({ client }: SqsTarget, QueueUrl: string, more: object = {}) =>
  client.send(new SendMessageCommand({ QueueUrl, MessageBody: "one", ...more }));
const seen = (messages: Awaited<ReturnType<typeof receive>>) =>
  messages.map(({ body, count }) => [body, count]);

export const sqsCases: readonly Case<SqsTarget>[] = [
  {
    name: "what was received and not deleted is visible again after its timeout, and counted",
    behaviours: ["sqs.visibility"],
    async check(target) {
      const { queue } = await target.makeQueues(9);
      await send(target, queue);
      assert.deepEqual(seen(await receive(target, queue)), [["one", 1]]);
      assert.deepEqual(await receive(target, queue), []);
      await target.pass(OVER);
      assert.deepEqual(seen(await receive(target, queue)), [["one", 2]]);
    },
  },
  {
    name: "what was deleted never comes back",
    behaviours: ["sqs.visibility"],
    async check(target) {
      const { queue } = await target.makeQueues(9);
      await send(target, queue);
      const [message] = await receive(target, queue);
      await target.client.send(
        new DeleteMessageCommand({ QueueUrl: queue, ReceiptHandle: message?.receipt }),
      );
      await target.pass(OVER);
      assert.deepEqual(await receive(target, queue), []);
    },
  },
  {
    name: "a timeout can be changed while it runs, also to nothing",
    behaviours: ["sqs.visibility"],
    async check(target) {
      const { queue } = await target.makeQueues(9);
      await send(target, queue);
      const [message] = await receive(target, queue);
      const change = (VisibilityTimeout: number) => {
        const input = { QueueUrl: queue, ReceiptHandle: message?.receipt, VisibilityTimeout };
        return target.client.send(new ChangeMessageVisibilityCommand(input));
      };
      await change(30);
      await target.pass(OVER);
      assert.deepEqual(await receive(target, queue), []);
      await change(0);
      assert.deepEqual(seen(await receive(target, queue)), [["one", 2]]);
    },
  },
  {
    name: "what was received as often as the queue allows goes to the dead letters, once it is visible again",
    behaviours: ["sqs.redrive"],
    async check(target) {
      const { queue, deadLetters } = await target.makeQueues(2);
      await send(target, queue);
      for (const count of [1, 2]) {
        assert.deepEqual(seen(await receive(target, queue)), [["one", count]]);
        assert.deepEqual(await receive(target, deadLetters), []);
        await target.pass(OVER);
      }
      assert.deepEqual(await receive(target, queue), []);
      assert.deepEqual(
        (await receive(target, deadLetters)).map(({ body }) => body),
        ["one"],
      );
    },
  },
  {
    name: "a delayed message is there when its delay is over",
    behaviours: ["sqs.delay"],
    async check(target) {
      const { queue } = await target.makeQueues(9);
      await send(target, queue, { DelaySeconds: 1 });
      assert.deepEqual(await receive(target, queue), []);
      await target.pass(OVER);
      assert.deepEqual(seen(await receive(target, queue)), [["one", 1]]);
    },
  },
  {
    name: "a delay has 900 s at most",
    behaviours: ["sqs.delay"],
    async check(target) {
      const { queue } = await target.makeQueues(9);
      await send(target, queue, { DelaySeconds: 900 });
      await assert.rejects(send(target, queue, { DelaySeconds: 901 }), { name: "InvalidParameterValue" });
      assert.deepEqual(await receive(target, queue), []);
    },
  },
];
