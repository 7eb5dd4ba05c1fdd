import { GetItemCommand, PutItemCommand } from "@aws-sdk/client-dynamodb";
import { DeleteCommand, GetCommand, PutCommand } from "@aws-sdk/lib-dynamodb";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { type Harness, startDynamoDb } from "./dynamodb-support.ts";

const TableName = "things";
let db: Harness;
beforeAll(async () => {
  db = await startDynamoDb();
});
afterAll(() => db.close());

let counter = 0;
const freshKey = () => ({ pk: `item-${++counter}`, sk: "a" });
const send: Harness["documents"]["send"] = (command: never) => db.documents.send(command);

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
      __proto__x: { S: "not special" },
    };
    await db.client.send(new PutItemCommand({ TableName, Item }));
    const { Item: found } = await db.client.send(
      new GetItemCommand({ TableName, Key: { pk: Item.pk, sk: Item.sk }, ConsistentRead: true }),
    );
    expect(found).toEqual(Item);
  });

  test("put answers the old item, delete too", async () => {
    const key = freshKey();
    const put = (n: number) =>
      send(new PutCommand({ TableName, Item: { ...key, n }, ReturnValues: "ALL_OLD" }));
    expect((await put(1)).Attributes).toBeUndefined();
    expect((await put(2)).Attributes).toEqual({ ...key, n: 1 });
    const gone = await send(new DeleteCommand({ TableName, Key: key, ReturnValues: "ALL_OLD" }));
    expect(gone.Attributes).toEqual({ ...key, n: 2 });
    expect((await send(new GetCommand({ TableName, Key: key }))).Item).toBeUndefined();
  });
});
