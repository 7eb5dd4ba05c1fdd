import { GetCommand, PutCommand, TransactGetCommand, TransactWriteCommand } from "@aws-sdk/lib-dynamodb";
import { afterAll, beforeAll, beforeEach, describe, expect, test } from "vitest";
import { type Harness, startDynamoDb, things } from "./dynamodb-support.ts";

const TableName = "things";
let db: Harness;
beforeAll(async () => {
  db = await startDynamoDb({ tables: [things, { ...things, name: "others" }] });
});
afterAll(() => db.close());

type Entries = NonNullable<ConstructorParameters<typeof TransactWriteCommand>[0]["TransactItems"]>;
const transact = (TransactItems: Entries, more: object = {}) =>
  db.documents.send(new TransactWriteCommand({ TransactItems, ...more }));
const get = async (pk: string, table = TableName) =>
  (await db.documents.send(new GetCommand({ TableName: table, Key: { pk, sk: "a" } }))).Item;
const put = (pk: string, more: object = {}) =>
  db.documents.send(new PutCommand({ TableName, Item: { pk, sk: "a", ...more } }));

let run = 0;
let a = "";
let b = "";
let c = "";
beforeEach(() => {
  run++;
  [a, b, c] = [`a-${run}`, `b-${run}`, `c-${run}`];
});
const key = (pk: string) => ({ TableName, Key: { pk, sk: "a" } });

describe("a transaction", () => {
  test("does all of its writes, over several tables", async () => {
    await put(a, { n: 1 });
    await put(b);
    await put(c, { open: true });
    await transact([
      {
        Update: { ...key(a), UpdateExpression: "SET n = n + :one", ExpressionAttributeValues: { ":one": 1 } },
      },
      { Delete: key(b) },
      {
        ConditionCheck: {
          ...key(c),
          ConditionExpression: "attribute_exists(#o)",
          ExpressionAttributeNames: { "#o": "open" },
        },
      },
      { Put: { TableName: "others", Item: { pk: a, sk: "a", n: 2 } } },
    ]);
    expect(await get(a)).toEqual({ pk: a, sk: "a", n: 2 });
    expect(await get(b)).toBeUndefined();
    expect(await get(a, "others")).toEqual({ pk: a, sk: "a", n: 2 });
  });

  test("does nothing when one condition fails, and says which", async () => {
    await put(a, { n: 1 });
    await put(b, { n: 2 });
    const refused = transact([
      { Put: { TableName, Item: { pk: c, sk: "a" } } },
      {
        Put: {
          TableName,
          Item: { pk: a, sk: "a" },
          ConditionExpression: "attribute_not_exists(pk)",
          ReturnValuesOnConditionCheckFailure: "ALL_OLD",
        },
      },
      { Delete: { ...key(b), ConditionExpression: "n > :n", ExpressionAttributeValues: { ":n": 5 } } },
    ]);
    await expect(refused).rejects.toMatchObject({
      name: "TransactionCanceledException",
      message:
        "Transaction cancelled, please refer cancellation reasons for specific reasons [None, ConditionalCheckFailed, ConditionalCheckFailed]",
      CancellationReasons: [
        { Code: "None" },
        {
          Code: "ConditionalCheckFailed",
          Message: "The conditional request failed",
          Item: { pk: { S: a }, sk: { S: "a" }, n: { N: "1" } },
        },
        expect.not.objectContaining({ Item: expect.anything() }),
      ],
    });
    expect(await get(c)).toBeUndefined();
    expect(await get(a)).toMatchObject({ n: 1 });
    expect(await get(b)).toMatchObject({ n: 2 });
  });

  test("is cancelled by an update that can't be applied", async () => {
    await put(a, { n: "text" });
    const refused = transact([
      { Put: { TableName, Item: { pk: b, sk: "a" } } },
      { Update: { ...key(a), UpdateExpression: "ADD n :one", ExpressionAttributeValues: { ":one": 1 } } },
    ]);
    await expect(refused).rejects.toMatchObject({
      name: "TransactionCanceledException",
      CancellationReasons: [
        { Code: "None" },
        {
          Code: "ValidationError",
          Message: "An operand in the update expression has an incorrect data type",
        },
      ],
    });
    expect(await get(b)).toBeUndefined();
  });

  test("leaves the stream as it was when it is cancelled", async () => {
    const before = db.service.stream(TableName).latest();
    await expect(
      transact([
        { Put: { TableName, Item: { pk: a, sk: "a" } } },
        { ConditionCheck: { ...key(b), ConditionExpression: "attribute_exists(pk)" } },
      ]),
    ).rejects.toThrow("[None, ConditionalCheckFailed]");
    expect(db.service.stream(TableName).latest()).toBe(before);
  });

  test("takes 100 writes", async () => {
    const entries = Array.from({ length: 100 }, (_, n) => ({
      Put: { TableName, Item: { pk: `${a}-${n}`, sk: "a" } },
    }));
    await transact(entries);
    const gets = entries.map(({ Put }) => ({ Get: { TableName, Key: Put.Item } }));
    const { Responses } = await db.documents.send(new TransactGetCommand({ TransactItems: gets }));
    expect(Responses).toEqual(entries.map(({ Put }) => ({ Item: Put.Item })));
    const one = { Put: { TableName, Item: { pk: a, sk: "b" } } };
    await expect(transact([...entries, one])).rejects.toThrow(
      "Member must have length less than or equal to 100",
    );
  });
});

