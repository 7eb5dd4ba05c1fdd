/** Processes are killed with SIGKILL; what was acknowledged is there afterwards, and what was begun goes on. */
import { spawn } from "node:child_process";
import { createHash, randomBytes } from "node:crypto";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { request } from "node:http";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { fileURLToPath } from "node:url";
import { afterEach, beforeEach, expect, test } from "vitest";
import { event } from "#contract/events.ts";
import { finalizeAnswer } from "#core/finalize/contract.ts";
import { uploadStatus } from "#core/uploads/contract.ts";
import { type ApiClient, putPart } from "#test/support/api-client.ts";
import { startCloudChild } from "#test/support/cloud-child.ts";
import { eventually } from "#test/support/eventually.ts";
import { startReceiver } from "#test/support/receiver.ts";
import { startStory } from "#test/support/story.ts";
import { missingParts, sendParts } from "#test/support/upload-parts.ts";

const MIB = 1_048_576;
const PART = 5 * MIB;

let dir: string;
beforeEach(() => {
  dir = mkdtempSync(join(tmpdir(), "wharf-durability-"));
});
afterEach(() => rmSync(dir, { recursive: true, force: true, maxRetries: 3 }));

const digest = (bytes: Uint8Array) => createHash("sha256").update(bytes).digest("hex");

async function contentOf(client: ApiClient, fileId: string): Promise<string> {
  const answer = await client.api(`/v1/files/${fileId}/content`, { redirect: "follow" });
  expect(answer.status).toBe(200);
  return digest(await answer.bytes());
}

/** Begins to send a part and stops half way; resolves once half of it is on the wire. */
async function sendHalf(url: string, bytes: Uint8Array): Promise<void> {
  const sending = request(url, { method: "PUT", headers: { "Content-Length": bytes.length } });
  sending.on("error", () => {}); // the other side is about to die
  await new Promise((resolve) => sending.write(bytes.subarray(0, bytes.length / 2), resolve));
}

const sliceOf = (bytes: Uint8Array<ArrayBuffer>) => (number: number) =>
  bytes.slice((number - 1) * PART, number * PART);

test("kill -9 of the cloud, amid an upload and after finalize, loses nothing acknowledged", {
  timeout: 240_000,
}, async () => {
  const receiver = await startReceiver();
  const told = (fileId: string) =>
    receiver.received
      .map(({ body }) => event.parse(JSON.parse(body)))
      .filter(({ file_id }) => file_id === fileId)
      .map(({ id }) => id);
  const big = randomBytes(2 * PART + 1_000);
  const small = randomBytes(1_000);
  try {
    let cloud = await startCloudChild(dir);
    await cloud.client.api("/v1/webhooks", { json: { url: receiver.url, events: ["upload_completed"] } });
    const started = await cloud.client.start("reports/big.bin", big.length, { part_size: PART });
    const [first, second] = started.parts;
    if (first === undefined || second === undefined) throw new Error("an upload of three parts has two URLs");
    await putPart(started, first, big);
    await sendHalf(second.url, sliceOf(big)(2));
    await cloud.kill();

    cloud = await startCloudChild(dir);
    const upload = `/v1/uploads/${started.upload_id}`;
    const status = await cloud.client.json(uploadStatus, upload);
    expect(status).toMatchObject({ state: "open", received: [[1, 1]], bytes_received: PART });
    await sendParts(cloud.client, started, missingParts(status), sliceOf(big));
    const answer = await cloud.client.json(finalizeAnswer, `${upload}/finalize`, { json: {} });
    await cloud.kill();

    cloud = await startCloudChild(dir);
    expect(await cloud.client.json(finalizeAnswer, `${upload}/finalize`, { json: {} })).toEqual({
      ...answer,
      share_url: expect.stringContaining(new URL(answer.share_url ?? "").pathname),
    });
    expect(await contentOf(cloud.client, answer.file_id)).toBe(digest(big));

    // This time nobody knows whether finalize was heard.
    const other = await cloud.client.start("reports/small.bin", small.length);
    for (const part of other.parts) await putPart(other, part, small);
    const finalize = `/v1/uploads/${other.upload_id}/finalize`;
    const unheard = cloud.client.api(finalize, { json: {} }).catch(() => undefined);
    await cloud.kill();
    await unheard;

    cloud = await startCloudChild(dir);
    const second_answer = await cloud.client.json(finalizeAnswer, finalize, { json: {} });
    expect(await contentOf(cloud.client, second_answer.file_id)).toBe(digest(small));

    // Messages that the dead cloud's functions held are back at once; an attempt that one was making, after its lease.
    await cloud.idle();
    await cloud.advance(31_000);
    await cloud.idle();
    await eventually(() => {
      expect(new Set(told(answer.file_id)).size).toBe(1);
      expect(new Set(told(second_answer.file_id)).size).toBe(1);
    });
    await cloud.kill();
  } finally {
    await receiver.close();
  }
});

test("kill -9 of a client half way: it resumes and sends only what is missing", {
  timeout: 120_000,
}, async () => {
  await using story = await startStory();
  const bytes = randomBytes(5 * PART + 4_321);
  const file = join(dir, "file.bin");
  writeFileSync(file, bytes);
  const started = await story.start("build.bin", bytes.length, { part_size: PART });
  await killAfter(3, { file, partSize: PART, parts: started.parts });

  const status = await eventually(async () => {
    // The part that was under way when the client died may still be about to be thrown away.
    await story.cloud.waitForIdle();
    return story.json(uploadStatus, `/v1/uploads/${started.upload_id}`);
  });
  const missing = missingParts(status);
  expect(missing.length).toBeGreaterThan(0);
  expect(missing.length).toBeLessThanOrEqual(3);
  story.cloud.clearTraces();
  await sendParts(story, started, missing, sliceOf(bytes));
  const answer = await story.json(finalizeAnswer, `/v1/uploads/${started.upload_id}/finalize`, { json: {} });

  const sent = story.cloud.traces().filter(({ action }) => action === "UploadPart");
  expect(sent.map(({ status }) => status)).toEqual(missing.map(() => 200));
  expect(await contentOf(story, answer.file_id)).toBe(digest(bytes));
});

/** Runs a client in a process of its own until S3 has taken `count` parts, then kills it. */
async function killAfter(count: number, input: unknown): Promise<void> {
  const script = fileURLToPath(new URL("../support/upload-process.ts", import.meta.url));
  const child = spawn(process.execPath, [script], { stdio: ["pipe", "pipe", "inherit"] });
  const ended = new Promise((resolve) => child.once("exit", resolve));
  try {
    child.stdin.end(JSON.stringify(input));
    for await (const line of createInterface({ input: child.stdout })) if (Number(line) === count) break;
  } finally {
    child.kill("SIGKILL");
    await ended;
  }
}
