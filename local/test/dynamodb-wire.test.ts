import { crc32 } from "node:zlib";
import {
  CreateTableCommand,
  DeleteTableCommand,
  DescribeContinuousBackupsCommand,
  DescribeTableCommand,
  DescribeTimeToLiveCommand,
  ListTablesCommand,
  UpdateTimeToLiveCommand,
} from "@aws-sdk/client-dynamodb";
import {
  BatchGetCommand,
  DeleteCommand,
  GetCommand,
  PutCommand,
  QueryCommand,
  TransactGetCommand,
  TransactWriteCommand,
  UpdateCommand,
} from "@aws-sdk/lib-dynamodb";
import { afterAll, afterEach, beforeAll, describe, expect, test } from "vitest";
import { AwsError } from "../types.ts";
import { things } from "./conformance/dynamodb/target.ts";
import { type Harness, startDynamoDb } from "./dynamodb-support.ts";

const TableName = "things";
const ARN = "arn:aws:dynamodb:us-east-1:000000000000:table/things";
const REFUSED = "refused";
let db: Harness;
beforeAll(async () => {
  db = await startDynamoDb({
    tables: [things, { ...things, name: "plain", gsis: [], streamViewType: undefined }],
    authorize(action, resource) {
      if (resource.includes(REFUSED))
        throw new AwsError("AccessDeniedException", `no ${action} on ${resource}`);
    },
  });
});
afterAll(() => db.close());
afterEach(() => {
  db.asked.length = 0;
});

const send: typeof db.documents.send = (command: never) => db.documents.send(command);
const Key = { pk: "p", sk: "a" };

async function rpc(operation: string, body: string) {
  const answer = await fetch(db.url, {
    method: "POST",
    headers: { "x-amz-target": `DynamoDB_20120810.${operation}` },
    body,
  });
  return { answer, text: await answer.text() };
}

describe("the protocol", () => {
  test("answers carry a checksum, an id and a type", async () => {
    const { answer, text } = await rpc("ListTables", "{}");
    expect(answer.status).toBe(200);
    expect(answer.headers.get("content-type")).toBe("application/x-amz-json-1.0");
    expect(answer.headers.get("x-amz-crc32")).toBe(String(crc32(text)));
    expect(answer.headers.get("x-amzn-requestid")).toMatch(/^[0-9a-f-]{36}$/);
    expect(JSON.parse(text)).toEqual({ TableNames: ["plain", "things"] });
  });

  test.each([
    ["{", "com.amazon.coral.service#SerializationException"],
    ["[]", "com.amazon.coral.service#SerializationException"],
  ])("a body of %s is refused", async (body, type) => {
    const { answer, text } = await rpc("GetItem", body);
    expect(answer.status).toBe(400);
    expect(answer.headers.get("x-amz-crc32")).toBe(String(crc32(text)));
    expect(JSON.parse(text)["__type"]).toBe(type);
  });

  test("a table may be named by its ARN", async () => {
    await send(new PutCommand({ TableName: ARN, Item: { ...Key, n: 1 } }));
    expect((await send(new GetCommand({ TableName, Key }))).Item).toEqual({ ...Key, n: 1 });
  });
});

