import { BatchWriteCommand, PutCommand, QueryCommand, ScanCommand } from "@aws-sdk/lib-dynamodb";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { type Harness, startDynamoDb, things } from "./dynamodb-support.ts";

const TableName = "things";
const numbered = {
  ...things,
  name: "numbered",
  attributeDefinitions: [
    { AttributeName: "pk", AttributeType: "S" },
    { AttributeName: "sk", AttributeType: "N" },
    { AttributeName: "color", AttributeType: "S" },
  ],
  gsis: [
    {
      IndexName: "by-color",
      KeySchema: [{ AttributeName: "color", KeyType: "HASH" }],
      Projection: { ProjectionType: "INCLUDE", NonKeyAttributes: ["label"] },
    },
  ],
};

let db: Harness;
beforeAll(async () => {
  db = await startDynamoDb({ tables: [things, numbered] });
});
afterAll(() => db.close());

type Input = ConstructorParameters<typeof QueryCommand>[0];
const query = (input: Partial<Input>) =>
  db.documents.send(new QueryCommand({ TableName, ConsistentRead: !input.IndexName, ...input }));
const scan = (input: Partial<ConstructorParameters<typeof ScanCommand>[0]>) =>
  db.documents.send(new ScanCommand({ TableName, ...input }));

async function fill(pk: string, sortKeys: unknown[], more: object = {}, table = TableName) {
  for (const sk of sortKeys) {
    await db.documents.send(new PutCommand({ TableName: table, Item: { pk, sk, ...more } }));
  }
}

describe("ranges", () => {
  const KEYS = ["A", "a", "a#1", "a#2", "b", "é", "\uffee", "\u{1f600}"]; // in the order of UTF-8 bytes
  beforeAll(() => fill("range", [...KEYS].reverse()));

  test.each<[string, string[], string[]]>([
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
  ])("%s %j", async (condition, values, expected) => {
    const input = {
      KeyConditionExpression: condition,
      ExpressionAttributeValues: {
        ":p": "range",
        ...Object.fromEntries(values.map((value, index) => [[":a", ":b"][index], value])),
      },
    };
    const sorted = async (more: Partial<Input>) =>
      (await query({ ...input, ...more })).Items?.map(({ sk }) => sk);
    expect(await sorted({})).toEqual(expected);
    expect(await sorted({ ScanIndexForward: false })).toEqual([...expected].reverse());
    expect(await pages({ ...input, Limit: 1 })).toEqual(expected.map((sk) => [sk]));
    expect(await pages({ ...input, Limit: 2, ScanIndexForward: false })).toEqual(
      pairs([...expected].reverse()),
    );
  });

  test("numbers order by value", async () => {
    const keys = [-100, -1.5, -1, 0, 0.001, 2, 10, 1e15];
    await fill("numbers", [...keys].reverse(), {}, "numbered");
    const { Items } = await query({
      TableName: "numbered",
      KeyConditionExpression: "pk = :p AND sk > :min",
      ExpressionAttributeValues: { ":p": "numbers", ":min": -1.5 },
    });
    expect(Items?.map(({ sk }) => Number(sk))).toEqual(keys.slice(2));
  });
});

function pairs<T>(list: T[]): T[][] {
  return Array.from({ length: Math.ceil(list.length / 2) }, (_, index) =>
    list.slice(2 * index, 2 * index + 2),
  );
}

/** Sort keys page by page, without the empty page that may end them. */
async function pages(input: Partial<Input>): Promise<unknown[][]> {
  const found: unknown[][] = [];
  let ExclusiveStartKey: Input["ExclusiveStartKey"];
  do {
    const page = await query({ ...input, ExclusiveStartKey });
    if (page.Items?.length) found.push(page.Items.map(({ sk }) => sk));
    ExclusiveStartKey = page.LastEvaluatedKey;
  } while (ExclusiveStartKey);
  return found;
}

describe("pages", () => {
  test("a limit counts items before the filter, and leaves a key even at the end", async () => {
    await fill("limit", ["1", "2"], { kind: "even" });
    await fill("limit", ["3", "4"], { kind: "odd" });
    const input = {
      KeyConditionExpression: "pk = :p",
      FilterExpression: "kind = :k",
      ExpressionAttributeValues: { ":p": "limit", ":k": "odd" },
    };
    const first = await query({ ...input, Limit: 3 });
    expect(first).toMatchObject({ Count: 1, ScannedCount: 3, LastEvaluatedKey: { pk: "limit", sk: "3" } });
    const second = await query({ ...input, Limit: 1, ExclusiveStartKey: first.LastEvaluatedKey });
    expect(second).toMatchObject({ Count: 1, ScannedCount: 1, LastEvaluatedKey: { pk: "limit", sk: "4" } });
    const third = await query({ ...input, ExclusiveStartKey: second.LastEvaluatedKey });
    expect(third).toMatchObject({ Count: 0, ScannedCount: 0 });
    expect(third.LastEvaluatedKey).toBeUndefined();
  });

  test("a page ends before 1 MB", async () => {
    await fill("large", ["1", "2", "3", "4", "5"], { blob: "x".repeat(300 * 1024) });
    const input = { KeyConditionExpression: "pk = :p", ExpressionAttributeValues: { ":p": "large" } };
    const first = await query({ ...input, Select: "COUNT" });
    expect(first).toMatchObject({ Count: 3, LastEvaluatedKey: { sk: "3" } });
    expect(first.Items).toBeUndefined();
    expect(await pages(input)).toEqual([
      ["1", "2", "3"],
      ["4", "5"],
    ]);
  });

  test("a page starts after a key even when its item is gone", async () => {
    await fill("gone", ["1", "3"]);
    const { Items } = await query({
      KeyConditionExpression: "pk = :p",
      ExpressionAttributeValues: { ":p": "gone" },
      ExclusiveStartKey: { pk: "gone", sk: "2" },
    });
    expect(Items?.map(({ sk }) => sk)).toEqual(["3"]);
  });
});

