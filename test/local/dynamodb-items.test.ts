import { GetItemCommand, PutItemCommand } from "@aws-sdk/client-dynamodb";
import {
  BatchGetCommand,
  BatchWriteCommand,
  DeleteCommand,
  GetCommand,
  PutCommand,
  UpdateCommand,
} from "@aws-sdk/lib-dynamodb";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { type Harness, startDynamoDb, things } from "./dynamodb-support.ts";

const TableName = "things";
let db: Harness;
beforeAll(async () => {
  const numbered = {
    ...things,
    name: "numbered",
    attributeDefinitions: [
      { AttributeName: "pk", AttributeType: "N" },
      { AttributeName: "sk", AttributeType: "B" },
    ],
    gsis: [],
  };
  db = await startDynamoDb({ tables: [things, numbered] });
});
afterAll(() => db.close());

let counter = 0;
const freshKey = () => ({ pk: `item-${++counter}`, sk: "a" });
const put = (Item: Record<string, unknown>, more: object = {}) =>
  db.documents.send(new PutCommand({ TableName, Item, ...more }));
const get = async (Key: Record<string, unknown>) =>
  (await db.documents.send(new GetCommand({ TableName, Key }))).Item;

describe("single items", () => {
  test("an item of every type comes back as it was", async () => {
    const Item = {
      pk: { S: "types" },
      sk: { S: "é\u{1f600}" },
      number: { N: "-12345678901234567890.123456789012345678" },
      binary: { B: new Uint8Array([0, 1, 255]) },
      yes: { BOOL: true },
      nothing: { NULL: true as const },
      empty: { S: "" },
      map: { M: { "a.b": { L: [{ N: "1" }, { M: {} }] } } },
      strings: { SS: ["b", "a"] },
      numbers: { NS: ["3", "1.5"] },
      binaries: { BS: [new Uint8Array([1]), new Uint8Array([2])] },
    };
    await db.client.send(new PutItemCommand({ TableName, Item }));
    const { Item: found } = await db.client.send(
      new GetItemCommand({ TableName, Key: { pk: Item.pk, sk: Item.sk }, ConsistentRead: true }),
    );
    expect(found).toEqual(Item);
  });

  test("an attribute may be called __proto__ or constructor", async () => {
    const Key = { pk: { S: "names" }, sk: { S: "a" } };
    const odd = JSON.parse('{"__proto__": {"S": "x"}, "constructor": {"S": "y"}}');
    const answer = await rpc("PutItem", { TableName, Item: Object.assign(odd, Key) });
    expect(answer.status).toBe(200);
    const found = await rpc("GetItem", { TableName, Key });
    expect(found.text).toContain('"__proto__":{"S":"x"},"constructor":{"S":"y"}');
  });

  test("put and delete answer the old item", async () => {
    const key = freshKey();
    const old = (more: object) => ({ ReturnValues: "ALL_OLD", ...more });
    expect((await put({ ...key, n: 1 }, old({}))).Attributes).toBeUndefined();
    expect((await put({ ...key, n: 2 }, old({}))).Attributes).toEqual({ ...key, n: 1 });
    const gone = await db.documents.send(new DeleteCommand({ TableName, Key: key, ReturnValues: "ALL_OLD" }));
    expect(gone.Attributes).toEqual({ ...key, n: 2 });
    expect(await get(key)).toBeUndefined();
  });

  test("a failed condition shows the item that is there, if asked to", async () => {
    const key = freshKey();
    await put({ ...key, n: 1 });
    const refused = put({ ...key, n: 2 }, { ConditionExpression: "attribute_not_exists(pk)" });
    await expect(refused).rejects.toMatchObject({
      name: "ConditionalCheckFailedException",
      message: "The conditional request failed",
      Item: undefined,
    });
    const shown = db.documents.send(
      new UpdateCommand({
        TableName,
        Key: key,
        UpdateExpression: "SET n = :n",
        ConditionExpression: "n > :n",
        ExpressionAttributeValues: { ":n": 5 },
        ReturnValuesOnConditionCheckFailure: "ALL_OLD",
      }),
    );
    await expect(shown).rejects.toMatchObject({
      Item: { pk: { S: key.pk }, sk: { S: "a" }, n: { N: "1" } },
    });
    const nothing = db.documents.send(
      new DeleteCommand({
        TableName,
        Key: freshKey(),
        ConditionExpression: "attribute_exists(pk)",
        ReturnValuesOnConditionCheckFailure: "ALL_OLD",
      }),
    );
    await expect(nothing).rejects.toMatchObject({ Item: undefined });
    expect(await get(key)).toEqual({ ...key, n: 1 });
  });

  test("a projection takes parts, also of documents", async () => {
    const key = freshKey();
    await put({ ...key, a: { b: [10, 20, 30], c: 1 }, size: 7, z: 0 });
    const { Item } = await db.documents.send(
      new GetCommand({
        TableName,
        Key: key,
        ProjectionExpression: "pk, a.b[2], a.b[0], #size, gone.x",
        ExpressionAttributeNames: { "#size": "size" },
      }),
    );
    expect(Item).toEqual({ pk: key.pk, a: { b: [10, 30] }, size: 7 });
  });

  test("number and binary keys are the same however they are written", async () => {
    const sk = new Uint8Array([0, 255]);
    const raw = (pk: string) => ({ pk: { N: pk }, sk: { B: sk } });
    await db.client.send(new PutItemCommand({ TableName: "numbered", Item: raw("10.0") }));
    const { Item } = await db.client.send(new GetItemCommand({ TableName: "numbered", Key: raw("1e1") }));
    expect(Item).toEqual(raw("10"));
  });
});

