import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import {
  ChangeMessageVisibilityCommand,
  DeleteMessageCommand,
  GetQueueAttributesCommand,
  ReceiveMessageCommand,
  SendMessageBatchCommand,
  SendMessageCommand,
  SQSClient,
} from "@aws-sdk/client-sqs";
import { AwsClient } from "aws4fetch";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import * as z from "zod";
import { type Clock, createClock } from "../clock.ts";
import { createCredentials } from "../credentials.ts";
import { createAwsServer } from "../server.ts";
import { createSqs } from "../sqs/service.ts";
import { type SqsTarget, sqsCases } from "./conformance/sqs.ts";

const arn = (name: string) => `arn:aws:sqs:us-east-1:000000000000:${name}`;

function queues(clock: Clock, dir?: string) {
  const sqs = createSqs({ clock, dir });
  sqs.createQueue({ name: "dead", arn: arn("dead") });
  sqs.createQueue({
    name: "work",
    arn: arn("work"),
    visibilityTimeout: 60,
    redrive: { deadLetterTargetArn: arn("dead"), maxReceiveCount: 2 },
  });
  return sqs;
}

describe("a queue", () => {
  let served: Awaited<ReturnType<typeof serve>>;
  beforeAll(async () => {
    served = await serve();
  });
  afterAll(() => served.close());

  for (const { name, behaviours, check } of sqsCases)
    test(name, { tags: [...behaviours] }, () => check(served.target));

  async function serve() {
    const clock = createClock();
    const sqs = createSqs({ clock, dir: undefined });
    const credentials = createCredentials({ clock, dir: undefined });
    const server = await createAwsServer({
      clock,
      services: [sqs],
      credentials,
      iam: { authorize: () => {} },
    });
    let count = 0;
    const target: SqsTarget = {
      client: new SQSClient({
        endpoint: server.url,
        region: "us-east-1",
        credentials: credentials.root,
      }),
      async makeQueues(maxReceiveCount) {
        const [queue, dead] = [`cases-${++count}`, `cases-${count}-dead`];
        sqs.createQueue({ name: dead, arn: arn(dead) });
        const redrive = { deadLetterTargetArn: arn(dead), maxReceiveCount };
        sqs.createQueue({ name: queue, arn: arn(queue), redrive });
        const url = (name: string) => `${server.url}/000000000000/${name}`;
        return { queue: url(queue), deadLetters: url(dead) };
      },
      pass: async (ms) => clock.advance(ms),
    };
    return {
      target,
      async close() {
        target.client.destroy();
        await server.close();
        sqs.close();
        clock.stop();
      },
    };
  }
});

test("the SDK sends, receives with checked digests, extends and deletes", async () => {
  const clock = createClock();
  const sqs = queues(clock);
  const credentials = createCredentials({ clock, dir: undefined });
  const server = await createAwsServer({ clock, services: [sqs], credentials, iam: { authorize: () => {} } });
  try {
    const client = new SQSClient({
      endpoint: server.url,
      region: "us-east-1",
      credentials: credentials.root,
    });
    const QueueUrl = `${server.url}/000000000000/work`;
    const MessageAttributes = { trace: { DataType: "String", StringValue: "ä" } };
    await client.send(new SendMessageCommand({ QueueUrl, MessageBody: "one ✓", MessageAttributes }));
    const batch = (...bodies: string[]) =>
      client.send(
        new SendMessageBatchCommand({
          QueueUrl,
          Entries: bodies.map((MessageBody, n) => ({ Id: `${n}`, MessageBody, MessageGroupId: "g" })),
        }),
      );
    expect((await batch("two")).Successful?.map(({ Id }) => Id)).toEqual(["0"]);
    await expect(batch("x".repeat(700_000), "y".repeat(700_000))).rejects.toThrow(/longer than 1048576/);

    const { Messages = [] } = await client.send(
      new ReceiveMessageCommand({ QueueUrl, MaxNumberOfMessages: 10, MessageSystemAttributeNames: ["All"] }),
    );
    expect(Messages.map(({ Body }) => Body)).toEqual(["one ✓", "two"]);
    expect(Messages[0]?.Attributes?.["ApproximateReceiveCount"]).toBe("1");
    const [{ ReceiptHandle } = {}, second = {}] = Messages;
    await client.send(new ChangeMessageVisibilityCommand({ QueueUrl, ReceiptHandle, VisibilityTimeout: 0 }));
    await client.send(new DeleteMessageCommand({ QueueUrl, ReceiptHandle: second.ReceiptHandle }));
    const again = await client.send(new ReceiveMessageCommand({ QueueUrl, MaxNumberOfMessages: 10 }));
    expect(again.Messages?.map(({ Body }) => Body)).toEqual(["one ✓"]);

    const waiting = client.send(new ReceiveMessageCommand({ QueueUrl, WaitTimeSeconds: 20 }));
    sqs.send(arn("work"), "late");
    expect((await waiting).Messages?.[0]?.Body).toBe("late");
    const { Attributes } = await client.send(
      new GetQueueAttributesCommand({ QueueUrl, AttributeNames: ["All"] }),
    );
    expect(Attributes?.["ApproximateNumberOfMessagesNotVisible"]).toBe("2");
    await expect(
      client.send(new SendMessageCommand({ QueueUrl: `${server.url}/000000000000/none`, MessageBody: "x" })),
    ).rejects.toThrow(/does not exist/);
  } finally {
    await server.close();
    await sqs.close();
    clock.stop();
  }
});

