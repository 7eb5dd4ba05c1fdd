import { Readable } from "node:stream";
import { PutItemCommand, TransactWriteItemsCommand } from "@aws-sdk/client-dynamodb";
import { GetObjectCommand, PutObjectCommand } from "@aws-sdk/client-s3";
import { DeleteCommand, GetCommand, PutCommand, QueryCommand } from "@aws-sdk/lib-dynamodb";
import { afterAll, afterEach, beforeAll, describe, expect, test } from "vitest";
import type { Fault } from "../faults.ts";
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

/** Whether a promise has settled by now. */
function watch(promise: Promise<unknown>): () => boolean {
  let settled = false;
  const settle = () => {
    settled = true;
  };
  promise.then(settle, settle);
  return () => settled;
}

describe("a caller that freezes", () => {
  test.each([
    [false, 0],
    [true, 1],
  ])("holds its own call alone; effect before the pause: %j", async (happens, meanwhile) => {
    for (const { action, send, happened } of account.writes()) {
      const gate = Promise.withResolvers<void>();
      const calls = account.strike(action, { freeze: gate.promise, happened: happens });
      const sent = send();
      const over = watch(sent);
      await expect.poll(() => calls.length).toBe(1);
      await expect.poll(happened).toBe(meanwhile);
      await account.call();
      expect([action, over()]).toEqual([action, false]);
      gate.resolve();
      await sent;
      expect([action, calls.length, await happened()]).toEqual([action, 1, 1]);
    }
  });

  test("goes on by the cloud's clock", async () => {
    for (const happens of [true, false]) {
      const [write] = account.writes();
      const calls = account.strike("UpdateItem", { freeze: 60_000, happened: happens });
      const sent = write?.send();
      await expect.poll(() => calls.length).toBe(1);
      await account.call();
      account.clock.advance(60_000);
      await sent;
      expect([calls.length, await write?.happened()]).toEqual([1, 1]);
    }
  });

  test("makes no other call, where it is a Lambda environment", async () => {
    const first = account.environment("first");
    const second = account.environment("second");
    const gate = Promise.withResolvers<void>();
    let isFrozen = false;
    account.services.setFaults(({ environment }) => {
      if (environment !== "first" || isFrozen) return undefined;
      isFrozen = true;
      return { freeze: gate.promise };
    });
    const frozen = first();
    await expect.poll(() => isFrozen).toBe(true);
    const other = first();
    const over = watch(Promise.race([frozen, other]));
    await second();
    await account.call();
    expect(over()).toBe(false);
    gate.resolve();
    await Promise.all([frozen, other]);
  });

  test("ends with the server, and nothing happens", async () => {
    await using other = await startFaultyAccount();
    const [write] = other.writes();
    const calls = other.strike("UpdateItem", { freeze: new Promise(() => {}) });
    const refused = expect(write?.send()).rejects.toThrow();
    await expect.poll(() => calls.length).toBe(1);
    await other.services.close();
    await refused;
  });
});

describe("a read that is old", () => {
  const Key = { pk: "read", sk: "-" };
  const put = (due: string, n: number) =>
    account.documents.send(new PutCommand({ TableName, Item: { ...Key, n, due_pk: due, due_sk: `${n}` } }));
  const read = async (due: string) => {
    const { Items = [] } = await account.documents.send(
      new QueryCommand({
        ...{ TableName, IndexName: "due", KeyConditionExpression: "due_pk = :due" },
        ExpressionAttributeValues: { ":due": due },
      }),
    );
    return Items.map(({ n }) => n);
  };
  const get = async () => (await account.documents.send(new GetCommand({ TableName, Key }))).Item?.["n"];

  test("shows an index and an item as they were, and leaves both as they are", async () => {
    const { strike, clock, services } = account;
    await put("early", 1);
    services.keepHistory(3_600_000);
    clock.advance(60_000);
    await put("late", 2);
    clock.advance(60_000);
    await put("late", 3);
    await account.documents.send(new DeleteCommand({ TableName, Key }));

    const stale = async <T>(action: string, staleMs: number, run: () => Promise<T>) => {
      strike(action, { staleMs });
      return run();
    };
    expect(await stale("Query", 30_000, () => read("late"))).toEqual([2]);
    expect(await stale("Query", 30_000, () => read("early"))).toEqual([]);
    expect(await stale("Query", 90_000, () => read("early"))).toEqual([1]);
    expect(await stale("Query", Number.POSITIVE_INFINITY, () => read("early"))).toEqual([1]);
    expect(await stale("GetItem", 30_000, get)).toBe(2);
    expect([await read("early"), await read("late"), await get()]).toEqual([[], [], undefined]);
    expect(services.traces().filter(({ readUnits }) => readUnits).length).toBe(8);
  });

  test("can't be a consistent one, nor know what wasn't kept", async () => {
    const { strike, services, documents } = account;
    services.keepHistory(0);
    strike("GetItem", { staleMs: 1 });
    await expect(get()).resolves.toBeUndefined(); // the SDK's second try
    expect(services.traces().map(({ status }) => status)).toEqual([500, 200]);
    services.keepHistory(1_000);
    strike("GetItem", { staleMs: 1 });
    await documents.send(new GetCommand({ TableName, Key, ConsistentRead: true }));
    expect(services.traces().map(({ status }) => status)).toEqual([500, 200, 500, 200]);
  });

  test("shows what was before the answer last changed, whatever has been written since", async () => {
    const { strike, clock, services } = account;
    services.keepHistory(3_600_000);
    await put("early", 1);
    clock.advance(1_000);
    await put("late", 2);
    clock.advance(1_000);
    await put("late", 3);
    const before = async <T>(action: string, run: () => Promise<T>) => {
      strike(action, { staleMs: "changed" });
      return run();
    };
    expect(await before("Query", () => read("late"))).toEqual([2]);
    expect(await before("Query", () => read("early"))).toEqual([1]);
    expect(await before("Query", () => read("never"))).toEqual([]);
    expect(await before("GetItem", get)).toBe(2);
    expect([await read("late"), await read("early"), await get()]).toEqual([[3], [], 3]);
  });

  test("forgets what is older than is asked for", async () => {
    const { strike, clock, services } = account;
    services.keepHistory(1_000);
    await put("kept", 1);
    clock.advance(2_000);
    await put("kept", 2);
    strike("Query", { staleMs: 60_000 });
    expect(await read("kept")).toEqual([1]);
  });
});