describe("batches", () => {
  test("write and read many items, whatever is there", async () => {
    const keys = Array.from({ length: 25 }, freshKey);
    const [first, ...others] = keys;
    await db.documents.send(
      new BatchWriteCommand({
        RequestItems: { [TableName]: keys.map((key, n) => ({ PutRequest: { Item: { ...key, n } } })) },
      }),
    );
    await db.documents.send(
      new BatchWriteCommand({ RequestItems: { [TableName]: [{ DeleteRequest: { Key: first } }] } }),
    );
    const { Responses, UnprocessedKeys } = await db.documents.send(
      new BatchGetCommand({ RequestItems: { [TableName]: { Keys: keys, ProjectionExpression: "pk" } } }),
    );
    expect(Responses?.[TableName]?.map(({ pk }) => pk).sort()).toEqual(others.map(({ pk }) => pk).sort());
    expect(UnprocessedKeys).toEqual({});
  });

  test("an answer of more than 16 MB leaves keys unprocessed", async () => {
    const keys = Array.from({ length: 50 }, freshKey);
    for (const key of keys) await put({ ...key, blob: "x".repeat(390 * 1024) });
    const { Responses, UnprocessedKeys } = await db.documents.send(
      new BatchGetCommand({ RequestItems: { [TableName]: { Keys: keys } } }),
    );
    expect(Responses?.[TableName]).toHaveLength(42);
    expect(UnprocessedKeys?.[TableName]?.Keys).toEqual(keys.slice(42));
  });
});