describe("permission", () => {
  test("is asked for each action and resource that AWS would check", async () => {
    await send(new GetCommand({ TableName, Key }));
    await send(
      new QueryCommand({
        TableName,
        IndexName: "due",
        KeyConditionExpression: "due_pk = :d",
        ExpressionAttributeValues: { ":d": "x" },
      }),
    );
    await send(
      new TransactWriteCommand({
        TransactItems: [
          { Put: { TableName, Item: { pk: "t", sk: "a" } } },
          { Update: { TableName, Key: { pk: "t", sk: "b" }, UpdateExpression: "REMOVE x" } },
          { Delete: { TableName, Key: { pk: "t", sk: "c" } } },
          { ConditionCheck: { TableName: "plain", Key, ConditionExpression: "attribute_not_exists(pk)" } },
        ],
      }),
    );
    await send(new TransactGetCommand({ TransactItems: [{ Get: { TableName, Key } }] }));
    await send(new BatchGetCommand({ RequestItems: { [TableName]: { Keys: [Key] } } }));
    expect(db.asked.map(({ action, resource }) => [action, resource.slice(ARN.length - 6)])).toEqual([
      ["dynamodb:GetItem", "things"],
      ["dynamodb:Query", "things/index/due"],
      ["dynamodb:PutItem", "things"],
      ["dynamodb:UpdateItem", "things"],
      ["dynamodb:DeleteItem", "things"],
      ["dynamodb:ConditionCheckItem", "plain"],
      ["dynamodb:GetItem", "things"],
      ["dynamodb:BatchGetItem", "things"],
    ]);
    const keys = db.asked.map(({ context }) => context?.["dynamodb:leadingkeys"]);
    // A query on an index is judged by the index's partition key.
    expect(keys).toEqual([["p"], ["x"], ["t"], ["t"], ["t"], ["p"], ["p"], ["p"]]);
    expect(db.asked[2]?.context).toEqual({
      "dynamodb:enclosingoperation": "TransactWriteItems",
      "dynamodb:leadingkeys": ["t"],
    });
  });

  test("comes before everything else, and a refusal is AWS's", async () => {
    const { answer, text } = await rpc("PutItem", JSON.stringify({ TableName: REFUSED }));
    expect(answer.status).toBe(400);
    expect(JSON.parse(text)).toEqual({
      __type: "com.amazon.coral.service#AccessDeniedException",
      Message: `no dynamodb:PutItem on ${ARN.replace("things", REFUSED)}`,
    });
  });
});

describe("capacity", () => {
  const blob = (bytes: number) => ({ x: "x".repeat(bytes) });
  const units = () => {
    const { readUnits, writeUnits } = db.traces.at(-1) ?? {};
    return { readUnits, writeUnits };
  };
  const plain = (pk: string) => ({ TableName: "plain", Key: { pk, sk: "a" } });

  test("writes count whole KB of the larger item", async () => {
    const put = (bytes: number) =>
      send(
        new PutCommand({
          TableName: "plain",
          Item: { pk: "w", sk: "a", ...blob(bytes) },
          ReturnConsumedCapacity: "TOTAL",
        }),
      );
    expect((await put(100)).ConsumedCapacity).toEqual({
      TableName: "plain",
      CapacityUnits: 1,
      WriteCapacityUnits: 1,
    });
    expect((await put(3000)).ConsumedCapacity?.CapacityUnits).toBe(3);
    expect((await put(10)).ConsumedCapacity?.CapacityUnits).toBe(3);
    expect(units()).toEqual({ readUnits: undefined, writeUnits: 3 });
    await send(new DeleteCommand(plain("never")));
    expect(units().writeUnits).toBe(1);
  });

  test("a failed condition consumes what is there", async () => {
    await send(new PutCommand({ TableName: "plain", Item: { pk: "f", sk: "a", ...blob(2500) } }));
    const refused = send(
      new PutCommand({
        TableName: "plain",
        Item: { pk: "f", sk: "a" },
        ConditionExpression: "attribute_not_exists(pk)",
      }),
    );
    await expect(refused).rejects.toThrow("The conditional request failed");
    expect(units().writeUnits).toBe(3);
  });

  test("index entries are written when they change", async () => {
    const key = { TableName, Key: { pk: "g", sk: "a" }, ReturnConsumedCapacity: "INDEXES" as const };
    const set = (name: string, value: unknown) =>
      send(
        new UpdateCommand({
          ...key,
          UpdateExpression: "SET #n = :v",
          ExpressionAttributeNames: { "#n": name },
          ExpressionAttributeValues: { ":v": value },
        }),
      );
    expect((await set("due_sk", "1")).ConsumedCapacity).toEqual({
      TableName,
      CapacityUnits: 1,
      WriteCapacityUnits: 1,
      Table: { CapacityUnits: 1 },
    });
    expect((await set("due_pk", "d")).ConsumedCapacity).toEqual({
      TableName,
      CapacityUnits: 2,
      WriteCapacityUnits: 2,
      Table: { CapacityUnits: 1 },
      GlobalSecondaryIndexes: { due: { CapacityUnits: 1 } },
    });
    expect((await set("other", 1)).ConsumedCapacity?.CapacityUnits).toBe(2);
    expect((await set("other", 1)).ConsumedCapacity?.CapacityUnits).toBe(1);
    expect((await set("due_sk", "2")).ConsumedCapacity?.CapacityUnits).toBe(3); // out of the index and in again
  });

  test("reads count 4 KB, half if eventually consistent, double in transactions", async () => {
    await send(new PutCommand({ TableName: "plain", Item: { pk: "r", sk: "a", ...blob(5000) } }));
    await send(new GetCommand(plain("r")));
    expect(units()).toEqual({ readUnits: 1, writeUnits: undefined });
    await send(new GetCommand({ ...plain("r"), ConsistentRead: true }));
    expect(units().readUnits).toBe(2);
    await send(new GetCommand(plain("never")));
    expect(units().readUnits).toBe(0.5);
    const read = await send(
      new TransactGetCommand({
        TransactItems: [{ Get: plain("r") }, { Get: plain("never") }],
        ReturnConsumedCapacity: "TOTAL",
      }),
    );
    expect(read.ConsumedCapacity).toEqual([{ TableName: "plain", CapacityUnits: 6, ReadCapacityUnits: 6 }]);
    await send(
      new BatchGetCommand({ RequestItems: { plain: { Keys: [plain("r").Key, plain("never").Key] } } }),
    );
    expect(units().readUnits).toBe(1.5);
  });

  test("queries add bytes up before they round", async () => {
    for (const sk of ["1", "2", "3", "4"]) {
      await send(new PutCommand({ TableName: "plain", Item: { pk: "q", sk, ...blob(1000) } }));
    }
    const query = (more: object) =>
      send(
        new QueryCommand({
          TableName: "plain",
          KeyConditionExpression: "pk = :p",
          ExpressionAttributeValues: { ":p": "q" },
          ...more,
        }),
      );
    await query({});
    expect(units().readUnits).toBe(0.5);
    await query({ ConsistentRead: true, FilterExpression: "attribute_not_exists(x)" });
    expect(units().readUnits).toBe(1);
  });

  test("transactions write twice, and a repeated one reads", async () => {
    const write = () =>
      send(
        new TransactWriteCommand({
          ClientRequestToken: "again",
          TransactItems: [
            { Put: { TableName: "plain", Item: { pk: "t", sk: "a" } } },
            { ConditionCheck: { ...plain("x"), ConditionExpression: "attribute_not_exists(pk)" } },
          ],
          ReturnConsumedCapacity: "TOTAL",
        }),
      );
    expect((await write()).ConsumedCapacity).toEqual([
      { TableName: "plain", CapacityUnits: 4, WriteCapacityUnits: 4 },
    ]);
    expect(units()).toEqual({ readUnits: undefined, writeUnits: 4 });
    expect((await write()).ConsumedCapacity).toEqual([
      { TableName: "plain", CapacityUnits: 4, ReadCapacityUnits: 4 },
    ]);
    expect(units()).toEqual({ readUnits: 4, writeUnits: undefined });
  });
});

