/**
 * A cloud is killed at 30 random moments under mixed traffic; nothing that it acknowledged is lost. In between, copies
 * of its folder are damaged in every way that we know, and each damage is named.
 */
import { spawnSync } from "node:child_process";
import { createHash, randomInt } from "node:crypto";
import {
  cpSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  truncateSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { expect, test } from "vitest";
import * as z from "zod";
import { event } from "#contract/events.ts";
import { finalizeAnswer } from "#core/finalize/contract.ts";
import { share } from "#core/links/contract.ts";
import { uploadStatus } from "#core/uploads/contract.ts";
import { type ApiClient, putPart } from "#test/support/api-client.ts";
import { startCloudChild } from "#test/support/cloud-child.ts";
import { eventually } from "#test/support/eventually.ts";
import { startReceiver } from "#test/support/receiver.ts";

const KILLS = 30;
const LANES = 3;
const seed = Number(process.env["WHARF_SEED"] ?? randomInt(2 ** 31));

/**
 * Numbers below `limit`, the same for the same seed; which lane takes which is up to the machine. Source: mulberry32, public
 * domain.
 */
function createRandom(state: number) {
  let a = state;
  return (limit: number): number => {
    a = (a + 0x6d2b79f5) | 0;
    let t = Math.imul(a ^ (a >>> 15), 1 | a);
    t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t;
    return Math.floor((((t ^ (t >>> 14)) >>> 0) / 2 ** 32) * limit);
  };
}

const digest = (bytes: Uint8Array) => createHash("sha256").update(bytes).digest("hex");

/** What was acknowledged, and has to be true for ever. */
const files = new Map<string, string>();
const links = new Map<string, string>();
/** Sessions whose one part S3 has taken. */
const parts = new Set<string>();
const deleted = new Set<string>();
/** Every file whose upload was acknowledged, deleted since or not. */
const completed = new Set<string>();
/** Deletes that nobody heard the answer of: either way is right. */
const unsure = new Set<string>();
const counts: Record<string, number> = {};
const wrong: string[] = [];

const random = createRandom(seed);
const count = (what: string) => {
  counts[what] = (counts[what] ?? 0) + 1;
};

function someBytes(): Uint8Array<ArrayBuffer> {
  const bytes = new Uint8Array(1 + random(random(4) === 0 ? 400_000 : 4_000));
  for (let at = 0; at < bytes.length; at += 1 + random(64)) bytes[at] = random(256);
  return bytes;
}

function known(): string | undefined {
  const ids = [...files.keys()];
  return ids[random(ids.length)];
}

let names = 0;
/** What a lane may do next; answers whether it was acknowledged. */
const steps: Record<string, (client: ApiClient) => Promise<boolean>> = {
  async session(client) {
    const bytes = someBytes();
    const started = await client.start(`session-${names++}.bin`, bytes.length);
    for (const part of started.parts) await putPart(started, part, bytes);
    parts.add(started.upload_id);
    if (random(5) === 0) return true; // left for later
    const path = `/v1/uploads/${started.upload_id}/finalize`;
    parts.delete(started.upload_id);
    return acknowledge(await client.json(finalizeAnswer, path, { json: {} }), bytes);
  },
  async oneRequest(client) {
    const bytes = someBytes();
    const body = new FormData();
    body.set("file", new Blob([bytes]), `direct-${names++}.bin`);
    return acknowledge(
      await client.json(finalizeAnswer, "/v1/files/upload", { method: "POST", body }),
      bytes,
    );
  },
  async link(client) {
    const id = known();
    if (id === undefined) return false;
    const { share_url } = await client.json(share, `/v1/files/${id}/shares`, { json: {} });
    links.set(new URL(share_url).pathname, id);
    return true;
  },
  async download(client) {
    const id = known();
    if (id === undefined || unsure.has(id)) return false;
    await checkFile(client, id);
    return true;
  },
  async remove(client) {
    const id = random(3) === 0 ? known() : undefined;
    if (id === undefined) return false;
    unsure.add(id);
    const answer = await client.api(`/v1/files/${id}`, { method: "DELETE" });
    if (answer.status !== 204) return false;
    unsure.delete(id);
    files.delete(id);
    deleted.add(id);
    return true;
  },
};

function acknowledge({ file_id }: { file_id: string }, bytes: Uint8Array): true {
  files.set(file_id, digest(bytes));
  completed.add(file_id);
  return true;
}

async function checkFile(client: ApiClient, id: string): Promise<void> {
  const answer = await client.api(`/v1/files/${id}/content`, { redirect: "follow" });
  const found = digest(await answer.bytes());
  // Another lane may have deleted it meanwhile.
  if (files.has(id) && !unsure.has(id) && (answer.status !== 200 || found !== files.get(id))) {
    wrong.push(`${id}: ${answer.status}`);
  }
}

/** Sends mixed traffic until `isOver`; an error after that is the kill's. */
async function traffic(client: ApiClient, onStep: () => void, isOver: () => boolean): Promise<void> {
  const kinds = Object.keys(steps);
  const lane = async () => {
    while (!isOver()) {
      const kind = kinds[random(kinds.length)] ?? "";
      try {
        const step = steps[kind]?.(client);
        onStep();
        if ((await step) && !isOver()) count(kind);
      } catch (error) {
        // Another lane has deleted the file meanwhile.
        if (/ 404 /.test(String(error)) && (deleted.size > 0 || unsure.size > 0)) continue;
        if (!isOver() && !/ECONN|fetch failed|terminated/.test(String(error)))
          wrong.push(`${kind}: ${error}`);
      }
    }
  };
  await Promise.all(Array.from({ length: LANES }, lane));
}

/** Everything that was acknowledged, as this cloud has it. */
async function checkAll(client: ApiClient): Promise<void> {
  for (const id of files.keys()) if (!unsure.has(id)) await checkFile(client, id);
  for (const id of deleted) {
    const { status } = await client.api(`/v1/files/${id}`);
    if (status !== 404) wrong.push(`deleted ${id}: ${status}`);
  }
  for (const [path, id] of links) {
    if (!files.has(id) || unsure.has(id)) continue;
    const answer = await fetch(`${client.origin}${path}`, { redirect: "manual" });
    await answer.body?.cancel();
    if (answer.status >= 400) wrong.push(`link ${path}: ${answer.status}`);
  }
  for (const id of parts) {
    const { state, received } = await client.json(uploadStatus, `/v1/uploads/${id}`);
    if (state !== "open" || received.length !== 1) wrong.push(`part of ${id}: ${state} ${received.length}`);
  }
}

const half = (file: string) => truncateSync(file, Math.floor(statSync(file).size / 2));
function flipPages(file: string): void {
  const bytes = readFileSync(file);
  for (let at = 4096; at < bytes.length; at++) bytes[at] = ~(bytes[at] ?? 0) & 0xff;
  writeFileSync(file, bytes);
}
/** The files that are read from a copy: as many as there is time for. */
const sample = () => [...files].filter(([id]) => !unsure.has(id)).slice(0, 15);

/** The bytes of a file that was acknowledged. */
function aBlob(dir: string): string {
  const wanted = new Set(sample().map(([, sum]) => sum));
  const blobs = readdirSync(join(dir, "blobs")).map((name) => join(dir, "blobs", name));
  const found = blobs.find((blob) => wanted.has(digest(readFileSync(blob))));
  if (found === undefined) throw new Error("no blob has the bytes of a file");
  return found;
}

/** How the log names bytes that are not what was stored. */
const BLOB = /blobs\/[\da-f-]{36} is damaged: it.*put the file back from a backup/;

/** What is done to a copy of the folder, and what must be said of it: by the start, or by the log where it goes on. */
const DAMAGES: { what: string; damage(dir: string): void; said: RegExp; goesOn?: true }[] = [
  {
    what: "s3.sqlite missing",
    damage: (dir) => rmSync(join(dir, "s3.sqlite")),
    said: /s3\.sqlite is missing, though there are bytes of \d+ uploads\. .*backup/,
  },
  {
    what: "s3.sqlite halved, log gone",
    damage(dir) {
      half(join(dir, "s3.sqlite"));
      rmSync(join(dir, "s3.sqlite-wal"));
    },
    said: /s3\.sqlite(-wal is missing| is cut off).*backup/,
  },
  {
    what: "s3.sqlite empty",
    damage: (dir) => truncateSync(join(dir, "s3.sqlite"), 0),
    said: /s3\.sqlite is empty\. .*backup/,
  },
  {
    what: "pages of s3.sqlite flipped, log gone",
    damage(dir) {
      flipPages(join(dir, "s3.sqlite"));
      rmSync(join(dir, "s3.sqlite-wal"));
      writeFileSync(join(dir, "run-state"), "starting");
    },
    said: /s3\.sqlite is damaged \(.*\)\. .*backup/,
  },
  {
    what: "dynamodb.sqlite halved, log gone",
    damage(dir) {
      half(join(dir, "dynamodb.sqlite"));
      rmSync(join(dir, "dynamodb.sqlite-wal"));
    },
    said: /dynamodb\.sqlite(-wal is missing| is cut off).*backup/,
  },
  {
    what: "write-ahead log of dynamodb.sqlite missing",
    damage: (dir) => rmSync(join(dir, "dynamodb.sqlite-wal")),
    said: /dynamodb\.sqlite-wal is missing, with what was written last.*backup/,
  },
  {
    what: "sqs.sqlite missing",
    damage: (dir) => rmSync(join(dir, "sqs.sqlite")),
    said: /sqs\.sqlite was missing: the queues begin empty/,
    goesOn: true,
  },
  {
    what: "credentials.json halved",
    damage: (dir) => half(join(dir, "credentials.json")),
    said: /credentials\.json is cut off or otherwise no JSON\. .*delete it/,
  },
  {
    what: "client.json halved",
    damage: (dir) => half(join(dir, "client.json")),
    said: /client\.json is cut off or otherwise no JSON\. .*delete it/,
  },
  {
    what: "a blob missing",
    damage: (dir) => rmSync(aBlob(dir)),
    said: /1 blob is missing\b[^\n]*o\/ws_\w+\/upl_\w+/,
    goesOn: true,
  },
  { what: "a blob short", damage: (dir) => half(aBlob(dir)), said: BLOB, goesOn: true },
  {
    what: "a byte of a blob flipped",
    damage(dir) {
      const bytes = readFileSync(aBlob(dir));
      bytes[bytes.length >> 1] = ~(bytes[bytes.length >> 1] ?? 0) & 0xff;
      writeFileSync(aBlob(dir), bytes);
    },
    said: BLOB,
    goesOn: true,
  },
];

const MAIN = fileURLToPath(new URL("../../start/main.ts", import.meta.url));

/** What `npm start` says of a copy that it can't start on. */
function refusalOf(dir: string): string {
  const { stderr } = spawnSync(process.execPath, [MAIN, "--port", "0", "--data", dir], { timeout: 60_000 });
  return String(stderr);
}

/** What the log says of a copy whose cloud goes on, once a sample of its files was asked for. */
async function logOf(dir: string): Promise<string> {
  await using cloud = await startCloudChild(dir);
  let refused = 0;
  for (const [id, sum] of sample()) {
    const answer = await cloud.client
      .api(`/v1/files/${id}/content`, { redirect: "follow" })
      .catch(() => undefined);
    const bytes = await answer?.bytes().catch(() => undefined);
    if (answer?.status !== 200 || bytes === undefined) refused++;
    else if (digest(bytes) !== sum) wrong.push(`${id} of a damaged copy was answered 200 with other bytes`);
  }
  count(refused > 0 ? "copies with files refused" : "copies with all files");
  await cloud.stop();
  return readFileSync(join(dir, "log.jsonl"), "utf8");
}

test(`${KILLS} kills and ${DAMAGES.length} damages lose nothing that was acknowledged (seed ${seed})`, {
  timeout: 400_000,
}, async () => {
  const dir = mkdtempSync(join(tmpdir(), "wharf-kills-"));
  const told = new Map<string, Set<string>>();
  let isCopy = false;
  const receiver = await startReceiver((res, { body }) => {
    // What a copy delivers would hide what the cloud itself has lost.
    if (isCopy) return void res.writeHead(503).end();
    const { type, file_id = "" } = event.parse(JSON.parse(body));
    told.set(type, (told.get(type) ?? new Set()).add(file_id));
    res.writeHead(204).end();
  });
  const named: string[] = [];
  try {
    let cloud = await startCloudChild(join(dir, "data"));
    const json = { url: receiver.url, events: ["upload_completed", "file_deleted"] };
    await cloud.client.json(z.unknown(), "/v1/webhooks", { json });
    // The first kill may come before anything was acknowledged, and its copy has to hold something.
    for (let n = 0; n < 3; n++) await steps["oneRequest"]?.(cloud.client);
    for (let kill = 0; kill < KILLS; kill++) {
      let left = 1 + random(12);
      let isOver = false;
      const current = cloud;
      const onStep = () => {
        if (--left !== 0) return;
        isOver = true;
        void current.kill();
      };
      await traffic(current.client, onStep, () => isOver);
      await current.kill();

      const next = DAMAGES[kill];
      if (next !== undefined) {
        isCopy = true;
        const copy = join(dir, "copy");
        cpSync(join(dir, "data"), copy, { recursive: true });
        next.damage(copy);
        const heard = next.goesOn ? await logOf(copy) : refusalOf(copy);
        rmSync(copy, { recursive: true });
        isCopy = false;
        if (next.said.test(heard)) named.push(next.what);
        else wrong.push(`${next.what} is not named: ${heard.slice(-2_000)}`);
      }
      cloud = await startCloudChild(join(dir, "data"));
    }
    await checkAll(cloud.client);
    await cloud.idle();
    await cloud.advance(11 * 60_000);
    await cloud.idle();
    await eventually(() => {
      const missing = (type: string, ids: Iterable<string>) =>
        [...ids].filter((id) => !told.get(type)?.has(id));
      expect(missing("upload_completed", completed)).toEqual([]);
      expect(missing("file_deleted", deleted)).toEqual([]);
    });
    await cloud.kill();
  } finally {
    await receiver.close();
    rmSync(dir, { recursive: true, force: true, maxRetries: 3 });
    const kept = { files: files.size, links: links.size, parts: parts.size, deleted: deleted.size };
    console.log(
      `seed ${seed}, kills ${KILLS}, damages named ${named.length}/${DAMAGES.length}:`,
      counts,
      kept,
    );
  }
  expect(wrong).toEqual([]);
  expect(named).toEqual(DAMAGES.map(({ what }) => what));
});
