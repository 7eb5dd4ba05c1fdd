import { randomBytes } from "node:crypto";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { problem } from "#contract/common.ts";
import { MIB, put, shaOf, type Uploader, uploader } from "#test/support/uploads.ts";
import { type Client, read, startWorld, type World } from "#test/support/world.ts";

let world: World;
let client: Client;
let by: Uploader;

beforeAll(async () => {
  world = await startWorld();
  client = await world.client("files:read", "files:write");
  by = uploader(client);
});
afterAll(() => world.close());

interface How {
  part?: number;
  range?: string;
  length?: number;
}

/** Asks where a chunk goes, as API Gateway does: without the body, its length in a header. */
const ask = (id: string, { part, range, length }: How) =>
  client.request(`/v1/uploads/${id}/chunks${part === undefined ? "" : `?part=${part}`}`, {
    method: "PUT",
    headers: {
      ...(range === undefined ? {} : { "content-range": range }),
      ...(length === undefined ? {} : { "x-chunk-length": String(length) }),
    },
  });
const partOf = (answer: Response) =>
  Number(new URL(answer.headers.get("location") ?? "").searchParams.get("partNumber"));
const refused = async (id: string, how: How) => read(problem, ask(id, how));

/** Sends a chunk the whole way, and says which part it became. */
async function send(id: string, bytes: Uint8Array, how: How = {}): Promise<number> {
  const answer = await ask(id, { length: bytes.length, ...how });
  expect(answer.status).toBe(307);
  expect(answer.headers.get("cache-control")).toBe("no-store");
  expect((await put(answer.headers.get("location") ?? "", bytes)).status).toBe(200);
  return partOf(answer);
}

describe("one chunk after another, without numbers", () => {
  test("makes the file, whatever part_size says", async () => {
    const bytes = randomBytes(11 * MIB);
    const { upload_id, part_count } = await by.start({ filename: "sequence.bin", size: bytes.length });
    expect(part_count).toBe(1);
    expect(await send(upload_id, bytes.subarray(0, 5 * MIB))).toBe(1);
    expect(await send(upload_id, bytes.subarray(5 * MIB, 10 * MIB))).toBe(2);
    expect(await send(upload_id, bytes.subarray(10 * MIB))).toBe(3);
    const { file_id, size } = await by.finish(upload_id);
    expect(size).toBe(bytes.length);
    expect(shaOf(await by.download(file_id))).toBe(shaOf(bytes));
  });

  test("a chunk that didn't arrive is asked for again under its number", async () => {
    const { upload_id } = await by.start({ filename: "again.bin" });
    const chunk = randomBytes(5 * MIB);
    expect(partOf(await ask(upload_id, { length: chunk.length }))).toBe(1);
    expect(await send(upload_id, chunk)).toBe(1);
    expect(await send(upload_id, chunk)).toBe(2);
  });

  test("one that is small and not the last is refused before it is sent", async () => {
    const { upload_id } = await by.start({ filename: "small.bin", size: 20 * MIB });
    expect(await refused(upload_id, { length: 5 * MIB - 1 })).toMatchObject({
      ...{ status: 400, code: "chunk_too_small", part_number: 1, size: 5 * MIB - 1, min_bytes: 5 * MIB },
    });
    expect((await ask(upload_id, {})).status, "of unknown length").toBe(307);
    const unknown = await by.start({ filename: "unknown.bin" });
    expect((await ask(unknown.upload_id, { length: 3 })).status, "maybe the last").toBe(307);
  });

  test("one that follows a small one makes finalize name that", async () => {
    const { upload_id } = await by.start({ filename: "late.bin" });
    await send(upload_id, randomBytes(100));
    await send(upload_id, randomBytes(100));
    expect(await read(problem, by.finalize(upload_id))).toMatchObject({
      code: "chunk_too_small",
      part_number: 1,
    });
  });
});