type Refused = [command: string, code: string, input: object];
const entries = (...all: object[]) => ({ Entries: all.map((entry, n) => ({ Id: `${n}`, ...entry })) });
const body = { MessageBody: "x" };

test.each<Refused>([
  ["SendMessage", "MissingParameter", { MessageBody: "" }],
  ["SendMessage", "MissingParameter", {}],
  ["SendMessage", "InvalidMessageContents", { MessageBody: "a\u0000b" }],
  ["SendMessage", "InvalidMessageContents", { MessageBody: "\uffff" }],
  ["SendMessage", "InvalidParameterValue", { MessageBody: "x".repeat(1_048_577) }],
  ["SendMessage", "InvalidParameterValue", { ...body, DelaySeconds: 901 }],
  ["SendMessage", "InvalidParameterValue", { ...body, DelaySeconds: -1 }],
  ["SendMessage", "InvalidParameterValue", { ...body, MessageDeduplicationId: "d" }],
  ["SendMessageBatch", "EmptyBatchRequest", entries()],
  ["SendMessageBatch", "TooManyEntriesInBatchRequest", entries(...Array(11).fill(body))],
  ["SendMessageBatch", "BatchEntryIdsNotDistinct", entries(body, { ...body, Id: "0" })],
  ["SendMessageBatch", "InvalidBatchEntryId", entries({ ...body, Id: "a b" })],
  [
    "SendMessageBatch",
    "BatchRequestTooLong",
    entries(...Array(2).fill({ MessageBody: "x".repeat(600_000) })),
  ],
  ["ReceiveMessage", "InvalidParameterValue", { MaxNumberOfMessages: 11 }],
  ["ReceiveMessage", "InvalidParameterValue", { WaitTimeSeconds: 21 }],
  ["ReceiveMessage", "InvalidParameterValue", { VisibilityTimeout: 43_201 }],
  ["DeleteMessage", "ReceiptHandleIsInvalid", { ReceiptHandle: "none of ours" }],
  ["DeleteMessage", "MissingParameter", {}],
  ["CreateQueue", "UnsupportedOperation", { QueueName: "x.fifo" }],
])("%s is refused: %s", async (command, code, input) => {
  await using sqs = await overHttp();
  expect(await sqs.call(command, input)).toMatchObject({ __type: `com.amazonaws.sqs#${code}` });
});

test("entries of a batch fail alone", async () => {
  await using sqs = await overHttp();
  const answer = await sqs.call(
    "SendMessageBatch",
    entries(body, { ...body, DelaySeconds: 901 }, { MessageBody: "\u0001" }),
  );
  expect(answer).toMatchObject({
    Successful: [{ Id: "0" }],
    Failed: [
      { Id: "1", Code: "InvalidParameterValue", SenderFault: true },
      { Id: "2", Code: "InvalidMessageContents", SenderFault: true },
    ],
  });
});

