/** Items put, read, deleted and batched, and what is refused before it comes to that. */
import assert from "node:assert/strict";
import { ConditionalCheckFailedException } from "@aws-sdk/client-dynamodb";
import {
  BatchGetCommand,
  BatchWriteCommand,
  DeleteCommand,
  GetCommand,
  PutCommand,
  UpdateCommand,
} from "@aws-sdk/lib-dynamodb";
import { type Case, numbered } from "../case.ts";
import { callRaw, type DynamoTarget, freshKey } from "./target.ts";

const TableName = "things";
const Item = { pk: { S: "x" }, sk: { S: "y" } };
const VALIDATION = "ValidationException";
const SERIALIZATION = "SerializationException";

type Refusal = readonly [operation: string, input: object, name: string, message: string];

const limits: readonly Refusal[] = [
  [
    "PutItem",
    { TableName, Item: { ...Item, sk: { S: "" } } },
    VALIDATION,
    "The AttributeValue for a key attribute cannot contain an empty string value. Key: sk",
  ],
  [
    "PutItem",
    { TableName, Item: { ...Item, pk: { S: "é".repeat(1025) } } },
    VALIDATION,
    "Size of hashkey has exceeded the maximum size limit of2048 bytes",
  ],
  [
    "PutItem",
    { TableName, Item: { ...Item, sk: { S: "x".repeat(1025) } } },
    VALIDATION,
    "Aggregated size of all range keys has exceeded the size limit of 1024 bytes",
  ],
  [
    "PutItem",
    { TableName, Item: { ...Item, x: { S: "x".repeat(409_600) } } },
    VALIDATION,
    "Item size has exceeded the maximum allowed size",
  ],
  [
    "PutItem",
    { TableName, Item: { ...Item, x: nest(33) } },
    VALIDATION,
    "Nesting Levels have exceeded supported limits",
  ],
  [
    "BatchGetItem",
    { RequestItems: { [TableName]: { Keys: Array(101).fill(Item) } } },
    VALIDATION,
    "Member must have length less than or equal to 100",
  ],
  [
    "BatchWriteItem",
    { RequestItems: { [TableName]: Array(26).fill({ PutRequest: { Item } }) } },
    VALIDATION,
    "Member must have length less than or equal to 25",
  ],
];

const malformed: readonly Refusal[] = [
  [
    "PutItem",
    { Item },
    VALIDATION,
    "Value null at 'tableName' failed to satisfy constraint: Member must not be null",
  ],
  ["PutItem", { TableName: "a", Item }, VALIDATION, "Value 'a' at 'tableName' failed to satisfy constraint"],
  ["PutItem", { TableName: "absent", Item }, "ResourceNotFoundException", "Requested resource not found"],
  ["PutItem", { TableName }, VALIDATION, "Value null at 'item'"],
  ["PutItem", { TableName, Item: [] }, SERIALIZATION, "Unexpected value type in payload"],
  [
    "PutItem",
    { TableName, Item: { pk: { S: "x" } } },
    VALIDATION,
    "One or more parameter values were invalid: Missing the key sk in the item",
  ],
  [
    "PutItem",
    { TableName, Item: { ...Item, sk: { N: "1" } } },
    VALIDATION,
    "Type mismatch for key sk expected: S actual: N",
  ],
  [
    "PutItem",
    { TableName, Item: { ...Item, x: {} } },
    VALIDATION,
    "Supplied AttributeValue is empty, must contain exactly one of the supported datatypes",
  ],
  [
    "PutItem",
    { TableName, Item: { ...Item, x: { S: "a", N: "1" } } },
    VALIDATION,
    "Supplied AttributeValue has more than one datatypes set",
  ],
  [
    "PutItem",
    { TableName, Item: { ...Item, x: { N: 1 } } },
    SERIALIZATION,
    "can not be converted to a String",
  ],
  [
    "PutItem",
    { TableName, Item: { ...Item, x: { B: "?" } } },
    SERIALIZATION,
    "can not be converted to a Blob",
  ],
  ["PutItem", { TableName, Item: { ...Item, x: { SS: [] } } }, VALIDATION, "An string set  may not be empty"],
  [
    "PutItem",
    { TableName, Item: { ...Item, x: { NS: ["1", "1.0"] } } },
    VALIDATION,
    "Input collection [1, 1] contains duplicates.",
  ],
  [
    "PutItem",
    { TableName, Item: { ...Item, x: { NULL: false } } },
    VALIDATION,
    "Null attribute value types must have the value of true",
  ],
  [
    "PutItem",
    { TableName, Item: { ...Item, due_pk: { N: "1" } } },
    VALIDATION,
    "Type mismatch for Index Key due_pk Expected: S Actual: N IndexName: due",
  ],
  ["PutItem", { TableName, Item, ReturnValues: "ALL_NEW" }, VALIDATION, "Return values set to invalid value"],
  [
    "PutItem",
    { TableName, Item, ReturnValues: "SOME" },
    VALIDATION,
    "Value 'SOME' at 'returnValues' failed to satisfy constraint: Member must satisfy enum value set",
  ],
  [
    "PutItem",
    { TableName, Item, ExpressionAttributeNames: { "#a": "a" } },
    VALIDATION,
    "ExpressionAttributeNames can only be specified when using expressions",
  ],
  [
    "PutItem",
    { TableName, Item, ExpressionAttributeValues: { ":a": { S: "a" } } },
    VALIDATION,
    "ExpressionAttributeValues can only be specified when using expressions: ConditionExpression is null",
  ],
  [
    "PutItem",
    { TableName, Item, ConditionExpression: "a = :a", ExpressionAttributeValues: {} },
    VALIDATION,
    "ExpressionAttributeValues must not be empty",
  ],
  [
    "PutItem",
    { TableName, Item, ConditionExpression: "a = :a", ExpressionAttributeValues: { ":a": { N: "x" } } },
    VALIDATION,
    "ExpressionAttributeValues contains invalid value: The parameter cannot be converted to a numeric value: x for key :a",
  ],
  [
    "GetItem",
    { TableName, Key: { pk: { S: "x" } } },
    VALIDATION,
    "The provided key element does not match the schema",
  ],
  [
    "GetItem",
    { TableName, Key: { ...Item, z: { S: "x" } } },
    VALIDATION,
    "The provided key element does not match the schema",
  ],
  [
    "GetItem",
    { TableName, Key: { ...Item, sk: { N: "1" } } },
    VALIDATION,
    "The provided key element does not match the schema",
  ],
  [
    "GetItem",
    { TableName, Key: Item, ConsistentRead: "yes" },
    SERIALIZATION,
    "can not be converted to a Boolean",
  ],
  [
    "GetItem",
    { TableName, Key: Item, ProjectionExpression: "a, a.b" },
    VALIDATION,
    "Invalid ProjectionExpression: Two document paths overlap with each other",
  ],
  ["BatchGetItem", { RequestItems: {} }, VALIDATION, "at 'requestItems'"],
  [
    "BatchGetItem",
    { RequestItems: { [TableName]: { Keys: [Item, Item] } } },
    VALIDATION,
    "Provided list of item keys contains duplicates",
  ],
  [
    "BatchWriteItem",
    { RequestItems: { [TableName]: [{ PutRequest: { Item } }, { DeleteRequest: { Key: Item } }] } },
    VALIDATION,
    "Provided list of item keys contains duplicates",
  ],
  [
    "BatchWriteItem",
    { RequestItems: { [TableName]: [{}] } },
    VALIDATION,
    "exactly one of PutRequest and DeleteRequest",
  ],
];