describe("what a table says of itself", () => {
  test("its keys, indexes, stream and protection", async () => {
    const { Table } = await db.client.send(new DescribeTableCommand({ TableName }));
    expect(Table).toMatchObject({
      TableName,
      TableArn: ARN,
      TableStatus: "ACTIVE",
      KeySchema: things.keySchema,
      BillingModeSummary: { BillingMode: "PAY_PER_REQUEST" },
      GlobalSecondaryIndexes: [{ IndexName: "due", IndexStatus: "ACTIVE", IndexArn: `${ARN}/index/due` }],
      StreamSpecification: { StreamEnabled: true, StreamViewType: "NEW_IMAGE" },
      LatestStreamArn: db.service.stream(TableName).arn,
      DeletionProtectionEnabled: false,
    });
    expect(Table?.CreationDateTime).toBeInstanceOf(Date);
    const missing = db.client.send(new DescribeTableCommand({ TableName: "absent" }));
    await expect(missing).rejects.toMatchObject({
      name: "ResourceNotFoundException",
      message: "Requested resource not found: Table: absent not found",
    });
  });

  test("its neighbours, page by page", async () => {
    const first = await db.client.send(new ListTablesCommand({ Limit: 1 }));
    expect(first).toMatchObject({ TableNames: ["plain"], LastEvaluatedTableName: "plain" });
    const second = await db.client.send(new ListTablesCommand({ ExclusiveStartTableName: "plain" }));
    expect(second.TableNames).toEqual([TableName]);
    expect(second.LastEvaluatedTableName).toBeUndefined();
  });

  test("its backups", async () => {
    const { ContinuousBackupsDescription } = await db.client.send(
      new DescribeContinuousBackupsCommand({ TableName }),
    );
    expect(ContinuousBackupsDescription?.PointInTimeRecoveryDescription?.PointInTimeRecoveryStatus).toBe(
      "ENABLED",
    );
  });

  test("its time to live, which can be changed", async () => {
    const describe = async () =>
      (await db.client.send(new DescribeTimeToLiveCommand({ TableName: "plain" }))).TimeToLiveDescription;
    const update = (AttributeName: string, Enabled: boolean) =>
      db.client.send(
        new UpdateTimeToLiveCommand({
          TableName: "plain",
          TimeToLiveSpecification: { AttributeName, Enabled },
        }),
      );
    expect(await describe()).toEqual({ TimeToLiveStatus: "ENABLED", AttributeName: "ttl" });
    await expect(update("gone_at", true)).rejects.toThrow("current AttributeName is ttl");
    await update("ttl", false);
    expect(await describe()).toEqual({ TimeToLiveStatus: "DISABLED" });
    await send(
      new PutCommand({
        TableName: "plain",
        Item: { pk: "ttl", sk: "a", gone_at: Math.floor(Date.now() / 1000) - 60 },
      }),
    );
    expect(db.service.runTtl()).toBe(0);
    await update("gone_at", true);
    expect(db.service.runTtl()).toBe(1);
  });
});