test("a message may have 1 MiB, and attributes are shown where they are asked for", async () => {
  await using sqs = await overHttp();
  const MessageAttributes = { trace: { DataType: "String", StringValue: "t" } };
  await sqs.call("SendMessage", { MessageBody: "x".repeat(1_048_576) });
  await sqs.call("SendMessage", { ...body, MessageAttributes });
  await sqs.call("SendMessage", { ...body, MessageAttributes });
  expect(await sqs.call("ReceiveMessage", {})).toMatchObject({ Messages: [{ Body: "x".repeat(1_048_576) }] });
  const { Messages } = z
    .object({ Messages: z.array(z.looseObject({})) })
    .parse(await sqs.call("ReceiveMessage", {}));
  expect(Object.keys(Messages[0] ?? {})).toEqual(["MessageId", "ReceiptHandle", "Body", "MD5OfBody"]);
  const asked = { AttributeNames: ["SentTimestamp"], MessageAttributeNames: ["tr.*"] };
  expect(await sqs.call("ReceiveMessage", asked)).toMatchObject({
    Messages: [{ Attributes: { SentTimestamp: expect.stringMatching(/^\d{13}$/) }, MessageAttributes }],
  });
  expect(await sqs.call("GetQueueAttributes", {})).toEqual({ Attributes: {} });
  expect(await sqs.call("GetQueueAttributes", { AttributeNames: ["QueueArn"] })).toEqual({
    Attributes: { QueueArn: arn("work") },
  });
});

/** The queues behind their port, for requests that no SDK would send. */
async function overHttp() {
  const clock = createClock();
  const sqs = queues(clock);
  const credentials = createCredentials({ clock, dir: undefined });
  const server = await createAwsServer({ clock, services: [sqs], credentials, iam: { authorize: () => {} } });
  const aws = new AwsClient({ ...credentials.root, region: "us-east-1", service: "sqs", retries: 0 });
  return {
    async call(command: string, input: object): Promise<unknown> {
      const answer = await aws.fetch(server.url, {
        method: "POST",
        headers: { "x-amz-target": `AmazonSQS.${command}` },
        body: JSON.stringify({ QueueUrl: `${server.url}/000000000000/work`, ...input }),
      });
      return answer.json();
    },
    async [Symbol.asyncDispose]() {
      await server.close();
      await sqs.close();
      clock.stop();
    },
  };
}

test("a receive that leaves its messages visible returns each of them once", () => {
  const clock = createClock();
  const sqs = queues(clock);
  for (const body of ["a", "b"]) sqs.send(arn("dead"), body);
  const bodies = () => sqs.receive(arn("dead"), { max: 10, visibilityTimeout: 0 }).map(({ body }) => body);
  expect(bodies().toSorted()).toEqual(["a", "b"]);
  clock.advance(1);
  expect(bodies().toSorted()).toEqual(["a", "b"]);
  sqs.close();
  clock.stop();
});

test("delays and visibility go by the clock, and the third receive is a burial", {
  tags: ["sqs.visibility", "sqs.delay", "sqs.redrive"],
}, () => {
  const clock = createClock();
  const sqs = queues(clock);
  let woken = 0;
  sqs.onMessage(arn("work"), () => woken++);
  sqs.send(arn("work"), "later", { delaySeconds: 900 });
  expect(sqs.receive(arn("work"))).toEqual([]);
  expect(sqs.depth(arn("work"))).toEqual({ visible: 0, inFlight: 0, delayed: 1 });
  clock.advance(900_000);
  expect(woken).toBeGreaterThan(0);
  for (const count of [1, 2]) {
    expect(sqs.receive(arn("work")).map(({ receiveCount }) => receiveCount)).toEqual([count]);
    expect(sqs.receive(arn("work"))).toEqual([]);
    clock.advance(60_000);
  }
  expect(sqs.receive(arn("work"))).toEqual([]);
  expect(sqs.receive(arn("dead")).map(({ body }) => body)).toEqual(["later"]);
  clock.stop();
});

