/** Queries: ranges of keys, pages, indexes, and what is refused. */
import assert from "node:assert/strict";
import {
  BatchWriteCommand,
  PutCommand,
  QueryCommand,
  type QueryCommandInput,
  ScanCommand,
  type ScanCommandInput,
} from "@aws-sdk/lib-dynamodb";
import { type Case, numbered } from "../case.ts";
import { type DynamoTarget, freshKey, isRefused } from "./target.ts";

const TableName = "things";

/** In the order of UTF-8 bytes; by UTF-16 units the last two would change places. */
const KEYS = ["A", "a", "a#1", "a#2", "b", "é", "\uffee", "\u{1f600}"];

/** `:p` is the partition, `:a` and `:b` the values. */
const ranges: readonly (readonly [
  condition: string,
  values: readonly string[],
  sortKeys: readonly string[],
])[] = [
  ["pk = :p", [], KEYS],
  ["sk = :a AND pk = :p", ["a"], ["a"]],
  ["pk = :p AND sk < :a", ["a#1"], ["A", "a"]],
  ["pk = :p AND sk <= :a", ["a#1"], ["A", "a", "a#1"]],
  ["pk = :p AND sk > :a", ["é"], ["\uffee", "\u{1f600}"]],
  ["pk = :p AND sk >= :a", ["\u{1f600}"], ["\u{1f600}"]],
  ["pk = :p AND :a < sk", ["é"], ["\uffee", "\u{1f600}"]],
  ["pk = :p AND sk BETWEEN :a AND :b", ["a#1", "b"], ["a#1", "a#2", "b"]],
  ["(pk = :p) AND (begins_with(sk, :a))", ["a#"], ["a#1", "a#2"]],
  ["pk = :p AND begins_with(sk, :a)", ["z"], []],
];

const refused: readonly (readonly [input: Partial<QueryCommandInput>, message: string])[] = [
  [{}, "Either the KeyConditions or KeyConditionExpression parameter must be specified in the request."],
  [{ KeyConditionExpression: "sk = :p" }, "Query condition missed key schema element: pk"],
  [{ KeyConditionExpression: "pk > :p" }, "Query key condition not supported"],
  [{ KeyConditionExpression: "pk = :p AND x = :p" }, "Query condition missed key schema element: sk"],
  [{ KeyConditionExpression: "pk = :p OR sk = :p" }, "Invalid operator used in KeyConditionExpression: OR"],
  [{ KeyConditionExpression: "pk = :p AND sk <> :p" }, "Invalid operator used in KeyConditionExpression: <>"],
  [
    { KeyConditionExpression: "pk = :p AND contains(sk, :p)" },
    "Invalid operator used in KeyConditionExpression: contains",
  ],
  [
    { KeyConditionExpression: "pk = :p AND NOT sk = :p" },
    "Invalid operator used in KeyConditionExpression: NOT",
  ],
  [
    { KeyConditionExpression: "pk = :p AND pk = :p" },
    "KeyConditionExpressions must only contain one condition per key",
  ],
  [{ KeyConditionExpression: "pk = sk" }, "KeyConditionExpressions cannot contain nested operations"],
  [
    { KeyConditionExpression: "pk = :p", ExpressionAttributeValues: { ":p": 1 } },
    "Condition parameter type does not match schema type",
  ],
  [
    { KeyConditionExpression: "pk = :p", ExpressionAttributeValues: { ":p": "" } },
    "cannot contain an empty string value. Key: pk",
  ],
  [
    { KeyConditionExpression: "pk = :p", FilterExpression: "sk = :p" },
    "Filter Expression can only contain non-primary key attributes: Primary key attribute: sk",
  ],
  [
    { KeyConditionExpression: "pk = :p", IndexName: "nope" },
    "The table does not have the specified index: nope",
  ],
  [
    { KeyConditionExpression: "due_pk = :p", IndexName: "due", ConsistentRead: true },
    "Consistent reads are not supported on global secondary indexes",
  ],
  [
    { KeyConditionExpression: "pk = :p", Limit: 0 },
    "Value '0' at 'limit' failed to satisfy constraint: Member must have value greater than or equal to 1",
  ],
  [
    { KeyConditionExpression: "pk = :p", ExclusiveStartKey: { pk: "x" } },
    "The provided starting key is invalid",
  ],
  [
    { KeyConditionExpression: "pk = :p", ExclusiveStartKey: { pk: "y", sk: "x" } },
    "The provided starting key is outside query boundaries based on provided conditions",
  ],
  [
    { KeyConditionExpression: "pk = :p AND sk < :p", ExclusiveStartKey: { pk: "x", sk: "x" } },
    "The provided starting key does not match the range key predicate",
  ],
  [
    { KeyConditionExpression: "pk = :p", Select: "SPECIFIC_ATTRIBUTES" },
    "when choosing to get SPECIFIC_ATTRIBUTES",
  ],
];

