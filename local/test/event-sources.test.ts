// biome-ignore-all lint/suspicious/noTemplateCurlyInString: CloudFormation's own syntax
import { DynamoDBClient, PutItemCommand } from "@aws-sdk/client-dynamodb";
import { ReceiveMessageCommand, SendMessageCommand, SQSClient } from "@aws-sdk/client-sqs";
import { expect, onTestFinished, test } from "vitest";
import type { Cloud } from "../cloud.ts";
import { eventually } from "./eventually.ts";
import { type Fixture, startFixture, temporaryDirectory } from "./fixture.ts";

const queues: Fixture["resources"] = {
  Queue: {
    Type: "AWS::SQS::Queue",
    Properties: {
      VisibilityTimeout: 60,
      RedrivePolicy: { deadLetterTargetArn: { "Fn::GetAtt": ["Dead", "Arn"] }, maxReceiveCount: 2 },
    },
  },
  Dead: { Type: "AWS::SQS::Queue" },
};

const readsQueue = [
  {
    Effect: "Allow",
    Action: ["sqs:ReceiveMessage", "sqs:DeleteMessage", "sqs:GetQueueAttributes"],
    Resource: { "Fn::GetAtt": ["Queue", "Arn"] },
  },
];

const readsStream = [
  {
    Effect: "Allow",
    Action: [
      "dynamodb:DescribeStream",
      "dynamodb:GetRecords",
      "dynamodb:GetShardIterator",
      "dynamodb:ListStreams",
    ],
    Resource: { "Fn::GetAtt": ["Table", "StreamArn"] },
  },
  { Effect: "Allow", Action: "sqs:SendMessage", Resource: { "Fn::GetAtt": ["Dead", "Arn"] } },
];

const mapping = (own: object) => ({
  Type: "AWS::Lambda::EventSourceMapping",
  Properties: { FunctionName: { Ref: "Fn" }, FunctionResponseTypes: ["ReportBatchItemFailures"], ...own },
});

const outputs = { Queue: { Value: { Ref: "Queue" } }, Dead: { Value: { Ref: "Dead" } } };

/** Writes each batch's bodies to the log; bodies that begin with `bad` fail. */
const consumer = `export const handler = async ({ Records }) => {
  console.log(JSON.stringify(Records.map(({ body }) => body)));
  return { batchItemFailures: Records.filter(({ body }) => body.startsWith("bad")).map(({ messageId }) => ({ itemIdentifier: messageId })) };
};`;

function clientOf(cloud: Cloud): SQSClient {
  const client = new SQSClient({
    endpoint: cloud.awsUrl,
    region: "us-east-1",
    credentials: cloud.rootCredentials,
  });
  onTestFinished(() => client.destroy());
  return client;
}

async function send(cloud: Cloud, ...bodies: string[]): Promise<void> {
  const client = clientOf(cloud);
  for (const MessageBody of bodies) {
    await client.send(new SendMessageCommand({ QueueUrl: cloud.outputs["Queue"], MessageBody }));
  }
}

async function deadLetters(cloud: Cloud): Promise<string[]> {
  const command = new ReceiveMessageCommand({ QueueUrl: cloud.outputs["Dead"], MaxNumberOfMessages: 10 });
  const { Messages = [] } = await clientOf(cloud).send(command);
  return Messages.map(({ Body }) => Body ?? "");
}

/** What the function logged, each line parsed. */
const batches = (cloud: Cloud): unknown[] =>
  cloud.logs.lines().flatMap(({ text, function: name }) => (name === "Fn" ? [JSON.parse(text)] : []));

async function put(cloud: Cloud, table: string, ...pks: string[]): Promise<void> {
  const client = new DynamoDBClient({
    endpoint: cloud.awsUrl,
    region: "us-east-1",
    credentials: cloud.rootCredentials,
  });
  for (const pk of pks) await client.send(new PutItemCommand({ TableName: table, Item: { pk: { S: pk } } }));
  client.destroy();
}