describe("fair queues, as AWS documents them", () => {
  const take = (sqs: ReturnType<typeof queues>, max: number) =>
    sqs.receive(arn("work"), { max }).map(({ body }) => body.split(" ")[0]);
  const flood = (sqs: ReturnType<typeof queues>, groupId: string, count: number) => {
    for (let n = 0; n < count; n++) sqs.send(arn("work"), `${groupId} ${n}`, { groupId });
  };

  test("nobody is noisy before 30 of its messages are in flight: the oldest come first", () => {
    const clock = { ...createClock(), now: () => 1_000 };
    const sqs = queues(clock);
    flood(sqs, "noisy", 60);
    for (const group of ["a", "b"]) flood(sqs, group, 1);
    expect(new Set(take(sqs, 29))).toEqual(new Set(["noisy"]));
    expect(take(sqs, 4)).toEqual(["noisy", "a", "b", "noisy"]);
    clock.stop();
  });

  test("a group whose few messages take more than a tenth of the time waits for those that take less", () => {
    const clock = createClock();
    const sqs = queues(clock);
    flood(sqs, "slow", 4);
    const [held] = sqs.receive(arn("work"), { max: 1 });
    clock.advance(15_000);
    sqs.delete(arn("work"), held?.receipt ?? "");
    flood(sqs, "quick", 2);
    expect(take(sqs, 3)).toEqual(["quick", "quick", "slow"]);
    clock.stop();
  });

  test("five minutes later that is forgotten", () => {
    const clock = createClock();
    const sqs = queues(clock);
    flood(sqs, "slow", 4);
    const [held] = sqs.receive(arn("work"), { max: 1 });
    clock.advance(15_000);
    sqs.delete(arn("work"), held?.receipt ?? "");
    clock.advance(301_000);
    flood(sqs, "quick", 2);
    expect(take(sqs, 2)).toEqual(["slow", "slow"]);
    clock.stop();
  });
});

test("what was accepted survives the process; what was in flight comes back after its time", async () => {
  const dir = mkdtempSync(join(tmpdir(), "local-cloud-sqs-"));
  const clock = createClock();
  try {
    const before = queues(clock, dir);
    before.send(arn("work"), "held");
    before.send(arn("work"), "kept");
    expect(before.receive(arn("work"))).toHaveLength(1);
    await before.close();
    const after = queues(clock, dir);
    expect(after.receive(arn("work"), { max: 10 }).map(({ body }) => body)).toEqual(["kept"]);
    clock.advance(60_000);
    const [message] = after.receive(arn("work"), { max: 1 });
    expect(message).toMatchObject({ body: "held", receiveCount: 2 });
    await after.close();
  } finally {
    clock.stop();
    rmSync(dir, { recursive: true });
  }
});

test("released messages are visible at once, received as often as they were", async () => {
  const dir = mkdtempSync(join(tmpdir(), "local-cloud-sqs-"));
  const clock = createClock();
  try {
    const before = queues(clock, dir);
    before.send(arn("work"), "held");
    before.send(arn("work"), "later", { delaySeconds: 60 });
    expect(before.receive(arn("work"), { max: 10 })).toHaveLength(1);
    await before.close();
    const after = queues(clock, dir);
    expect([after.release(arn("work")), after.release(arn("work"))]).toEqual([1, 0]);
    expect(after.receive(arn("work"), { max: 10 })).toMatchObject([{ body: "held", receiveCount: 2 }]);
    // However often that happens, it is no dead letter.
    after.release(arn("work"));
    expect(after.receive(arn("work"), { max: 10 })).toMatchObject([{ body: "held" }]);
    expect(after.depth(arn("dead"))).toMatchObject({ visible: 0 });
    await after.close();
  } finally {
    clock.stop();
    rmSync(dir, { recursive: true });
  }
});

test("a message whose receive can't be written comes back by itself", async () => {
  const dir = mkdtempSync(join(tmpdir(), "local-cloud-sqs-"));
  const clock = createClock();
  const sqs = queues(clock, dir);
  const other = new DatabaseSync(join(dir, "sqs.sqlite"));
  try {
    sqs.send(arn("work"), "kept");
    other.exec("BEGIN IMMEDIATE");
    expect(() => sqs.receive(arn("work"))).toThrow(/locked/);
    other.exec("ROLLBACK");
    expect(sqs.receive(arn("work"))).toEqual([]);
    clock.advance(60_000);
    expect(sqs.receive(arn("work")).map(({ body }) => body)).toEqual(["kept"]);
  } finally {
    other.close();
    await sqs.close();
    clock.stop();
    rmSync(dir, { recursive: true });
  }
});
