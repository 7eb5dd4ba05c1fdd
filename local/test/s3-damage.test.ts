import { randomBytes } from "node:crypto";
import { mkdtemp, open, readdir, rename, rm, stat, truncate } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import {
  CompleteMultipartUploadCommand,
  CopyObjectCommand,
  CreateMultipartUploadCommand,
  HeadObjectCommand,
  ListPartsCommand,
  PutObjectCommand,
  UploadPartCommand,
  UploadPartCopyCommand,
} from "@aws-sdk/client-s3";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { BUCKET, errorCode, type Harness, MIB, startS3 } from "./s3-harness.ts";

const Bucket = BUCKET;
const BYTES = randomBytes(3 * MIB);
let dir: string;
let h: Harness;
beforeAll(async () => {
  dir = await mkdtemp(join(tmpdir(), "local-cloud-s3-damage-"));
  h = await startS3({ dir });
});
afterAll(async () => {
  await h[Symbol.asyncDispose]();
  await rm(dir, { recursive: true, force: true });
});

const folder = () => join(dir, "blobs");

/** Runs `write`; answers the files that it made. */
async function filesOf(write: () => Promise<unknown>): Promise<string[]> {
  const before = new Set(await readdir(folder()));
  await write();
  const made = (await readdir(folder())).filter((name) => !before.has(name));
  return made.map((name) => join(folder(), name));
}

const put = (Key: string, Body: Uint8Array | string = BYTES) =>
  h.client.send(new PutObjectCommand({ Bucket, Key, Body }));

/** Changes the byte at `offset` from the end. */
async function flip(file: string, offset: number): Promise<void> {
  const handle = await open(file, "r+");
  const at = (await stat(file)).size - offset;
  const byte = Buffer.alloc(1);
  await handle.read(byte, 0, 1, at);
  await handle.write(Buffer.from([byte.readUInt8() ^ 1]), 0, 1, at);
  await handle.close();
}

const damages: [string, (file: string) => Promise<void>, string][] = [
  ["is missing", (file) => rm(file), "it is missing"],
  ["is cut off", (file) => truncate(file, 1000), "it has 1000 bytes instead of 3145728"],
  ["is too long", (file) => truncate(file, BYTES.length + 1), "it has 3145729 bytes instead of 3145728"],
];

/** What the operator was told of `file` since the last time. */
function told(file: string): string {
  const lines = h.defects.splice(0).concat(h.errors.splice(0)).map(String);
  expect(lines).toEqual(lines.map(() => expect.stringContaining(`DamagedBlob: ${file} is damaged: `)));
  return lines[0] ?? "";
}