describe("a request that DynamoDB refuses", () => {
  const Item = { pk: { S: "x" }, sk: { S: "y" } };
  const validation = "com.amazon.coral.validate#ValidationException";
  const serialization = "com.amazon.coral.service#SerializationException";
  const cases: [operation: string, input: object, type: string, message: string][] = [
    [
      "PutItem",
      { Item },
      validation,
      "Value null at 'tableName' failed to satisfy constraint: Member must not be null",
    ],
    [
      "PutItem",
      { TableName: "a", Item },
      validation,
      "Value 'a' at 'tableName' failed to satisfy constraint",
    ],
    [
      "PutItem",
      { TableName: "absent", Item },
      "com.amazonaws.dynamodb.v20120810#ResourceNotFoundException",
      "Requested resource not found",
    ],
    ["PutItem", { TableName }, validation, "Value null at 'item'"],
    ["PutItem", { TableName, Item: [] }, serialization, "Unexpected value type in payload"],
    [
      "PutItem",
      { TableName, Item: { pk: { S: "x" } } },
      validation,
      "One or more parameter values were invalid: Missing the key sk in the item",
    ],
    [
      "PutItem",
      { TableName, Item: { ...Item, sk: { N: "1" } } },
      validation,
      "Type mismatch for key sk expected: S actual: N",
    ],
    [
      "PutItem",
      { TableName, Item: { ...Item, sk: { S: "" } } },
      validation,
      "The AttributeValue for a key attribute cannot contain an empty string value. Key: sk",
    ],
    [
      "PutItem",
      { TableName, Item: { ...Item, pk: { S: "é".repeat(1025) } } },
      validation,
      "Size of hashkey has exceeded the maximum size limit of2048 bytes",
    ],
    [
      "PutItem",
      { TableName, Item: { ...Item, sk: { S: "x".repeat(1025) } } },
      validation,
      "Aggregated size of all range keys has exceeded the size limit of 1024 bytes",
    ],
    [
      "PutItem",
      { TableName, Item: { ...Item, x: { S: "x".repeat(409_600) } } },
      validation,
      "Item size has exceeded the maximum allowed size",
    ],
    [
      "PutItem",
      { TableName, Item: { ...Item, x: {} } },
      validation,
      "Supplied AttributeValue is empty, must contain exactly one of the supported datatypes",
    ],
    [
      "PutItem",
      { TableName, Item: { ...Item, x: { S: "a", N: "1" } } },
      validation,
      "Supplied AttributeValue has more than one datatypes set",
    ],
    [
      "PutItem",
      { TableName, Item: { ...Item, x: { N: 1 } } },
      serialization,
      "can not be converted to a String",
    ],
    [
      "PutItem",
      { TableName, Item: { ...Item, x: { B: "?" } } },
      serialization,
      "can not be converted to a Blob",
    ],
    [
      "PutItem",
      { TableName, Item: { ...Item, x: { SS: [] } } },
      validation,
      "An string set  may not be empty",
    ],
    [
      "PutItem",
      { TableName, Item: { ...Item, x: { NS: ["1", "1.0"] } } },
      validation,
      "Input collection [1, 1] contains duplicates.",
    ],
    [
      "PutItem",
      { TableName, Item: { ...Item, x: { NULL: false } } },
      validation,
      "Null attribute value types must have the value of true",
    ],
    [
      "PutItem",
      { TableName, Item: { ...Item, x: nest(33) } },
      validation,
      "Nesting Levels have exceeded supported limits",
    ],
    [
      "PutItem",
      { TableName, Item: { ...Item, due_pk: { N: "1" } } },
      validation,
      "Type mismatch for Index Key due_pk Expected: S Actual: N IndexName: due",
    ],
    [
      "PutItem",
      { TableName, Item, ReturnValues: "ALL_NEW" },
      validation,
      "Return values set to invalid value",
    ],
    [
      "PutItem",
      { TableName, Item, ReturnValues: "SOME" },
      validation,
      "Value 'SOME' at 'returnValues' failed to satisfy constraint: Member must satisfy enum value set",
    ],
    ["PutItem", { TableName, Item, Expected: {} }, validation, "Expected is unsupported here"],
    [
      "PutItem",
      { TableName, Item, ExpressionAttributeNames: { "#a": "a" } },
      validation,
      "ExpressionAttributeNames can only be specified when using expressions",
    ],
    [
      "PutItem",
      { TableName, Item, ExpressionAttributeValues: { ":a": { S: "a" } } },
      validation,
      "ExpressionAttributeValues can only be specified when using expressions: ConditionExpression is null",
    ],
    [
      "PutItem",
      { TableName, Item, ConditionExpression: "a = :a", ExpressionAttributeValues: {} },
      validation,
      "ExpressionAttributeValues must not be empty",
    ],
    [
      "PutItem",
      { TableName, Item, ConditionExpression: "a = :a", ExpressionAttributeValues: { ":a": { N: "x" } } },
      validation,
      "ExpressionAttributeValues contains invalid value: The parameter cannot be converted to a numeric value: x for key :a",
    ],
    [
      "UpdateItem",
      { TableName, Key: Item, AttributeUpdates: {} },
      validation,
      "AttributeUpdates is unsupported here",
    ],
    [
      "GetItem",
      { TableName, Key: { pk: { S: "x" } } },
      validation,
      "The provided key element does not match the schema",
    ],
    [
      "GetItem",
      { TableName, Key: { ...Item, z: { S: "x" } } },
      validation,
      "The provided key element does not match the schema",
    ],
    [
      "GetItem",
      { TableName, Key: { ...Item, sk: { N: "1" } } },
      validation,
      "The provided key element does not match the schema",
    ],
    [
      "GetItem",
      { TableName, Key: Item, ConsistentRead: "yes" },
      serialization,
      "can not be converted to a Boolean",
    ],
    [
      "GetItem",
      { TableName, Key: Item, ProjectionExpression: "a, a.b" },
      validation,
      "Invalid ProjectionExpression: Two document paths overlap with each other",
    ],
    ["BatchGetItem", { RequestItems: {} }, validation, "at 'requestItems'"],
    [
      "BatchGetItem",
      { RequestItems: { [TableName]: { Keys: [Item, Item] } } },
      validation,
      "Provided list of item keys contains duplicates",
    ],
    [
      "BatchGetItem",
      { RequestItems: { [TableName]: { Keys: Array(101).fill(Item) } } },
      validation,
      "Member must have length less than or equal to 100",
    ],
    [
      "BatchWriteItem",
      { RequestItems: { [TableName]: [{ PutRequest: { Item } }, { DeleteRequest: { Key: Item } }] } },
      validation,
      "Provided list of item keys contains duplicates",
    ],
    [
      "BatchWriteItem",
      { RequestItems: { [TableName]: Array(26).fill({ PutRequest: { Item } }) } },
      validation,
      "Member must have length less than or equal to 25",
    ],
    [
      "BatchWriteItem",
      { RequestItems: { [TableName]: [{}] } },
      validation,
      "exactly one of PutRequest and DeleteRequest",
    ],
    [
      "DeleteEverything",
      {},
      "com.amazon.coral.service#UnknownOperationException",
      "The local DynamoDB has no operation 'DeleteEverything'",
    ],
  ];
  const titled = cases.map(([operation, input, type, message]) => ({ operation, input, type, message }));
  test.each(titled)("$operation: $message", async ({ operation, input, type, message }) => {
    const answer = await rpc(operation, input);
    const { __type, message: lower, Message: upper } = JSON.parse(answer.text);
    expect({ status: answer.status, __type, message: lower ?? upper }).toEqual({
      status: 400,
      __type: type,
      message: expect.stringContaining(message),
    });
  });
});

function nest(depth: number): object {
  return depth === 0 ? { S: "deep" } : { L: [nest(depth - 1)] };
}

async function rpc(operation: string, input: object) {
  const answer = await fetch(db.url, {
    method: "POST",
    headers: { "x-amz-target": `DynamoDB_20120810.${operation}` },
    body: JSON.stringify(input),
  });
  return { status: answer.status, text: await answer.text() };
}