const refusedScans: readonly (readonly [input: Partial<ScanCommandInput>, message: string])[] = [
  [{ Segment: 1 }, "The TotalSegments parameter is required"],
  [{ TotalSegments: 2 }, "The Segment parameter is required"],
  [{ Segment: 2, TotalSegments: 2 }, "Segment: 2 is not less than TotalSegments: 2"],
];

const query = ({ documents }: DynamoTarget, input: Partial<QueryCommandInput>) =>
  documents.send(new QueryCommand({ TableName, ConsistentRead: !input.IndexName, ...input }));

/** Items under a partition of their own. */
async function filled(
  { documents }: DynamoTarget,
  sortKeys: readonly unknown[],
  more: object = {},
  table = TableName,
) {
  const { pk } = freshKey();
  for (const sk of sortKeys) {
    await documents.send(new PutCommand({ TableName: table, Item: { pk, sk, ...more } }));
  }
  return pk;
}

/** Sort keys page by page, without the empty page that may end them. */
async function pages(target: DynamoTarget, input: Partial<QueryCommandInput>): Promise<unknown[][]> {
  const found: unknown[][] = [];
  let ExclusiveStartKey: QueryCommandInput["ExclusiveStartKey"];
  // Who answers with the same key again would go on for ever.
  for (let page = 0; page < 100; page++) {
    const { Items = [], LastEvaluatedKey } = await query(target, { ...input, ExclusiveStartKey });
    if (Items.length > 0) found.push(Items.map(({ sk }) => sk));
    ExclusiveStartKey = LastEvaluatedKey;
    if (!ExclusiveStartKey) return found;
  }
  return assert.fail("the pages have no end");
}

const inPairs = <T>(list: readonly T[]): T[][] =>
  Array.from({ length: Math.ceil(list.length / 2) }, (_, n) => list.slice(2 * n, 2 * n + 2));

const stored = new WeakMap<DynamoTarget, Promise<string>>();

async function ofRange(target: DynamoTarget, [condition, values, expected]: (typeof ranges)[number]) {
  const partition = stored.get(target) ?? filled(target, [...KEYS].reverse());
  stored.set(target, partition);
  const [a, b] = values;
  const input = {
    KeyConditionExpression: condition,
    ExpressionAttributeValues: {
      ":p": await partition,
      ...(a !== undefined && { ":a": a }),
      ...(b !== undefined && { ":b": b }),
    },
  };
  const sorted = async (more: Partial<QueryCommandInput>) =>
    (await query(target, { ...input, ...more })).Items?.map(({ sk }) => sk);
  assert.deepEqual(await sorted({}), expected);
  assert.deepEqual(await sorted({ ScanIndexForward: false }), expected.toReversed());
  assert.deepEqual(
    await pages(target, { ...input, Limit: 1 }),
    expected.map((sk) => [sk]),
  );
  assert.deepEqual(
    await pages(target, { ...input, Limit: 2, ScanIndexForward: false }),
    inPairs(expected.toReversed()),
  );
}

const behaviours = ["dynamodb.key-conditions"] as const;