describe("indexes", () => {
  test("hold the items that have their key, and follow changes", async () => {
    const put = (sk: string, more: object) =>
      db.documents.send(new PutCommand({ TableName, Item: { pk: "indexed", sk, ...more } }));
    const due = async () =>
      (
        await query({
          IndexName: "due",
          KeyConditionExpression: "due_pk = :d AND due_sk < :now",
          ExpressionAttributeValues: { ":d": "sweep", ":now": "2030" },
        })
      ).Items?.map(({ sk }) => sk);
    await put("a", { due_pk: "sweep", due_sk: "2029" });
    await put("b", { due_pk: "sweep", due_sk: "2028" });
    await put("c", { due_pk: "sweep" });
    await put("d", { due_pk: "sweep", due_sk: "2031" });
    expect(await due()).toEqual(["b", "a"]);
    await put("a", { due_pk: "sweep", due_sk: "2027", other: true });
    await put("b", {});
    expect(await due()).toEqual(["a"]);
  });

  test("page through equal keys without losing or repeating one", async () => {
    await db.documents.send(
      new BatchWriteCommand({
        RequestItems: {
          [TableName]: Array.from({ length: 25 }, (_, n) => ({
            PutRequest: {
              Item: { pk: `same-${n % 5}`, sk: String(n), due_pk: "same", due_sk: String(n % 3) },
            },
          })),
        },
      }),
    );
    for (const ScanIndexForward of [true, false]) {
      const found = await pages({
        IndexName: "due",
        KeyConditionExpression: "due_pk = :d",
        ExpressionAttributeValues: { ":d": "same" },
        ScanIndexForward,
        Limit: 4,
      });
      expect(found.flat()).toHaveLength(25);
      expect(new Set(found.flat()).size).toBe(25);
    }
  });

  test("show only what they project", async () => {
    const Item = { pk: "projected", sk: 1, color: "red", label: "x", secret: "y" };
    await db.documents.send(new PutCommand({ TableName: "numbered", Item }));
    const input = {
      TableName: "numbered",
      IndexName: "by-color",
      KeyConditionExpression: "color = :c",
      ExpressionAttributeValues: { ":c": "red" },
    };
    const { secret: _, ...projected } = Item;
    const page = await query({ ...input, Limit: 1 });
    expect(page.Items).toEqual([projected]);
    expect(page.LastEvaluatedKey).toEqual({ pk: "projected", sk: 1, color: "red" });
    expect((await scan({ TableName: "numbered", IndexName: "by-color" })).Items).toEqual([projected]);
    await expect(query({ ...input, ProjectionExpression: "secret" })).rejects.toThrow(
      "Global secondary index by-color does not project [secret]",
    );
    await expect(query({ ...input, Select: "ALL_ATTRIBUTES" })).rejects.toThrow(
      "its projection type is not ALL",
    );
  });
});

describe("scans", () => {
  test("segments share out the table", async () => {
    const all = await scanAll({});
    const segments = await Promise.all(
      [0, 1, 2].map((Segment) => scanAll({ Segment, TotalSegments: 3, Limit: 5 })),
    );
    const name = (item: Record<string, unknown>) => `${item["pk"]} ${item["sk"]}`;
    expect(segments.flat().map(name).sort()).toEqual(all.map(name).sort());
    expect(segments.every((segment) => segment.length > 0)).toBe(true);
  });

  async function scanAll(input: Parameters<typeof scan>[0]) {
    const items: Record<string, unknown>[] = [];
    let ExclusiveStartKey: Record<string, unknown> | undefined;
    do {
      const page = await scan({ ...input, ExclusiveStartKey });
      items.push(...(page.Items ?? []));
      ExclusiveStartKey = page.LastEvaluatedKey;
    } while (ExclusiveStartKey);
    return items;
  }
});

describe("a query that DynamoDB refuses", () => {
  const p = { ":p": "x" };
  test.each<[Partial<Input>, string]>([
    [{}, "Either the KeyConditions or KeyConditionExpression parameter must be specified in the request."],
    [{ KeyConditionExpression: "sk = :p" }, "Query condition missed key schema element: pk"],
    [{ KeyConditionExpression: "pk > :p" }, "Query key condition not supported"],
    [{ KeyConditionExpression: "pk = :p AND x = :p" }, "Query condition missed key schema element: sk"],
    [{ KeyConditionExpression: "pk = :p OR sk = :p" }, "Invalid operator used in KeyConditionExpression: OR"],
    [
      { KeyConditionExpression: "pk = :p AND sk <> :p" },
      "Invalid operator used in KeyConditionExpression: <>",
    ],
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
  ])("%j: %s", async (input, message) => {
    const values = input.KeyConditionExpression?.includes(":p") ? { ExpressionAttributeValues: p } : {};
    await expect(query({ ...values, ...input })).rejects.toMatchObject({
      name: "ValidationException",
      message: expect.stringContaining(message),
    });
  });

  test.each([
    [{ Segment: 1 }, "The TotalSegments parameter is required"],
    [{ TotalSegments: 2 }, "The Segment parameter is required"],
    [{ Segment: 2, TotalSegments: 2 }, "Segment: 2 is not less than TotalSegments: 2"],
  ])("scan %j: %s", async (input, message) => {
    await expect(scan(input)).rejects.toThrow(message);
  });
});
