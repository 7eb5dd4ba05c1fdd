import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { fileURLToPath } from "node:url";
import { QueryCommand, ScanCommand } from "@aws-sdk/lib-dynamodb";
import { afterAll, expect, test } from "vitest";
import { startDynamoDb } from "./dynamodb-support.ts";

const dir = mkdtempSync(join(tmpdir(), "dynamodb-crash-"));
afterAll(() => rmSync(dir, { recursive: true, force: true }));

const WRITER = fileURLToPath(new URL("./dynamodb-crash-writer.ts", import.meta.url));

/** Starts a writer at `from`, kills it after `count` answers, and gives the last number that it was told is written. */
async function killAfter(count: number, from: number): Promise<number> {
  const child: ChildProcess = spawn(process.execPath, [WRITER, dir, String(from)], {
    stdio: ["ignore", "pipe", "inherit"],
  });
  const exited = once(child, "exit");
  let acknowledged = -1;
  if (!child.stdout) throw new Error("The writer has no output.");
  for await (const line of createInterface(child.stdout)) {
    acknowledged = Number(line);
    if (acknowledged - from + 1 === count) child.kill("SIGKILL");
  }
  expect(await exited).toEqual([null, "SIGKILL"]);
  return acknowledged;
}

test("after kill -9 each transaction is whole or absent, and the stream tells of exactly those", async () => {
  let from = 0;
  for (const count of [1, 12, 40]) {
    const acknowledged = await killAfter(count, from);
    const db = await startDynamoDb({ dir });
    try {
      const { Items = [] } = await db.documents.send(new ScanCommand({ TableName: "things" }));
      const written = Math.max(...Items.map(({ n }) => Number(n)));
      expect(written).toBeGreaterThanOrEqual(acknowledged);
      const expected = Array.from({ length: Math.min(7, written + 1) }, (_, back) => written - back);
      const image = expected.flatMap((n) => ["a", "b", "c"].map((sk) => `${n % 7} ${sk} ${n}`)).sort();
      expect(Items.map(({ pk, sk, n }) => `${pk} ${sk} ${n}`).sort()).toEqual(image);

      const { Items: due = [] } = await db.documents.send(
        new QueryCommand({
          TableName: "things",
          IndexName: "due",
          KeyConditionExpression: "due_pk = :d",
          ExpressionAttributeValues: { ":d": "due" },
        }),
      );
      expect(due.map(({ pk, sk, n }) => `${pk} ${sk} ${n}`).sort()).toEqual(image);

      const { records } = db.service.stream("things").read({ after: undefined, limit: 10_000 });
      expect(records.map(({ dynamodb }) => Number(dynamodb.NewImage?.["n"]?.N))).toEqual(
        Array.from({ length: written + 1 }, (_, n) => [n, n, n]).flat(),
      );
      from = written + 1;
    } finally {
      await db.close();
    }
  }
});