describe("a file of an object", () => {
  it.each(damages)("that %s is found before anything is answered", async (_name, damage, words) => {
    const [file = ""] = await filesOf(() => put("whole"));
    await damage(file);
    for (const headers of [{}, { range: "bytes=10-19" }] as Record<string, string>[]) {
      const answer = await h.anonymous(`/${BUCKET}/whole`, { headers });
      expect([answer.status, errorCode(await answer.text())]).toEqual([500, "InternalError"]);
      // Nothing of the object that could be kept, cached or taken for its own.
      expect([answer.headers.get("etag"), answer.headers.get("content-range")]).toEqual([null, null]);
      expect(told(file)).toContain(`${words}. It holds bytes of ${BUCKET}/whole`);
    }
    const head = h.client.send(new HeadObjectCommand({ Bucket, Key: "whole" }));
    await expect(head).rejects.toMatchObject({ $metadata: { httpStatusCode: 500 } });
    told(file);
    const copy = h.client.send(new CopyObjectCommand({ Bucket, Key: "copied", CopySource: "files/whole" }));
    await expect(copy).rejects.toMatchObject({ name: "InternalError" });
    told(file);

    await put("whole", "anew");
    expect(await (await h.anonymous(`/${BUCKET}/whole`)).text()).toBe("anew");
    expect(h.defects).toEqual([]);
  });

  it("that changed inside never ends as if it were whole", async () => {
    const [file = ""] = await filesOf(() => put("flipped"));
    await flip(file, 2 * MIB);
    const answer = await h.anonymous(`/${BUCKET}/flipped`);
    expect([answer.status, answer.headers.get("content-length")]).toEqual([200, String(BYTES.length)]);
    await expect(answer.arrayBuffer()).rejects.toThrow();
    await expect.poll(() => h.defects.length).toBe(1);
    expect(told(file)).toMatch(/its CRC\w+ is not what was stored/);

    const part = await h.anonymous(`/${BUCKET}/flipped?partNumber=1`);
    await expect(part.arrayBuffer()).rejects.toThrow();
    await expect.poll(() => h.defects.length).toBe(1);
    told(file);
    const CopySource = "files/flipped";
    const copy = h.client.send(new CopyObjectCommand({ Bucket, Key: "copied", CopySource }));
    await expect(copy).rejects.toMatchObject({ name: "InternalError" });
    told(file);
    const { UploadId } = await h.client.send(new CreateMultipartUploadCommand({ Bucket, Key: "parts" }));
    const partCopy = new UploadPartCopyCommand({ Bucket, Key: "parts", UploadId, PartNumber: 1, CopySource });
    await expect(h.client.send(partCopy)).rejects.toMatchObject({ name: "InternalError" });
    told(file);
    expect((await h.anonymous(`/${BUCKET}/copied`)).status).toBe(404);
  });

  it("that changed inside and is small is a 500", async () => {
    const [file = ""] = await filesOf(() => put("small", "hello"));
    await flip(file, 1);
    const answer = await h.anonymous(`/${BUCKET}/small`);
    expect([answer.status, errorCode(await answer.text())]).toEqual([500, "InternalError"]);
    told(file);
  });

  it("that is cut off while it is read ends the connection", async () => {
    const large = randomBytes(24 * MIB);
    const [file = ""] = await filesOf(() => put("shrinking", large));
    const answer = await h.anonymous(`/${BUCKET}/shrinking`, { headers: { range: "bytes=1-" } });
    expect(answer.status).toBe(206);
    await truncate(file, 12 * MIB);
    await expect(answer.arrayBuffer()).rejects.toThrow();
    await expect.poll(() => h.defects.length).toBe(1);
    expect(told(file)).toContain("went away while it was read");
  });

  it("may be left by its reader without a word", async () => {
    await put("left", randomBytes(24 * MIB));
    const answer = await h.anonymous(`/${BUCKET}/left`);
    h.traces.length = 0;
    await answer.body?.cancel();
    await expect.poll(() => h.traces.map((trace) => trace.action)).toEqual(["GetObject"]);
    expect(h.defects).toEqual([]);
  });
});

describe("a file of a part", () => {
  it.each(damages.slice(0, 2))("that %s is as if it never came", async (_name, damage, words) => {
    const { UploadId } = await h.client.send(new CreateMultipartUploadCommand({ Bucket, Key: "joined" }));
    const upload = { Bucket, Key: "joined", UploadId };
    const parts: { PartNumber: number; ETag: string | undefined }[] = [];
    const send = async (PartNumber: number) => {
      const { ETag } = await h.client.send(new UploadPartCommand({ ...upload, PartNumber, Body: BYTES }));
      parts.push({ PartNumber, ETag });
    };
    const [file = ""] = await filesOf(() => send(1));
    const complete = () =>
      h.client.send(new CompleteMultipartUploadCommand({ ...upload, MultipartUpload: { Parts: parts } }));
    await damage(file);
    await expect(complete()).rejects.toMatchObject({ name: "InternalError" });
    expect(told(file)).toContain(`${words}. It holds bytes of ${BUCKET}/joined`);
    expect((await h.client.send(new ListPartsCommand(upload))).Parts).toBeUndefined();
    expect(told(file)).toContain(`${BUCKET}/joined, part 1`);

    parts.length = 0;
    await send(1);
    await complete();
    const got = await h.anonymous(`/${BUCKET}/joined`);
    expect(Buffer.from(await got.arrayBuffer()).equals(BYTES)).toBe(true);
  });

  it("that is back where it was is read again", async () => {
    const [file = ""] = await filesOf(() => put("back", "hello"));
    await rename(file, `${file}.away`);
    expect((await h.anonymous(`/${BUCKET}/back`)).status).toBe(500);
    told(file);
    await rename(`${file}.away`, file);
    expect(await (await h.anonymous(`/${BUCKET}/back`)).text()).toBe("hello");
  });
});