test("messages reach the function; those that it names come back, then go to the dead letters", {
  tags: ["lambda.partial-batches", "sqs.redrive"],
}, async () => {
  const cloud = await startFixture({
    functions: { Fn: { code: consumer, policy: readsQueue } },
    resources: {
      ...queues,
      Mapping: mapping({ EventSourceArn: { "Fn::GetAtt": ["Queue", "Arn"] }, BatchSize: 1 }),
    },
    outputs,
  });
  await send(cloud, "good", "bad");
  await cloud.waitForIdle();
  expect(batches(cloud)).toEqual(expect.arrayContaining([["good"], ["bad"]]));
  cloud.advance(60_000);
  await cloud.waitForIdle();
  expect(batches(cloud)).toHaveLength(3);
  cloud.advance(60_000);
  await cloud.waitForIdle();
  expect(batches(cloud)).toHaveLength(3);
  expect(await deadLetters(cloud)).toEqual(["bad"]);
});

test("a batch whose cloud has ended comes to the next one at once", async () => {
  const held: Fixture = {
    functions: {
      Fn: {
        code: `export const handler = async ({ Records: [{ body, attributes }] }) => {
          console.log(JSON.stringify([body, attributes.ApproximateReceiveCount]));
          if (attributes.ApproximateReceiveCount === "1") await new Promise((r) => setTimeout(r, 60_000));
          return {};
        };`,
        policy: readsQueue,
        properties: { Timeout: 60 },
      },
    },
    resources: { ...queues, Mapping: mapping({ EventSourceArn: { "Fn::GetAtt": ["Queue", "Arn"] } }) },
    outputs,
  };
  const dataDir = temporaryDirectory();
  const first = await startFixture(held, { dataDir });
  await send(first, "held");
  await eventually(() => expect(batches(first)).toEqual([["held", "1"]]));
  await first.stop();
  const second = await startFixture(held, { dataDir });
  await second.waitForIdle();
  expect(batches(second)).toEqual([["held", "2"]]);
});

test("filters drop what matches none of them", { tags: ["lambda.filters"] }, async () => {
  const cloud = await startFixture({
    functions: { Fn: { code: consumer, policy: readsQueue } },
    resources: {
      ...queues,
      Mapping: mapping({
        EventSourceArn: { "Fn::GetAtt": ["Queue", "Arn"] },
        FilterCriteria: { Filters: [{ Pattern: '{"body":{"kind":["wanted"]}}' }] },
      }),
    },
    outputs,
  });
  await send(cloud, '{"kind":"other"}', '{"kind":"wanted"}', "plain");
  await cloud.waitForIdle();
  expect(batches(cloud)).toEqual([['{"kind":"wanted"}']]);
  cloud.advance(120_000);
  await cloud.waitForIdle();
  expect(await deadLetters(cloud)).toEqual([]);
});

test("a batching window gathers messages", async () => {
  const cloud = await startFixture({
    functions: { Fn: { code: consumer, policy: readsQueue } },
    resources: {
      ...queues,
      Mapping: mapping({
        EventSourceArn: { "Fn::GetAtt": ["Queue", "Arn"] },
        BatchSize: 3,
        MaximumBatchingWindowInSeconds: 30,
      }),
    },
    outputs,
  });
  await send(cloud, "a", "b");
  expect(batches(cloud)).toEqual([]);
  cloud.advance(30_000);
  await cloud.waitForIdle();
  expect(batches(cloud)).toEqual([["a", "b"]]);
  await send(cloud, "c", "d", "e");
  await cloud.waitForIdle();
  expect(batches(cloud)).toEqual([
    ["a", "b"],
    ["c", "d", "e"],
  ]);
});

test("a mapping's calls count as its role's", async () => {
  const cloud = await startFixture({
    functions: { Fn: { code: consumer, policy: readsQueue } },
    resources: { ...queues, Mapping: mapping({ EventSourceArn: { "Fn::GetAtt": ["Queue", "Arn"] } }) },
    outputs,
  });
  await send(cloud, "good");
  await cloud.waitForIdle();
  expect(cloud.iamUsage().filter(({ count }) => count === 0)).toEqual([]);
});

const table = {
  Type: "AWS::DynamoDB::Table",
  Properties: {
    AttributeDefinitions: [{ AttributeName: "pk", AttributeType: "S" }],
    KeySchema: [{ AttributeName: "pk", KeyType: "HASH" }],
    BillingMode: "PAY_PER_REQUEST",
    StreamSpecification: { StreamViewType: "NEW_IMAGE" },
  },
};

const streamFixture = (code: string, own: object = {}): Fixture => ({
  functions: { Fn: { code, policy: readsStream } },
  resources: {
    Table: table,
    Dead: { Type: "AWS::SQS::Queue" },
    Mapping: mapping({
      EventSourceArn: { "Fn::GetAtt": ["Table", "StreamArn"] },
      StartingPosition: "TRIM_HORIZON",
      DestinationConfig: { OnFailure: { Destination: { "Fn::GetAtt": ["Dead", "Arn"] } } },
      MaximumRetryAttempts: 1,
      ...own,
    }),
  },
  outputs: { Table: { Value: { Ref: "Table" } }, Dead: { Value: { Ref: "Dead" } } },
});