describe("a client request token", () => {
  const increment = (): Entries => [
    {
      Update: {
        ...key(a),
        UpdateExpression: "ADD n :one",
        ExpressionAttributeValues: { ":one": 1 },
      },
    },
  ];

  test("makes a repeated transaction happen once, for 10 minutes", async () => {
    const more = { ClientRequestToken: `token-${run}` };
    await transact(increment(), more);
    await transact(increment(), more);
    expect(await get(a)).toMatchObject({ n: 1 });
    await expect(transact([{ Delete: key(b) }], more)).rejects.toMatchObject({
      name: "IdempotentParameterMismatchException",
    });
    db.clock.advance(10 * 60 * 1000 + 1);
    await transact(increment(), more);
    expect(await get(a)).toMatchObject({ n: 2 });
  });

  test("of a cancelled transaction may be used again", async () => {
    const entries: Entries = [
      ...increment(),
      { ConditionCheck: { ...key(b), ConditionExpression: "attribute_exists(pk)" } },
    ];
    const more = { ClientRequestToken: `token-${run}` };
    await expect(transact(entries, more)).rejects.toThrow("ConditionalCheckFailed");
    await put(b);
    await transact(entries, more);
    expect(await get(a)).toMatchObject({ n: 1 });
  });
});

test("a transactional read answers items in the order asked, with gaps", async () => {
  await put(a, { n: 1, m: 2 });
  const { Responses } = await db.documents.send(
    new TransactGetCommand({
      TransactItems: [{ Get: key(b) }, { Get: { ...key(a), ProjectionExpression: "m" } }],
    }),
  );
  expect(Responses).toEqual([{}, { Item: { m: 2 } }]);
});

describe("a transaction that DynamoDB refuses", () => {
  const update = { UpdateExpression: "SET n = :n", ExpressionAttributeValues: { ":n": 1 } };
  test.each<[string, () => Entries, string]>([
    ["no entries", () => [], "Member must have length greater than or equal to 1"],
    ["an entry of nothing", () => [{}], "TransactItems can only contain one of Check, Put, Update or Delete"],
    [
      "an entry of two",
      () => [{ Delete: key(a), Put: { TableName, Item: { pk: b, sk: "a" } } }],
      "TransactItems can only contain one of",
    ],
    [
      "one item twice",
      () => [{ Delete: key(a) }, { Update: { ...key(a), ...update } }],
      "Transaction request cannot include multiple operations on one item",
    ],
    [
      "a wrong key",
      () => [{ Delete: { TableName, Key: { pk: a } } }],
      "The provided key element does not match the schema",
    ],
    [
      "a wrong expression",
      () => [{ Update: { ...key(a), UpdateExpression: "SET n" } }],
      "Invalid UpdateExpression: Syntax error",
    ],
    [
      "an unused value",
      () => [
        {
          Delete: {
            ...key(a),
            ConditionExpression: "attribute_exists(pk)",
            ExpressionAttributeValues: { ":n": 1 },
          },
        },
      ],
      "unused in expressions: keys: {:n}",
    ],
    [
      "an index key that is too long",
      () => [{ Put: { TableName, Item: { pk: a, sk: "a", due_pk: "d", due_sk: "x".repeat(1025) } } }],
      "Aggregated size of all range keys has exceeded the size limit of 1024 bytes",
    ],
    [
      "more than 4 MB",
      () =>
        Array.from({ length: 11 }, (_, n) => ({
          Put: { TableName, Item: { pk: `${a}${n}`, sk: "a", x: "x".repeat(400_000) } },
        })),
      "Transaction size exceeds the limit of 4 MB",
    ],
  ])("%s", async (_, entries, message) => {
    await expect(transact(entries())).rejects.toMatchObject({
      name: "ValidationException",
      message: expect.stringContaining(message),
    });
  });

  test("a table that does not exist", async () => {
    await expect(
      transact([{ Delete: { TableName: "absent", Key: { pk: a, sk: "a" } } }]),
    ).rejects.toMatchObject({
      name: "ResourceNotFoundException",
    });
  });
});
