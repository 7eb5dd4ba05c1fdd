/** Transactions: all or nothing, why not, and what is refused before it is tried. */
import assert from "node:assert/strict";
import { TransactionCanceledException } from "@aws-sdk/client-dynamodb";
import {
  GetCommand,
  PutCommand,
  TransactGetCommand,
  TransactWriteCommand,
  type TransactWriteCommandInput,
} from "@aws-sdk/lib-dynamodb";
import { type Case, numbered } from "../case.ts";
import { type DynamoTarget, freshKey, isRefused } from "./target.ts";

const TableName = "things";
const TOO_MANY = "Member must have length less than or equal to 100";
const behaviours = ["dynamodb.transactions"] as const;
type Entries = NonNullable<TransactWriteCommandInput["TransactItems"]>;

const transact = ({ documents }: DynamoTarget, TransactItems: Entries, more: object = {}) =>
  documents.send(new TransactWriteCommand({ TransactItems, ...more }));
const read = async ({ documents }: DynamoTarget, Key: Record<string, unknown>, table = TableName) =>
  (await documents.send(new GetCommand({ TableName: table, Key, ConsistentRead: true }))).Item;
const put = ({ documents }: DynamoTarget, Item: Record<string, unknown>) =>
  documents.send(new PutCommand({ TableName, Item }));
const at = (Key: Record<string, unknown>) => ({ TableName, Key });

/** Why DynamoDB cancelled it: one reason for each entry, `None` where it isn't to blame. */
async function cancelled(call: Promise<unknown>) {
  const error = await call.then(
    () => assert.fail("the transaction was done"),
    (thrown: unknown) => thrown,
  );
  assert(error instanceof TransactionCanceledException, String(error));
  return { message: error.message, reasons: error.CancellationReasons ?? [] };
}

const increment = (Key: Record<string, unknown>): Entries[number] => ({
  Update: { ...at(Key), UpdateExpression: "ADD n :one", ExpressionAttributeValues: { ":one": 1 } },
});
const isThere = (Key: Record<string, unknown>): Entries[number] => ({
  ConditionCheck: { ...at(Key), ConditionExpression: "attribute_exists(pk)" },
});

const done: readonly Case<DynamoTarget>[] = [
  {
    name: "does all of its writes, over several tables",
    behaviours,
    async check(target) {
      const [a, b, c] = [freshKey(), freshKey(), freshKey()];
      await put(target, { ...a, n: 1 });
      await put(target, b);
      await put(target, { ...c, open: true });
      await transact(target, [
        {
          Update: {
            ...at(a),
            UpdateExpression: "SET n = n + :one",
            ExpressionAttributeValues: { ":one": 1 },
          },
        },
        { Delete: at(b) },
        {
          ConditionCheck: {
            ...at(c),
            ConditionExpression: "attribute_exists(#o)",
            ExpressionAttributeNames: { "#o": "open" },
          },
        },
        { Put: { TableName: "others", Item: { ...a, n: 2 } } },
      ]);
      assert.deepEqual(await read(target, a), { ...a, n: 2 });
      assert.equal(await read(target, b), undefined);
      assert.deepEqual(await read(target, a, "others"), { ...a, n: 2 });
    },
  },
  {
    name: "does nothing when a condition fails, and says which, with the item where it was asked for",
    behaviours,
    async check(target) {
      const [a, b, c] = [freshKey(), freshKey(), freshKey()];
      await put(target, { ...a, n: 1 });
      await put(target, { ...b, n: 2 });
      const { message, reasons } = await cancelled(
        transact(target, [
          { Put: { TableName, Item: c } },
          {
            Put: {
              TableName,
              Item: a,
              ConditionExpression: "attribute_not_exists(pk)",
              ReturnValuesOnConditionCheckFailure: "ALL_OLD",
            },
          },
          { Delete: { ...at(b), ConditionExpression: "n > :n", ExpressionAttributeValues: { ":n": 5 } } },
        ]),
      );
      assert.equal(
        message,
        "Transaction cancelled, please refer cancellation reasons for specific reasons [None, ConditionalCheckFailed, ConditionalCheckFailed]",
      );
      const failure = { Code: "ConditionalCheckFailed", Message: "The conditional request failed" };
      assert.deepEqual(reasons, [
        { Code: "None" },
        { ...failure, Item: { pk: { S: a.pk }, sk: { S: a.sk }, n: { N: "1" } } },
        failure,
      ]);
      assert.equal(await read(target, c), undefined);
      assert.deepEqual(await read(target, a), { ...a, n: 1 });
      assert.deepEqual(await read(target, b), { ...b, n: 2 });
    },
  },
  {
    name: "is cancelled by an update that can't be applied",
    behaviours,
    async check(target) {
      const [a, b] = [freshKey(), freshKey()];
      await put(target, { ...a, n: "text" });
      const { reasons } = await cancelled(transact(target, [{ Put: { TableName, Item: b } }, increment(a)]));
      assert.deepEqual(
        reasons.map(({ Code }) => Code),
        ["None", "ValidationError"],
      );
      assert.equal(await read(target, b), undefined);
    },
  },
  {
    name: "takes 100 writes, and no more",
    behaviours,
    async check(target) {
      const items = Array.from({ length: 100 }, freshKey);
      const entries = items.map((Item) => ({ Put: { TableName, Item } }));
      await transact(target, entries);
      assert.deepEqual(await read(target, items[99] ?? {}), items[99]);
      const more = { Put: { TableName, Item: freshKey() } };
      await isRefused(target, transact(target, [...entries, more]), "ValidationException", TOO_MANY);
    },
  },
  {
    name: "takes 100 reads, and no more",
    behaviours,
    async check(target) {
      const get = (count: number) => {
        const TransactItems = Array.from({ length: count }, () => ({ Get: at(freshKey()) }));
        return target.documents.send(new TransactGetCommand({ TransactItems }));
      };
      assert.deepEqual((await get(100)).Responses, Array(100).fill({}));
      await isRefused(target, get(101), "ValidationException", TOO_MANY);
    },
  },
  {
    name: "is done once where it comes again with its token",
    behaviours: ["dynamodb.transaction-token"],
    async check(target) {
      const a = freshKey();
      const more = { ClientRequestToken: a.pk };
      await transact(target, [increment(a)], more);
      await transact(target, [increment(a)], more);
      assert.deepEqual(await read(target, a), { ...a, n: 1 });
    },
  },
  {
    name: "that is another one under the same token is refused",
    behaviours: ["dynamodb.transaction-token"],
    async check(target) {
      const a = freshKey();
      const more = { ClientRequestToken: a.pk };
      await transact(target, [increment(a)], more);
      const other = transact(target, [{ Delete: at(freshKey()) }], more);
      await isRefused(target, other, "IdempotentParameterMismatchException", "");
    },
  },
  {
    name: "that was cancelled may come again with its token",
    behaviours: ["dynamodb.transaction-token"],
    async check(target) {
      const [a, b] = [freshKey(), freshKey()];
      const entries = [increment(a), isThere(b)];
      const more = { ClientRequestToken: a.pk };
      await cancelled(transact(target, entries, more));
      await put(target, b);
      await transact(target, entries, more);
      assert.deepEqual(await read(target, a), { ...a, n: 1 });
    },
  },
  {
    name: "that reads answers items in the order asked, with gaps",
    behaviours: ["dynamodb.expressions"],
    async check(target) {
      const [a, b] = [freshKey(), freshKey()];
      await put(target, { ...a, n: 1, m: 2 });
      const TransactItems = [{ Get: at(b) }, { Get: { ...at(a), ProjectionExpression: "m" } }];
      const { Responses } = await target.documents.send(new TransactGetCommand({ TransactItems }));
      assert.deepEqual(Responses, [{}, { Item: { m: 2 } }]);
    },
  },
  {
    name: "on a table that isn't there is refused",
    behaviours,
    check: (target) =>
      isRefused(
        target,
        transact(target, [{ Delete: { TableName: "absent", Key: freshKey() } }]),
        "ResourceNotFoundException",
        "",
      ),
  },
];