const keysOf = "Records.map((record) => record.dynamodb.Keys.pk.S)";

test("a stream's records arrive in order, filtered", {
  tags: ["dynamodb.stream-order", "lambda.filters"],
}, async () => {
  const code = `export const handler = async ({ Records }) => { console.log(JSON.stringify(${keysOf})); };`;
  const pattern = '{"eventName":["INSERT"],"dynamodb":{"Keys":{"pk":{"S":[{"prefix":"EVT#"}]}}}}';
  const cloud = await startFixture(
    streamFixture(code, { BatchSize: 2, FilterCriteria: { Filters: [{ Pattern: pattern }] } }),
  );
  await put(cloud, cloud.outputs["Table"] ?? "", "EVT#1", "X", "EVT#2", "EVT#3", "EVT#1");
  await cloud.waitForIdle();
  expect(batches(cloud).flat()).toEqual(["EVT#1", "EVT#2", "EVT#3"]);
});

test("a failed batch is halved until the record at fault goes to the failure destination alone", {
  tags: ["lambda.stream-retries"],
}, async () => {
  const code = `export const handler = async ({ Records }) => { const keys = ${keysOf}; if (keys.includes("poison")) throw new Error("no"); console.log(JSON.stringify(keys)); };`;
  const cloud = await startFixture(streamFixture(code, { BatchSize: 10, BisectBatchOnFunctionError: true }));
  await put(cloud, cloud.outputs["Table"] ?? "", "a", "b", "poison", "c", "d");
  await expect.poll(() => cloud.advance(1_000) ?? batches(cloud).flat().includes("d")).toBe(true);
  await cloud.waitForIdle();
  const seen = batches(cloud).filter(Array.isArray).flat();
  expect(seen).toEqual(["a", "b", "c", "d"]);
  const [letter, ...others] = await deadLetters(cloud);
  expect(others).toEqual([]);
  expect(JSON.parse(letter ?? "")).toMatchObject({
    requestContext: { condition: "RetryAttemptsExhausted", approximateInvokeCount: 2 },
    DDBStreamBatchInfo: { batchSize: 1 },
  });
});

test("a partial answer goes on from the first record that failed", {
  tags: ["lambda.stream-retries", "lambda.partial-batches"],
}, async () => {
  const code = `let tries = 0; export const handler = async ({ Records }) => {
    console.log(JSON.stringify(${keysOf}));
    const failed = Records.find((record) => record.dynamodb.Keys.pk.S === "b");
    return { batchItemFailures: failed && tries++ === 0 ? [{ itemIdentifier: failed.dynamodb.SequenceNumber }] : [] };
  };`;
  const fixture = streamFixture(code, { BatchSize: 3, MaximumBatchingWindowInSeconds: 60 });
  const cloud = await startFixture(fixture);
  await put(cloud, cloud.outputs["Table"] ?? "", "a", "b", "c");
  await expect
    .poll(() => cloud.advance(60_000) ?? batches(cloud))
    .toEqual([
      ["a", "b", "c"],
      ["b", "c"],
    ]);
});

test("a partial answer that names the first of its batch brings all of it again, and all of it is given up", async () => {
  const code = `export const handler = async ({ Records }) => {
    console.log(JSON.stringify(${keysOf}));
    return { batchItemFailures: [{ itemIdentifier: Records[0].dynamodb.SequenceNumber }] };
  };`;
  const batching = { BatchSize: 3, MaximumBatchingWindowInSeconds: 60, BisectBatchOnFunctionError: true };
  const cloud = await startFixture(streamFixture(code, batching));
  await put(cloud, cloud.outputs["Table"] ?? "", "a", "b", "c");
  await expect.poll(() => cloud.advance(60_000) ?? batches(cloud).length).toBe(2);
  await cloud.waitForIdle();
  expect(batches(cloud)).toEqual([
    ["a", "b", "c"],
    ["a", "b", "c"],
  ]);
  const [letter] = await deadLetters(cloud);
  expect(JSON.parse(letter ?? "")).toMatchObject({ DDBStreamBatchInfo: { batchSize: 3 } });
});
