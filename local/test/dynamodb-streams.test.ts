import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { DeleteCommand, GetCommand, PutCommand, QueryCommand, UpdateCommand } from "@aws-sdk/lib-dynamodb";
import { afterAll, afterEach, beforeEach, describe, expect, test } from "vitest";
import { streamCases } from "./conformance/dynamodb/streams.ts";
import { things } from "./conformance/dynamodb/target.ts";
import { type Harness, startDynamoDb } from "./dynamodb-support.ts";

const TableName = "things";
const HOUR = 60 * 60 * 1000;
let db: Harness;
beforeEach(async () => {
  db = await startDynamoDb();
});
afterEach(() => db.close());

const put = (sk: string, more: object = {}, table = TableName) =>
  db.documents.send(new PutCommand({ TableName: table, Item: { pk: "p", sk, ...more } }));
const records = (after?: string, limit = 100) => db.service.stream(TableName).read({ after, limit }).records;

describe("a stream", { tags: ["dynamodb.stream-order"] }, () => {
  for (const { name, check } of streamCases) test(name, () => check(db));

  test("tells of every change, in order, as Lambda is told", async () => {
    await put("a", { n: 1 });
    await put("a", { n: 2 });
    await db.documents.send(new DeleteCommand({ TableName, Key: { pk: "p", sk: "a" } }));
    const found = records();
    expect(found.map(({ eventName }) => eventName)).toEqual(["INSERT", "MODIFY", "REMOVE"]);
    const Keys = { pk: { S: "p" }, sk: { S: "a" } };
    expect(found[1]).toEqual({
      eventID: expect.stringMatching(/^[0-9a-f]{32}$/),
      eventName: "MODIFY",
      eventVersion: "1.1",
      eventSource: "aws:dynamodb",
      awsRegion: "us-east-1",
      dynamodb: {
        ApproximateCreationDateTime: expect.any(Number),
        Keys,
        NewImage: { ...Keys, n: { N: "2" } },
        SequenceNumber: expect.stringMatching(/^\d{21}$/),
        SizeBytes: 15,
        StreamViewType: "NEW_IMAGE",
      },
      eventSourceARN: db.service.stream(TableName).arn,
    });
    expect(found[2]?.dynamodb).not.toHaveProperty("NewImage");
    expect(found[2]).not.toHaveProperty("userIdentity");
    expect(new Set(found.map(({ eventID }) => eventID)).size).toBe(3);
    expect(db.service.stream(TableName).latest()).toBe(found[2]?.dynamodb.SequenceNumber);
  });

  test("says nothing of writes that change nothing", async () => {
    await put("a", { x: 1, y: new Set([1, 2]) });
    await put("a", { y: new Set([2, 1]), x: 1 });
    await db.documents.send(new DeleteCommand({ TableName, Key: { pk: "p", sk: "none" } }));
    await db.documents.send(
      new UpdateCommand({ TableName, Key: { pk: "p", sk: "a" }, UpdateExpression: "REMOVE z" }),
    );
    expect(records()).toHaveLength(1);
  });

  test("is read from any point, a few records at a time", async () => {
    for (const sk of ["a", "b", "c"]) await put(sk);
    const [first, second] = records(undefined, 2);
    expect(second?.dynamodb.Keys["sk"]).toEqual({ S: "b" });
    expect(records(first?.dynamodb.SequenceNumber).map(({ dynamodb }) => dynamodb.Keys["sk"]?.S)).toEqual([
      "b",
      "c",
    ]);
    expect(records(db.service.stream(TableName).latest())).toEqual([]);
  });

  test("calls back when there are records, until told not to", async () => {
    let calls = 0;
    const stop = db.service.stream(TableName).onRecord(() => {
      calls++;
      expect(records()).not.toHaveLength(0);
    });
    await put("a");
    expect(calls).toBe(1);
    await put("a");
    expect(calls).toBe(1); // nothing changed
    stop();
    await put("b");
    expect(calls).toBe(1);
  });

  test("keeps records for 24 hours, and never gives a number twice", async () => {
    await put("a");
    const [first] = records();
    db.clock.advance(23 * HOUR);
    expect(records()).toHaveLength(1);
    db.clock.advance(2 * HOUR);
    expect(records()).toEqual([]);
    await put("b");
    expect(String(records()[0]?.dynamodb.SequenceNumber) > String(first?.dynamodb.SequenceNumber)).toBe(true);
  });

  test.each([
    ["KEYS_ONLY", false, false],
    ["NEW_IMAGE", true, false],
    ["OLD_IMAGE", false, true],
    ["NEW_AND_OLD_IMAGES", true, true],
  ] as const)("%s", async (streamViewType, hasNew, hasOld) => {
    db.service.createTable({ ...things, name: "viewed", streamViewType });
    await put("a", { n: 1 }, "viewed");
    await put("a", { n: 2 }, "viewed");
    const [, { dynamodb } = { dynamodb: undefined }] = db.service
      .stream("viewed")
      .read({ after: undefined, limit: 9 }).records;
    expect(dynamodb).toMatchObject({ StreamViewType: streamViewType, Keys: { pk: { S: "p" } } });
    expect([dynamodb?.NewImage?.["n"]?.N, dynamodb?.OldImage?.["n"]?.N]).toEqual([
      hasNew ? "2" : undefined,
      hasOld ? "1" : undefined,
    ]);
  });

  test("is there only for tables that have one", () => {
    db.service.createTable({ ...things, name: "silent", streamViewType: undefined });
    expect(() => db.service.stream("silent")).toThrow("Table 'silent' has no stream.");
    expect(() => db.service.stream("absent")).toThrow("There is no table 'absent'");
  });
});

