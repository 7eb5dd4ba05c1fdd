/** Locks on the whole cloud: clients follow to where they wait, and are in nobody's way there; what runs out is told. */
import { execFile, spawnSync } from "node:child_process";
import { cpSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { ScanCommand } from "@aws-sdk/lib-dynamodb";
import { afterAll, beforeAll, expect, test } from "vitest";
import * as z from "zod";
import { problem } from "#contract/common.ts";
import { eventLog } from "#core/events/contract.ts";
import { lockGrant, lockState } from "#core/locks/contract.ts";
import { ensureAssembly } from "#start/assembly.ts";
import { directEnv } from "#test/support/direct-env.ts";
import { type Story, startStory } from "#test/support/story.ts";

const run = promisify(execFile);
const has = (command: string, ...args: string[]) => spawnSync(command, args).status === 0;

let assembly: string;
let story: Story;
beforeAll(async () => {
  assembly = await withWaiters(1);
  story = await startStory({ cloud: { assembly, maxEnvironments: 3 } });
});
afterAll(async () => {
  await story?.stop();
  rmSync(assembly, { recursive: true, force: true });
});

/** The app as `cdk deploy -c waiters=<count>` has it. */
async function withWaiters(count: number): Promise<string> {
  const copy = mkdtempSync(join(tmpdir(), "wharf-assembly-"));
  cpSync(await ensureAssembly(), copy, { recursive: true });
  const shape = z.looseObject({
    Resources: z.record(z.string(), z.looseObject({ Type: z.string(), Properties: z.unknown() })),
  });
  for (const file of readdirSync(copy).filter((name) => name.endsWith(".template.json"))) {
    const template = shape.parse(JSON.parse(readFileSync(join(copy, file), "utf8")));
    for (const [id, resource] of Object.entries(template.Resources)) {
      if (resource.Type !== "AWS::Lambda::Function" || !id.startsWith("WaitFunction")) continue;
      const properties = z.looseObject({}).parse(resource.Properties);
      resource.Properties = { ...properties, ReservedConcurrentExecutions: count };
    }
    writeFileSync(join(copy, file), JSON.stringify(template));
  }
  return copy;
}

let files = 0;
/** A file whose lock is held, and how its holder lets go. */
async function heldFile() {
  const { file_id } = await story.upload(Buffer.from("x"), { filename: `waited-for-${++files}.txt` });
  const lock = `/v1/files/${file_id}/lock`;
  const { lock_token } = await story.json(lockGrant, lock, { json: { client: "holder" } });
  const release = () => story.api(lock, { method: "DELETE", headers: { "Lock-Token": lock_token } });
  return { lock, release };
}

/** Lets go once somebody waits: the waiters' function has looked at the file. */
async function letGoOnceWaitedFor(release: () => Promise<Response>): Promise<void> {
  const looks = () => story.cloud.traces().filter(({ caller }) => caller.startsWith("WaitFunction")).length;
  await expect.poll(looks, { timeout: 20_000 }).toBeGreaterThan(1);
  expect((await release()).status).toBe(204);
}

test("fetch follows to where it waits, and gets the lock when it is free", async () => {
  const { lock, release } = await heldFile();
  story.cloud.clearTraces();
  const waiting = story.api(lock, {
    json: { wait_seconds: 20, client: "next" },
    headers: { "Idempotency-Key": "fetch" },
    redirect: "follow",
  });
  await letGoOnceWaitedFor(release);
  const answer = await waiting;
  expect([answer.status, answer.redirected, answer.url]).toEqual([201, true, `${story.origin}${lock}/wait`]);
  const { fencing_token, lock_token } = lockGrant.parse(await answer.json());
  expect(fencing_token).toBe(2);
  // Shown once: neither logs nor table know it, though an answer is kept for the Idempotency-Key.
  const { Items = [] } = await story.dynamodb.send(new ScanCommand({ TableName: story.tableName }));
  expect(JSON.stringify([Items, story.cloud.logs.lines()])).not.toContain(lock_token);
});

test("where all places are taken a waiter is told to come back, and calls that don't wait go on", async () => {
  const { lock, release } = await heldFile();
  const others = await Promise.all(Array.from({ length: 4 }, heldFile));
  await Promise.all(others.map((other) => other.release()));
  story.cloud.clearTraces();
  const first = story.api(lock, { json: { wait_seconds: 20 }, redirect: "follow" });
  await expect.poll(() => story.cloud.traces().some(({ caller }) => caller.startsWith("Wait"))).toBe(true);

  const second = await story.api(lock, { json: { wait_seconds: 20 }, redirect: "follow" });
  expect([second.status, second.headers.get("retry-after")]).toEqual([503, "1"]);
  expect(problem.parse(await second.json())).toMatchObject({ status: 503, code: "unavailable" });
  const plain = await Promise.all(others.map((other) => story.api(other.lock, { json: {} })));
  expect(plain.map(({ status }) => status)).toEqual([201, 201, 201, 201]);
  expect((await story.api(lock, { json: {} })).status).toBe(423);

  expect((await release()).status).toBe(204);
  expect((await first).status).toBe(201);
});

test("a lease that runs out is told of within two minutes, and the API knows at once", async () => {
  const { file_id } = await story.upload(Buffer.from("x"), { filename: "left.txt" });
  const lock = `/v1/files/${file_id}/lock`;
  const { expires_at } = await story.json(lockGrant, lock, { json: { ttl_seconds: 30 } });
  story.advance(30_000);
  expect((await story.json(lockState, lock)).locked).toBe(false);
  for (let minute = 0; minute < 2; minute++) {
    story.advance(61_000);
    await story.cloud.waitForIdle();
  }
  const { items } = await story.json(eventLog, "/v1/events?limit=100&type=lock_expired");
  const [told, ...more] = items.filter((one) => one.file_id === file_id);
  expect(more).toEqual([]);
  expect(told?.data).toMatchObject({ fencing_token: 1, expires_at });
  expect(told?.occurred_at).toBe(expires_at);
});

const python = `
import os, requests
answer = requests.post(os.environ["URL"], json={"wait_seconds": 20, "client": "python"},
    headers={"Authorization": "Bearer " + os.environ["TOKEN"], "Idempotency-Key": "python"})
print(answer.status_code, [one.status_code for one in answer.history], answer.json()["fencing_token"])
`;

test.skipIf(!has("python3", "-c", "import requests"))("so does Python's requests (needs it)", async () => {
  const { lock, release } = await heldFile();
  story.cloud.clearTraces();
  const env = { ...directEnv, URL: `${story.origin}${lock}`, TOKEN: await story.token() };
  const waiting = run("python3", ["-c", python], { env });
  await letGoOnceWaitedFor(release);
  expect((await waiting).stdout.trim()).toBe("201 [307] 2");
});

test.skipIf(!has("python3", "-c", "import requests"))(
  "agents of the example overwrite nobody (needs it)",
  async () => {
    const { file_id } = await story.upload(Buffer.from("begin\n"), { filename: "notes.txt" });
    const script = fileURLToPath(new URL("../../examples/python/append.py", import.meta.url));
    const env = {
      ...directEnv,
      WHARF_URL: story.origin,
      WHARF_CLIENT_ID: story.clientId,
      WHARF_CLIENT_SECRET: story.clientSecret,
    };
    const lines = ["one", "two", "three"];
    await Promise.all(lines.map((line) => run("python3", [script, file_id, line], { env })));
    const content = await (await story.api(`/v1/files/${file_id}/content`, { redirect: "follow" })).text();
    expect(content.split("\n").sort()).toEqual(["", "begin", ...lines].sort());
  },
);

test.skipIf(!has("curl", "--version"))("so does curl -L (needs it)", async () => {
  const { lock, release } = await heldFile();
  story.cloud.clearTraces();
  const waiting = run(
    "curl",
    [
      ...["-sSL", "-w", "\n%{http_code} %{num_redirects}", `${story.origin}${lock}`],
      ...["-H", `authorization: Bearer ${await story.token()}`, "-H", "content-type: application/json"],
      ...["-d", '{"wait_seconds":20,"client":"curl"}'],
    ],
    { env: directEnv },
  );
  await letGoOnceWaitedFor(release);
  const [body = "", status] = (await waiting).stdout.split("\n");
  expect(status).toBe("201 1");
  expect(lockGrant.parse(JSON.parse(body)).fencing_token).toBe(2);
});