const update = { UpdateExpression: "SET n = :n", ExpressionAttributeValues: { ":n": 1 } };

/** Entries on the item `a` and others, made anew for each run. */
const refused: readonly (readonly [
  what: string,
  entries: (a: Record<string, unknown>) => Entries,
  message: string,
  behaviours?: Case<DynamoTarget>["behaviours"],
])[] = [
  ["no entries", () => [], "Member must have length greater than or equal to 1"],
  ["an entry of nothing", () => [{}], "TransactItems can only contain one of Check, Put, Update or Delete"],
  [
    "an entry of two",
    (a) => [{ Delete: at(a), Put: { TableName, Item: freshKey() } }],
    "TransactItems can only contain one of",
  ],
  [
    "one item twice",
    (a) => [{ Delete: at(a) }, { Update: { ...at(a), ...update } }],
    "Transaction request cannot include multiple operations on one item",
  ],
  ["a wrong key", ({ pk }) => [{ Delete: at({ pk }) }], "The provided key element does not match the schema"],
  [
    "a wrong expression",
    (a) => [{ Update: { ...at(a), UpdateExpression: "SET n" } }],
    "Invalid UpdateExpression: Syntax error",
    ["dynamodb.expressions"],
  ],
  [
    "an unused value",
    (a) => [
      {
        Delete: {
          ...at(a),
          ConditionExpression: "attribute_exists(pk)",
          ExpressionAttributeValues: { ":n": 1 },
        },
      },
    ],
    "unused in expressions: keys: {:n}",
    ["dynamodb.expressions"],
  ],
  [
    "an index key that is too long",
    (a) => [{ Put: { TableName, Item: { ...a, due_pk: "d", due_sk: "x".repeat(1025) } } }],
    "Aggregated size of all range keys has exceeded the size limit of 1024 bytes",
    ["dynamodb.limits"],
  ],
  [
    "more than 4 MB",
    () =>
      Array.from({ length: 11 }, () => ({
        Put: { TableName, Item: { ...freshKey(), x: "x".repeat(400_000) } },
      })),
    "Transaction size exceeds the limit of 4 MB",
    ["dynamodb.limits"],
  ],
];

export const transactionCases: readonly Case<DynamoTarget>[] = numbered([
  ...done,
  ...refused.map(([what, entries, message, own = behaviours]) => ({
    name: `refused: ${what}`,
    behaviours: own,
    check: (target: DynamoTarget) =>
      isRefused(target, transact(target, entries(freshKey())), "ValidationException", message),
  })),
]);
