import { Readable } from "node:stream";
import { PutItemCommand, TransactWriteItemsCommand } from "@aws-sdk/client-dynamodb";
import { GetObjectCommand, PutObjectCommand } from "@aws-sdk/client-s3";
import { GetCommand } from "@aws-sdk/lib-dynamodb";
import { afterAll, afterEach, beforeAll, describe, expect, test } from "vitest";
import type { Fault } from "#local/faults.ts";
import { startFaultyAccount } from "./faulty-account.ts";

let account: Awaited<ReturnType<typeof startFaultyAccount>>;
beforeAll(async () => {
  account = await startFaultyAccount();
});
afterEach(async () => {
  account.services.setFaults(undefined);
  await account.services.late.flush();
  account.services.clearTraces();
});
afterAll(() => account[Symbol.asyncDispose]());

const TableName = "things";

describe("an SDK that retries by default", () => {
  test.each<[string, Fault, { tries: number; happened: number }]>([
    ["what never arrived", "before", { tries: 2, happened: 1 }],
    ["what had happened", "after", { tries: 2, happened: 2 }],
    ["what came twice", "twice", { tries: 1, happened: 2 }],
    ["what came twice in the end", { late: { afterCalls: 0 }, answered: false }, { tries: 2, happened: 2 }],
  ])("succeeds with %s, at every service", async (_, fault, expected) => {
    for (const { action, send, happened } of account.writes()) {
      const calls = account.strike(action, fault);
      await send();
      expect({ action, tries: calls.length, happened: await happened() }).toEqual({ action, ...expected });
    }
  });

  test("carries its token over its tries: a transaction happens once", async () => {
    for (const fault of ["after", "twice"] as const) {
      const Key = { pk: { S: `transaction-${fault}` }, sk: { S: "-" } };
      account.strike("TransactWriteItems", fault);
      await account.dynamodb.send(
        new TransactWriteItemsCommand({
          TransactItems: [
            {
              Update: {
                ...{ TableName, Key, UpdateExpression: "ADD n :one" },
                ExpressionAttributeValues: { ":one": { N: "1" } },
              },
            },
          ],
        }),
      );
      const { Item } = await account.documents.send(
        new GetCommand({ TableName, Key: { pk: Key.pk.S, sk: "-" } }),
      );
      expect(Item?.["n"]).toBe(1);
    }
  });
});

describe("a copy that comes late", () => {
  test("waits for so many further calls, and happens before the next", async () => {
    for (const { action, send, happened } of account.writes()) {
      account.strike(action, { late: { afterCalls: 2 }, answered: true });
      await send();
      await account.call();
      expect([action, account.late().length]).toEqual([action, 0]);
      await account.call();
      await account.services.late.arrived();
      expect([action, await happened()]).toEqual([action, 2]);
      expect(account.late()).toMatchObject([{ action, caller: "root", status: 200, late: true }]);
      account.services.clearTraces();
    }
  });

  test("comes after the retry of a caller that heard nothing", async () => {
    for (const { action, send, happened } of account.writes()) {
      const calls = account.strike(action, { late: { afterCalls: 1 }, answered: false });
      await send();
      await account.call();
      expect([action, calls.length, await happened()]).toEqual([action, 2, 2]);
    }
  });

  test("waits for its time, and isn't refused for its age", async () => {
    for (const { action, send, happened } of account.writes()) {
      account.strike(action, { late: { afterMs: 3_600_000 }, answered: true });
      await send();
      expect([action, account.services.late.waiting()]).toEqual([action, 1]);
      account.clock.advance(3_599_000);
      expect([action, account.services.late.waiting()]).toEqual([action, 1]);
      account.clock.advance(1_000);
      await account.services.late.arrived();
      expect([action, account.services.late.waiting(), await happened()]).toEqual([action, 0, 2]);
      expect(account.late()).toMatchObject([{ action, status: 200 }]);
      account.services.clearTraces();
    }
  });

  test("tells in its trace that it was refused", async () => {
    account.strike("PutItem", { late: { afterMs: 60_000 }, answered: true });
    await account.dynamodb.send(
      new PutItemCommand({
        ...{ TableName, Item: { pk: { S: "once" }, sk: { S: "-" } } },
        ConditionExpression: "attribute_not_exists(pk)",
      }),
    );
    await account.services.late.flush();
    expect(account.late()).toMatchObject([{ action: "PutItem", status: 400 }]);
  });

  test("has its own body, also of a stream in chunks", async () => {
    const object = { Bucket: "files", Key: "overwritten" };
    const content = async () =>
      (await account.s3.send(new GetObjectCommand(object))).Body?.transformToString();
    const bodies = { text: "old bytes", stream: Readable.from(["old ", "bytes"]) };
    for (const Body of Object.values(bodies)) {
      account.strike("PutObject", { late: { afterCalls: 1 }, answered: true });
      await account.s3.send(new PutObjectCommand({ ...object, Body, ContentLength: 9 }));
      await account.s3.send(new PutObjectCommand({ ...object, Body: "new bytes" }));
      expect(await content()).toBe("old bytes");
      await account.s3.send(new PutObjectCommand({ ...object, Body: "newer bytes" }));
      expect(await content()).toBe("newer bytes");
    }
  });

  test("doesn't outlive the server", async () => {
    await using other = await startFaultyAccount();
    const [write] = other.writes();
    other.strike("UpdateItem", { late: { afterMs: 1_000 }, answered: true });
    await write?.send();
    await other.services.close();
    other.clock.advance(1_000);
    expect([other.services.late.waiting(), other.late()]).toEqual([0, []]);
  });
});