describe("a stream over the wire", () => {
  const Arn = () => db.service.stream(TableName).arn;

  async function ask(operation: string, input: object) {
    const answer = await fetch(db.url, {
      method: "POST",
      headers: { "x-amz-target": `DynamoDBStreams_20120810.${operation}` },
      body: JSON.stringify(input),
    });
    return JSON.parse(await answer.text());
  }

  async function iterator(from: object): Promise<string> {
    const [{ ShardId }] = (await ask("DescribeStream", { StreamArn: Arn() })).StreamDescription.Shards;
    return (await ask("GetShardIterator", { StreamArn: Arn(), ShardId, ...from })).ShardIterator;
  }

  const read = async (from: object) =>
    (await ask("GetRecords", { ShardIterator: await iterator(from) })).Records.map(
      (record: { dynamodb: { Keys: { sk: { S: string } } } }) => record.dynamodb.Keys.sk.S,
    );

  test("is listed, described, and read from any point on", async () => {
    for (const sk of ["a", "b", "c"]) await put(sk);
    expect((await ask("ListStreams", { TableName })).Streams).toEqual([
      { StreamArn: Arn(), StreamLabel: Arn().split("/stream/")[1], TableName },
    ]);
    const { StreamDescription } = await ask("DescribeStream", { StreamArn: Arn() });
    expect(StreamDescription).toMatchObject({
      StreamStatus: "ENABLED",
      StreamViewType: "NEW_IMAGE",
      TableName,
    });
    const SequenceNumber = records()[1]?.dynamodb.SequenceNumber;
    expect(await read({ ShardIteratorType: "TRIM_HORIZON" })).toEqual(["a", "b", "c"]);
    expect(await read({ ShardIteratorType: "AT_SEQUENCE_NUMBER", SequenceNumber })).toEqual(["b", "c"]);
    expect(await read({ ShardIteratorType: "AFTER_SEQUENCE_NUMBER", SequenceNumber })).toEqual(["c"]);
    expect(await read({ ShardIteratorType: "LATEST" })).toEqual([]);
  });

  test("goes on where an iterator ended, a few records at a time", async () => {
    for (const sk of ["a", "b", "c"]) await put(sk);
    const ShardIterator = await iterator({ ShardIteratorType: "TRIM_HORIZON" });
    const first = await ask("GetRecords", { ShardIterator, Limit: 2 });
    expect(first.Records.map(({ eventName }: { eventName: string }) => eventName)).toEqual([
      "INSERT",
      "INSERT",
    ]);
    expect(first.Records[0]).not.toHaveProperty("eventSourceARN");
    const next = await ask("GetRecords", { ShardIterator: first.NextShardIterator });
    expect(next.Records).toHaveLength(1);
    await put("d");
    const last = await ask("GetRecords", { ShardIterator: next.NextShardIterator });
    expect(last.Records).toHaveLength(1);
  });

  test.each([
    ["DescribeStream", { StreamArn: "arn:aws:dynamodb:us-east-1:000000000000:table/none/stream/1" }],
    ["GetShardIterator", { StreamArn: "", ShardId: "shard", ShardIteratorType: "LATEST" }],
    ["GetRecords", { ShardIterator: "arn:aws:dynamodb:nowhere|1|000" }],
    ["GetItem", {}],
  ])("%s of what isn't there is refused", async (operation, input) => {
    expect((await ask(operation, input)).__type).toMatch(
      /ResourceNotFound|ValidationException|UnknownOperation/,
    );
  });
});

