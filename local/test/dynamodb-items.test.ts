import { GetItemCommand, PutItemCommand } from "@aws-sdk/client-dynamodb";
import { BatchGetCommand, PutCommand } from "@aws-sdk/lib-dynamodb";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { itemCases } from "./conformance/dynamodb/items.ts";
import { callRaw, caseTables, freshKey, things } from "./conformance/dynamodb/target.ts";
import { type Harness, startDynamoDb } from "./dynamodb-support.ts";

const TableName = "things";
let db: Harness;
beforeAll(async () => {
  const keyed = {
    ...things,
    name: "keyed",
    attributeDefinitions: [
      { AttributeName: "pk", AttributeType: "N" },
      { AttributeName: "sk", AttributeType: "B" },
    ],
    gsis: [],
  };
  db = await startDynamoDb({ tables: [...caseTables, keyed] });
});
afterAll(() => db.close());

describe("an item", () => {
  for (const { name, behaviours, check } of itemCases) test(name, { tags: [...behaviours] }, () => check(db));

  test("may have attributes that are called __proto__ and constructor", async () => {
    const Key = { pk: { S: "names" }, sk: { S: "a" } };
    const odd = JSON.parse('{"__proto__": {"S": "x"}, "constructor": {"S": "y"}}');
    const put = await callRaw(db, "PutItem", { TableName, Item: Object.assign(odd, Key) });
    expect(put.status).toBe(200);
    const found = await callRaw(db, "GetItem", { TableName, Key });
    expect(JSON.stringify(found.answer)).toContain('"__proto__":{"S":"x"},"constructor":{"S":"y"}');
  });

  test("has number and binary keys that are the same however they are written", async () => {
    const sk = new Uint8Array([0, 255]);
    const raw = (pk: string) => ({ pk: { N: pk }, sk: { B: sk } });
    await db.client.send(new PutItemCommand({ TableName: "keyed", Item: raw("10.0") }));
    const { Item } = await db.client.send(new GetItemCommand({ TableName: "keyed", Key: raw("1e1") }));
    expect(Item).toEqual(raw("10"));
  });
});

test("an answer of more than 16 MB leaves keys unprocessed", async () => {
  const keys = Array.from({ length: 50 }, freshKey);
  const blob = "x".repeat(390 * 1024);
  for (const key of keys) await db.documents.send(new PutCommand({ TableName, Item: { ...key, blob } }));
  const { Responses, UnprocessedKeys } = await db.documents.send(
    new BatchGetCommand({ RequestItems: { [TableName]: { Keys: keys } } }),
  );
  expect(Responses?.[TableName]).toHaveLength(42);
  expect(UnprocessedKeys?.[TableName]?.Keys).toEqual(keys.slice(42));
});

describe("what DynamoDB knows and the local one doesn't is refused by name", () => {
  const Key = { pk: { S: "x" }, sk: { S: "y" } };
  test.each([
    ["PutItem", { TableName, Item: Key, Expected: {} }, "Expected is unsupported here"],
    ["UpdateItem", { TableName, Key, AttributeUpdates: {} }, "AttributeUpdates is unsupported here"],
    ["DeleteEverything", {}, "The local DynamoDB has no operation 'DeleteEverything'"],
  ])("%s %j", async (operation, input, message) => {
    const { status, answer } = await callRaw(db, operation, input);
    expect([status, answer["message"] ?? answer["Message"]]).toEqual([400, expect.stringContaining(message)]);
  });
});
