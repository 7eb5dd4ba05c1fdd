import { GetCommand, TransactWriteCommand } from "@aws-sdk/lib-dynamodb";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { caseTables, freshKey } from "./conformance/dynamodb/target.ts";
import { transactionCases } from "./conformance/dynamodb/transactions.ts";
import { type Harness, startDynamoDb } from "./dynamodb-support.ts";

const TableName = "things";
let db: Harness;
beforeAll(async () => {
  db = await startDynamoDb({ tables: caseTables });
});
afterAll(() => db.close());

describe("a transaction", () => {
  for (const { name, behaviours, check } of transactionCases)
    test(name, { tags: [...behaviours] }, () => check(db));

  test("leaves the stream as it was when it is cancelled", async () => {
    const before = db.service.stream(TableName).latest();
    const cancelled = new TransactWriteCommand({
      TransactItems: [
        { Put: { TableName, Item: freshKey() } },
        { ConditionCheck: { TableName, Key: freshKey(), ConditionExpression: "attribute_exists(pk)" } },
      ],
    });
    await expect(db.documents.send(cancelled)).rejects.toThrow("[None, ConditionalCheckFailed]");
    expect(db.service.stream(TableName).latest()).toBe(before);
  });

  test("that can't be applied says why", async () => {
    const Key = freshKey();
    const update = (UpdateExpression: string, value: unknown) =>
      db.documents.send(
        new TransactWriteCommand({
          TransactItems: [
            { Update: { TableName, Key, UpdateExpression, ExpressionAttributeValues: { ":v": value } } },
          ],
        }),
      );
    await update("SET n = :v", "text");
    await expect(update("ADD n :v", 1)).rejects.toMatchObject({
      CancellationReasons: [
        {
          Code: "ValidationError",
          Message: "An operand in the update expression has an incorrect data type",
        },
      ],
    });
  });

  test("is done again under its token once 10 minutes are over", async () => {
    const Key = freshKey();
    const increment = () =>
      db.documents.send(
        new TransactWriteCommand({
          ClientRequestToken: Key.pk,
          TransactItems: [
            {
              Update: {
                TableName,
                Key,
                UpdateExpression: "ADD n :one",
                ExpressionAttributeValues: { ":one": 1 },
              },
            },
          ],
        }),
      );
    await increment();
    db.clock.advance(10 * 60 * 1000 + 1);
    await increment();
    expect((await db.documents.send(new GetCommand({ TableName, Key }))).Item).toEqual({ ...Key, n: 2 });
  });

  // DynamoDB API Reference, TransactWriteItems: "the same client token but a change in other parameters".
  test("is another one under its token where it asks for another answer", async () => {
    const Item = freshKey();
    const transaction = { ClientRequestToken: Item.pk, TransactItems: [{ Put: { TableName, Item } }] };
    await db.documents.send(new TransactWriteCommand(transaction));
    const other = new TransactWriteCommand({ ...transaction, ReturnConsumedCapacity: "TOTAL" });
    await expect(db.documents.send(other)).rejects.toMatchObject({
      name: "IdempotentParameterMismatchException",
    });
  });
});