const found: readonly Case<DynamoTarget>[] = [
  {
    name: "numbers order by value",
    behaviours,
    async check(target) {
      const keys = [-100, -1.5, -1, 0, 0.001, 2, 10, 1e15];
      const pk = await filled(target, [...keys].reverse(), {}, "numbers");
      const { Items } = await query(target, {
        TableName: "numbers",
        KeyConditionExpression: "pk = :p AND sk > :min",
        ExpressionAttributeValues: { ":p": pk, ":min": -1.5 },
      });
      assert.deepEqual(
        Items?.map(({ sk }) => Number(sk)),
        keys.slice(2),
      );
    },
  },
  {
    name: "a limit counts items before the filter",
    behaviours,
    async check(target) {
      const { documents } = target;
      const pk = await filled(target, ["1", "2"], { kind: "even" });
      for (const sk of ["3", "4"])
        await documents.send(new PutCommand({ TableName, Item: { pk, sk, kind: "odd" } }));
      const input = {
        KeyConditionExpression: "pk = :p",
        FilterExpression: "kind = :k",
        ExpressionAttributeValues: { ":p": pk, ":k": "odd" },
      };
      const page = async (more: Partial<QueryCommandInput>) => {
        const { Count, ScannedCount, LastEvaluatedKey } = await query(target, { ...input, ...more });
        return { Count, ScannedCount, LastEvaluatedKey };
      };
      const first = await page({ Limit: 3 });
      assert.deepEqual(first, { Count: 1, ScannedCount: 3, LastEvaluatedKey: { pk, sk: "3" } });
      const second = await page({ ExclusiveStartKey: first.LastEvaluatedKey });
      assert.deepEqual(second, { Count: 1, ScannedCount: 1, LastEvaluatedKey: undefined });
    },
  },
  {
    name: "a page that is full leaves a key even at the end",
    behaviours,
    async check(target) {
      const pk = await filled(target, ["1"]);
      const input = { KeyConditionExpression: "pk = :p", ExpressionAttributeValues: { ":p": pk } };
      const full = await query(target, { ...input, Limit: 1 });
      assert.deepEqual(full.LastEvaluatedKey, { pk, sk: "1" });
      const empty = await query(target, { ...input, ExclusiveStartKey: full.LastEvaluatedKey });
      assert.deepEqual([empty.Count, empty.LastEvaluatedKey], [0, undefined]);
    },
  },
  {
    name: "a page ends before 1 MB",
    behaviours,
    async check(target) {
      const pk = await filled(target, ["1", "2", "3", "4", "5"], { blob: "x".repeat(300 * 1024) });
      const input = { KeyConditionExpression: "pk = :p", ExpressionAttributeValues: { ":p": pk } };
      const first = await query(target, { ...input, Select: "COUNT" });
      assert.deepEqual([first.Count, first.LastEvaluatedKey?.["sk"], first.Items], [3, "3", undefined]);
      assert.deepEqual(await pages(target, input), [
        ["1", "2", "3"],
        ["4", "5"],
      ]);
    },
  },
  {
    name: "a page starts after a key even when its item is gone",
    behaviours,
    async check(target) {
      const pk = await filled(target, ["1", "3"]);
      const { Items } = await query(target, {
        KeyConditionExpression: "pk = :p",
        ExpressionAttributeValues: { ":p": pk },
        ExclusiveStartKey: { pk, sk: "2" },
      });
      assert.deepEqual(
        Items?.map(({ sk }) => sk),
        ["3"],
      );
    },
  },
  {
    name: "an index holds the items that have its key, and follows changes",
    behaviours,
    async check(target) {
      const { pk } = freshKey();
      const put = (sk: string, more: object) =>
        target.documents.send(new PutCommand({ TableName, Item: { pk, sk, ...more } }));
      const due = async () => {
        const { Items } = await query(target, {
          IndexName: "due",
          KeyConditionExpression: "due_pk = :d AND due_sk < :now",
          ExpressionAttributeValues: { ":d": pk, ":now": "2030" },
        });
        return Items?.map(({ sk }) => sk);
      };
      await put("a", { due_pk: pk, due_sk: "2029" });
      await put("b", { due_pk: pk, due_sk: "2028" });
      await put("c", { due_pk: pk });
      await put("d", { due_pk: pk, due_sk: "2031" });
      assert.deepEqual(await due(), ["b", "a"]);
      await put("a", { due_pk: pk, due_sk: "2027", other: true });
      await put("b", {});
      assert.deepEqual(await due(), ["a"]);
    },
  },
  {
    name: "an index pages through equal keys without losing or repeating one",
    behaviours,
    async check(target) {
      const { pk } = freshKey();
      const puts = Array.from({ length: 25 }, (_, n) => ({
        PutRequest: {
          Item: { pk: `${pk}-${n % 5}`, sk: String(n), due_pk: pk, due_sk: String(n % 3) },
        },
      }));
      await target.documents.send(new BatchWriteCommand({ RequestItems: { [TableName]: puts } }));
      for (const ScanIndexForward of [true, false]) {
        const all = await pages(target, {
          IndexName: "due",
          KeyConditionExpression: "due_pk = :d",
          ExpressionAttributeValues: { ":d": pk },
          ScanIndexForward,
          Limit: 4,
        });
        assert.equal(all.flat().length, 25);
        assert.equal(new Set(all.flat()).size, 25);
      }
    },
  },
  {
    name: "an index shows only what it projects",
    behaviours,
    async check(target) {
      const { pk } = freshKey();
      const Item = { pk, sk: 1, color: pk, label: "x", secret: "y" };
      await target.documents.send(new PutCommand({ TableName: "numbers", Item }));
      const input = {
        TableName: "numbers",
        IndexName: "by-color",
        KeyConditionExpression: "color = :c",
        ExpressionAttributeValues: { ":c": pk },
      };
      const { secret: _, ...projected } = Item;
      assert.deepEqual((await query(target, input)).Items, [projected]);
      const { TableName, IndexName } = input;
      const scanned = await target.documents.send(new ScanCommand({ TableName, IndexName }));
      assert.deepEqual(
        scanned.Items?.filter(({ color }) => color === pk),
        [projected],
      );
    },
  },
  {
    name: "a page of an index leaves the item's own key too",
    behaviours,
    async check(target) {
      const { pk } = freshKey();
      for (const sk of [1, 2])
        await target.documents.send(new PutCommand({ TableName: "numbers", Item: { pk, sk, color: pk } }));
      const page = await query(target, {
        TableName: "numbers",
        IndexName: "by-color",
        KeyConditionExpression: "color = :c",
        ExpressionAttributeValues: { ":c": pk },
        Limit: 1,
      });
      const sk = page.Items?.[0]?.["sk"];
      assert.deepEqual(page.LastEvaluatedKey, { pk, sk, color: pk });
    },
  },
  {
    name: "an index refuses what it doesn't project",
    behaviours,
    async check(target) {
      const input = {
        TableName: "numbers",
        IndexName: "by-color",
        KeyConditionExpression: "color = :c",
        ExpressionAttributeValues: { ":c": "none" },
      };
      const refused: readonly [Partial<QueryCommandInput>, string][] = [
        [{ ProjectionExpression: "secret" }, "Global secondary index by-color does not project [secret]"],
        [{ Select: "ALL_ATTRIBUTES" }, "its projection type is not ALL"],
      ];
      for (const [more, words] of refused)
        await isRefused(target, query(target, { ...input, ...more }), "ValidationException", words);
    },
  },
];

const short = (input: object) => JSON.stringify(input).slice(0, 120);

export const queryCases: readonly Case<DynamoTarget>[] = numbered([
  ...ranges.map((row) => ({
    name: `range: ${row[0]}`,
    behaviours,
    check: (target: DynamoTarget) => ofRange(target, row),
  })),
  ...found,
  ...refused.map(([input, message]) => ({
    name: `refused: ${short(input)}: ${message}`,
    behaviours,
    check(target: DynamoTarget) {
      const values = input.KeyConditionExpression?.includes(":p")
        ? { ExpressionAttributeValues: { ":p": "x" } }
        : {};
      return isRefused(target, query(target, { ...values, ...input }), "ValidationException", message);
    },
  })),
  ...refusedScans.map(([input, message]) => ({
    name: `refused: scan ${short(input)}: ${message}`,
    behaviours,
    check: (target: DynamoTarget) =>
      isRefused(
        target,
        target.documents.send(new ScanCommand({ TableName, ...input })),
        "ValidationException",
        message,
      ),
  })),
]);