function nest(depth: number): object {
  return depth === 0 ? { S: "deep" } : { L: [nest(depth - 1)] };
}

/** As it is written on the wire, since no SDK sends most of these. */
async function isRefusedRaw(target: DynamoTarget, [operation, input, name, words]: Refusal): Promise<void> {
  const { status, answer } = await callRaw(target, operation, input);
  assert.equal(status, 400, JSON.stringify(answer));
  assert.equal(String(answer["__type"]).split("#").at(-1), name);
  const message = String(answer["message"] ?? answer["Message"]);
  if (target.ownWords !== false) assert(message.includes(words), `${message}; AWS: ${words}`);
}

const refusalsOf = (rows: readonly Refusal[], behaviours: Case<DynamoTarget>["behaviours"]) =>
  rows.map((row) => ({
    name: `refused: ${row[0]}: ${row[3]}`,
    behaviours,
    check: (target: DynamoTarget) => isRefusedRaw(target, row),
  }));

const behaviours = ["dynamodb.expressions"] as const;
const CONDITIONAL = ["dynamodb.conditional-write"] as const;

const written: readonly Case<DynamoTarget>[] = [
  {
    name: "an item of every type comes back as it was",
    behaviours,
    async check(target) {
      const { pk, sk } = freshKey();
      const every = {
        pk: { S: pk },
        sk: { S: sk },
        text: { S: "é\u{1f600}" },
        number: { N: "-12345678901234567890.123456789012345678" },
        binary: { B: "AAH/" },
        yes: { BOOL: true },
        nothing: { NULL: true },
        empty: { S: "" },
        map: { M: { "a.b": { L: [{ N: "1" }, { M: {} }] } } },
        strings: { SS: ["a", "b"] },
        numbers: { NS: ["1.5", "3"] },
        binaries: { BS: ["AQ==", "Ag=="] },
      };
      assert.equal((await callRaw(target, "PutItem", { TableName, Item: every })).status, 200);
      const Key = { pk: every.pk, sk: every.sk };
      const { answer } = await callRaw(target, "GetItem", { TableName, Key, ConsistentRead: true });
      assert.deepEqual(sortedSets(answer["Item"]), every);
    },
  },
  {
    name: "put and delete answer the old item",
    behaviours,
    async check({ documents }) {
      const Key = freshKey();
      const put = (n: number) =>
        documents.send(new PutCommand({ TableName, Item: { ...Key, n }, ReturnValues: "ALL_OLD" }));
      assert.equal((await put(1)).Attributes, undefined);
      assert.deepEqual((await put(2)).Attributes, { ...Key, n: 1 });
      const gone = await documents.send(new DeleteCommand({ TableName, Key, ReturnValues: "ALL_OLD" }));
      assert.deepEqual(gone.Attributes, { ...Key, n: 2 });
      assert.equal((await documents.send(new GetCommand({ TableName, Key }))).Item, undefined);
    },
  },
  {
    name: "a failed condition changes nothing and shows the item that is there, if asked to",
    behaviours: CONDITIONAL,
    async check({ documents }) {
      const Key = freshKey();
      await documents.send(new PutCommand({ TableName, Item: { ...Key, n: 1 } }));
      const condition = { ConditionExpression: "attribute_not_exists(pk)" };
      const put = new PutCommand({ TableName, Item: { ...Key, n: 2 }, ...condition });
      const refused = await failed(documents.send(put));
      assert.equal(refused.message, "The conditional request failed");
      assert.equal(refused.Item, undefined);
      const shown = await failed(
        documents.send(
          new UpdateCommand({
            TableName,
            Key,
            UpdateExpression: "SET n = :n",
            ConditionExpression: "n > :n",
            ExpressionAttributeValues: { ":n": 5 },
            ReturnValuesOnConditionCheckFailure: "ALL_OLD",
          }),
        ),
      );
      assert.deepEqual(shown.Item, { pk: { S: Key.pk }, sk: { S: Key.sk }, n: { N: "1" } });
      assert.deepEqual((await documents.send(new GetCommand({ TableName, Key }))).Item, { ...Key, n: 1 });
    },
  },
  {
    name: "a failed condition on what isn't there has nothing to show",
    behaviours: CONDITIONAL,
    async check({ documents }) {
      const missing = new DeleteCommand({
        TableName,
        Key: freshKey(),
        ConditionExpression: "attribute_exists(pk)",
        ReturnValuesOnConditionCheckFailure: "ALL_OLD",
      });
      assert.equal((await failed(documents.send(missing))).Item, undefined);
    },
  },
  {
    name: "of writers that make one item where there is none, one wins",
    behaviours: CONDITIONAL,
    async check({ documents }) {
      const Key = freshKey();
      const write = (n: number) =>
        documents.send(
          new PutCommand({
            TableName,
            Item: { ...Key, n },
            ConditionExpression: "attribute_not_exists(pk)",
          }),
        );
      const settled = await Promise.allSettled([1, 2, 3, 4].map(write));
      assert.equal(settled.filter(({ status }) => status === "fulfilled").length, 1);
    },
  },
  {
    name: "a projection takes parts, also of documents",
    behaviours,
    async check({ documents }) {
      const Key = freshKey();
      const Item = { ...Key, a: { b: [10, 20, 30], c: 1 }, size: 7, z: 0 };
      await documents.send(new PutCommand({ TableName, Item }));
      const got = await documents.send(
        new GetCommand({
          TableName,
          Key,
          ProjectionExpression: "pk, a.b[2], a.b[0], #size, gone.x",
          ExpressionAttributeNames: { "#size": "size" },
        }),
      );
      assert.deepEqual(got.Item, { pk: Key.pk, a: { b: [10, 30] }, size: 7 });
    },
  },
  {
    name: "batches write and read many items, whatever is there",
    behaviours: ["dynamodb.limits"],
    async check({ documents }) {
      const keys = Array.from({ length: 25 }, freshKey);
      const [first, ...others] = keys;
      const puts = keys.map((key, n) => ({ PutRequest: { Item: { ...key, n } } }));
      await documents.send(new BatchWriteCommand({ RequestItems: { [TableName]: puts } }));
      const gone = [{ DeleteRequest: { Key: first } }];
      await documents.send(new BatchWriteCommand({ RequestItems: { [TableName]: gone } }));
      const read = new BatchGetCommand({
        RequestItems: { [TableName]: { Keys: keys, ProjectionExpression: "pk" } },
      });
      const { Responses, UnprocessedKeys } = await documents.send(read);
      const names = (items: readonly Record<string, unknown>[] = []) => items.map(({ pk }) => pk).sort();
      assert.deepEqual(names(Responses?.[TableName]), names(others));
      assert.deepEqual(UnprocessedKeys, {});
    },
  },
];

/** What a conditional write is refused with. */
async function failed(call: Promise<unknown>): Promise<{ message: string; Item?: unknown }> {
  const error = await call.then(
    () => assert.fail("the condition doesn't hold, and the write was done"),
    (thrown: unknown) => thrown,
  );
  assert(error instanceof ConditionalCheckFailedException, String(error));
  return error;
}

/** Sets have no order. */
function sortedSets(item: unknown): unknown {
  return JSON.parse(JSON.stringify(item), (key, value) =>
    ["SS", "NS", "BS"].includes(key) ? [...value].sort() : value,
  );
}

export const itemCases: readonly Case<DynamoTarget>[] = numbered([
  ...written,
  ...refusalsOf(limits, ["dynamodb.limits"]),
  ...refusalsOf(malformed, behaviours),
]);