describe("time to live", () => {
  const seconds = () => Math.floor(db.clock.now() / 1000);
  const find = async (sk: string) =>
    (await db.documents.send(new GetCommand({ TableName, Key: { pk: "p", sk } }))).Item;

  test("deletes what has expired and says who did it", async () => {
    await put("old", { ttl: seconds() - 10 });
    await put("new", { ttl: seconds() + 3600 });
    await put("text", { ttl: "1" });
    await put("ancient", { ttl: seconds() - 6 * 365 * 24 * 3600 });
    expect(await find("old")).toBeDefined(); // expired is not deleted yet
    expect(db.service.runTtl()).toBe(1);
    expect(await find("old")).toBeUndefined();
    expect(records().at(-1)).toMatchObject({
      eventName: "REMOVE",
      userIdentity: { type: "Service", principalId: "dynamodb.amazonaws.com" },
      dynamodb: { Keys: { sk: { S: "old" } } },
    });
    db.clock.advance(HOUR + 5000); // the sweep runs by the clock
    expect(await find("new")).toBeUndefined();
    expect(await find("text")).toBeDefined();
    expect(await find("ancient")).toBeDefined();
  });

  test("leaves an item alone whose time was moved or taken away", async () => {
    await put("a", { ttl: seconds() + 10 });
    await put("a", { ttl: seconds() + 7200 });
    await put("b", { ttl: seconds() + 10 });
    await put("b");
    db.clock.advance(HOUR);
    expect(db.service.runTtl()).toBe(0);
    expect(await find("a")).toBeDefined();
    expect(await find("b")).toBeDefined();
  });
});

describe("a directory", () => {
  const dir = mkdtempSync(join(tmpdir(), "dynamodb-"));
  afterAll(() => rmSync(dir, { recursive: true, force: true }));

  test("belongs to one local cloud at a time", async () => {
    await db.close();
    db = await startDynamoDb({ dir });
    await expect(startDynamoDb({ dir })).rejects.toThrow("is in use by another process");
  });

  test("keeps items, stream and checkpoints over a restart, and builds changed indexes anew", async () => {
    await db.close();
    db = await startDynamoDb({ dir });
    const { arn, streamArn } = db.service.createTable(things);
    expect(arn).toBe("arn:aws:dynamodb:us-east-1:000000000000:table/things");
    await put("a", { due_pk: "d", due_sk: "1", label: "x" });
    await put("b", { label: "x" });
    const [first] = records();
    db.service.checkpoint("relay").set(String(first?.dynamodb.SequenceNumber));
    await db.close();

    const byLabel = {
      IndexName: "by-label",
      KeySchema: [{ AttributeName: "label", KeyType: "HASH" }],
      Projection: { ProjectionType: "KEYS_ONLY" },
    };
    const changed = {
      ...things,
      attributeDefinitions: [...things.attributeDefinitions, { AttributeName: "label", AttributeType: "S" }],
      gsis: [byLabel],
    };
    db = await startDynamoDb({ dir, tables: [changed] });
    expect(db.service.stream(TableName).arn).toBe(streamArn);
    expect(db.service.checkpoint("nobody").get()).toBeUndefined();
    const after = db.service.checkpoint("relay").get();
    expect(records(after).map(({ dynamodb }) => dynamodb.Keys["sk"])).toEqual([{ S: "b" }]);
    const { Items } = await db.documents.send(
      new QueryCommand({
        TableName,
        IndexName: "by-label",
        KeyConditionExpression: "label = :l",
        ExpressionAttributeValues: { ":l": "x" },
      }),
    );
    expect(Items).toEqual([
      { pk: "p", sk: "a", label: "x" },
      { pk: "p", sk: "b", label: "x" },
    ]);
    const gone = db.documents.send(
      new QueryCommand({
        TableName,
        IndexName: "due",
        KeyConditionExpression: "due_pk = :d",
        ExpressionAttributeValues: { ":d": "d" },
      }),
    );
    await expect(gone).rejects.toThrow("The table does not have the specified index: due");
    expect(() => db.service.createTable({ ...things, keySchema: things.keySchema.slice(0, 1) })).toThrow(
      "exists with another key schema",
    );
  });
});