test("tables that a template describes are changed by it alone", async () => {
  const { answer, text } = await rpc("DeleteTable", JSON.stringify({ TableName }));
  expect(answer.status).toBe(400);
  expect(text).toContain("has no operation 'DeleteTable'");
});

describe("a table of a client's own", () => {
  let own: Harness;
  beforeAll(async () => {
    own = await startDynamoDb({ clientsTables: true });
  });
  afterAll(() => own.close());
  const name = "own";
  const make = (more: object = {}) =>
    own.client.send(
      new CreateTableCommand({
        TableName: name,
        AttributeDefinitions: [
          { AttributeName: "pk", AttributeType: "S" },
          { AttributeName: "by", AttributeType: "N" },
        ],
        KeySchema: [{ AttributeName: "pk", KeyType: "HASH" }],
        GlobalSecondaryIndexes: [
          {
            IndexName: "by",
            KeySchema: [{ AttributeName: "by", KeyType: "HASH" }],
            Projection: { ProjectionType: "KEYS_ONLY" },
          },
        ],
        StreamSpecification: { StreamEnabled: true, StreamViewType: "NEW_IMAGE" },
        BillingMode: "PAY_PER_REQUEST",
        ...more,
      }),
    );
  const remove = () => own.client.send(new DeleteTableCommand({ TableName: name }));

  test("is made, used and removed with its items and its stream", async () => {
    const { TableDescription } = await make();
    expect(TableDescription).toMatchObject({ TableStatus: "ACTIVE", TableName: name });
    expect(TableDescription?.GlobalSecondaryIndexes).toMatchObject([{ IndexName: "by" }]);
    await expect(make()).rejects.toMatchObject({ name: "ResourceInUseException" });
    await own.documents.send(new PutCommand({ TableName: name, Item: { pk: "p", by: 1 } }));
    expect(own.service.stream(name).latest()).toBeDefined();
    expect((await remove()).TableDescription?.TableStatus).toBe("DELETING");
    await expect(remove()).rejects.toMatchObject({ name: "ResourceNotFoundException" });

    await make();
    const found = await own.documents.send(new GetCommand({ TableName: name, Key: { pk: "p" } }));
    expect(found.Item).toBeUndefined();
    expect(own.service.stream(name).latest()).toBeUndefined();
    await remove();
  });

  test("stays where it is protected, and isn't made where it makes no sense", async () => {
    await make({ DeletionProtectionEnabled: true });
    await expect(remove()).rejects.toMatchObject({ name: "ValidationException" });
    await expect(make({ TableName: "?" })).rejects.toMatchObject({ name: "ValidationException" });
    const KeySchema = [{ AttributeName: "other", KeyType: "HASH" }];
    await expect(make({ TableName: "odd", KeySchema })).rejects.toMatchObject({
      name: "ValidationException",
    });
  });
});