describe("with Content-Range", () => {
  const range = (from: number, to: number, total: number | "*" = 16 * MIB) =>
    `bytes ${from}-${to - 1}/${total}`;

  test("a repeated range is the same part, the next is the next", async () => {
    const bytes = randomBytes(16 * MIB);
    const { upload_id } = await by.start({ filename: "ranges.bin", size: bytes.length });
    const cuts = [0, 5 * MIB, 11 * MIB, 16 * MIB];
    const chunk = (n: number) => [cuts[n - 1] ?? 0, cuts[n] ?? 0] as const;
    for (const n of [1, 2, 1, 2, 3, 3]) {
      const [from, to] = chunk(n);
      expect(await send(upload_id, bytes.subarray(from, to), { range: range(from, to) })).toBe(n);
    }
    const { file_id } = await by.finish(upload_id);
    expect(shaOf(await by.download(file_id))).toBe(shaOf(bytes));
  });

  test("chunks of part_size come in any order", async () => {
    const bytes = randomBytes(12 * MIB);
    const { upload_id } = await by.start({ filename: "any.bin", size: bytes.length, part_size: 5 * MIB });
    for (const n of [3, 1, 2]) {
      const [from, to] = [(n - 1) * 5 * MIB, Math.min(n * 5 * MIB, bytes.length)];
      expect(await send(upload_id, bytes.subarray(from, to), { range: range(from, to, bytes.length) })).toBe(
        n,
      );
    }
    const { file_id } = await by.finish(upload_id);
    expect(shaOf(await by.download(file_id))).toBe(shaOf(bytes));
  });

  test("a small last chunk may come first", async () => {
    const { upload_id } = await by.start({ filename: "last.bin", size: 5 * MIB + 1, part_size: 5 * MIB });
    expect(
      await send(upload_id, randomBytes(1), { range: `bytes ${5 * MIB}-${5 * MIB}/${5 * MIB + 1}` }),
    ).toBe(2);
  });

  test.each([
    ["what is no range", "bytes=0-99", {}, "invalid_request"],
    ["a range backwards", "bytes 9-5/20", {}, "invalid_request"],
    ["a range past its own total", "bytes 0-20/20", {}, "invalid_request"],
    ["another total than the declared", range(0, 5 * MIB, 17 * MIB), {}, "invalid_request"],
    ["a range past the declared size", range(15 * MIB, 17 * MIB, "*"), {}, "invalid_request"],
    ["another length than the body's", range(0, 5 * MIB), { length: 6 * MIB }, "invalid_request"],
    ["a range that begins in the unknown", range(6 * MIB, 12 * MIB), {}, "conflict"],
    ["a small range that isn't the last", range(0, MIB), {}, "chunk_too_small"],
  ])("%s is refused", async (_, header, more, code) => {
    const { upload_id } = await by.start({ filename: `bad-${code}.bin`, size: 16 * MIB });
    expect(await refused(upload_id, { range: header, ...more })).toMatchObject({ code });
  });
});

describe("with ?part=n", () => {
  test("any order and any size from 5 MiB make the file", async () => {
    const [a, b, c] = [randomBytes(6 * MIB), randomBytes(5 * MIB), randomBytes(10)];
    const { upload_id } = await by.start({ filename: "numbered.bin" });
    await Promise.all([
      send(upload_id, c, { part: 3 }),
      send(upload_id, a, { part: 1 }),
      send(upload_id, b, { part: 2 }),
    ]);
    const { file_id } = await by.finish(upload_id);
    expect(shaOf(await by.download(file_id))).toBe(shaOf(Buffer.concat([a, b, c])));
  });

  test("a small first one is refused where the size says that more follows", async () => {
    const { upload_id } = await by.start({ filename: "first.bin", size: 6 * MIB });
    for (let time = 0; time < 2; time++) {
      expect(await refused(upload_id, { part: 1, length: 10 })).toMatchObject({
        code: "chunk_too_small",
        part_number: 1,
      });
      await send(upload_id, randomBytes(5 * MIB), { part: 1 });
    }
    expect((await ask(upload_id, { part: 2, length: 10 })).status, "part 1 may come anew").toBe(307);
    const tiny = await by.start({ filename: "tiny.bin", size: 10 });
    expect((await ask(tiny.upload_id, { part: 1, length: 10 })).status, "all of it").toBe(307);
  });

  test("a small one below one that has arrived is refused", async () => {
    const { upload_id } = await by.start({ filename: "below.bin" });
    await send(upload_id, randomBytes(10), { part: 3 });
    expect(await refused(upload_id, { part: 2, length: 10 })).toMatchObject({
      code: "chunk_too_small",
      part_number: 2,
    });
  });

  test.each(["0", "10001", "x", "1.5"])("%s is no part", async (part) => {
    const { upload_id } = await by.start({ filename: "no-part.bin" });
    const answer = client.request(`/v1/uploads/${upload_id}/chunks?part=${part}`, { method: "PUT" });
    expect(await read(problem, answer)).toMatchObject({ status: 400, code: "invalid_request" });
  });
});

test("an upload with a SHA-256 takes no chunks: its checksum is a header, which a redirect can't add", async () => {
  const checksum = { sha256: shaOf("hello") };
  const { upload_id, parts } = await by.start({ filename: "one.bin", size: 5, checksum });
  for (const how of [{}, { part: 1 }, { part: 2 }]) {
    expect(await refused(upload_id, how)).toMatchObject({
      ...{ status: 400, code: "checksum_unsupported", supported: ["crc32", "crc32c"] },
      detail: expect.stringContaining("headers"),
    });
  }
  expect((await put(parts[0]?.url, "hello", parts[0]?.headers)).status).toBe(200);
  expect(await by.finish(upload_id)).toMatchObject({ sha256: shaOf("hello") });
});

test("no chunk goes to an upload that is over", async () => {
  const { upload_id } = await by.upload("over.bin");
  await by.finish(upload_id);
  expect(await refused(upload_id, {})).toMatchObject({ status: 409, code: "upload_closed" });
});
