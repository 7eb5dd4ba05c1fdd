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
  client = await world.client("files:read", "files:write", "files:delete", "locks:write", "workspaces:write");
  by = uploader(client);
});
afterAll(() => world.close());

interface How {
  part?: number;
  offset?: number | string;
}

/** Asks where a chunk goes, as API Gateway does: without the body, and without its length. */
const ask = (id: string, how: How = {}, headers: Record<string, string> = {}) => {
  const query = Object.entries(how).map(([name, value]) => `${name}=${value}`);
  return client.request(`/v1/uploads/${id}/chunks${query.length === 0 ? "" : `?${query.join("&")}`}`, {
    method: "PUT",
    headers,
  });
};
const partOf = (answer: Response) =>
  Number(new URL(answer.headers.get("location") ?? "").searchParams.get("partNumber"));
const refused = async (id: string, how: How = {}, headers = {}) => read(problem, ask(id, how, headers));

/** Sends a chunk the whole way, and says which part it became. */
async function send(id: string, bytes: Uint8Array, how: How = {}): Promise<number> {
  const answer = await ask(id, how);
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
    expect(partOf(await ask(upload_id))).toBe(1);
    expect(await send(upload_id, chunk)).toBe(1);
    expect(await send(upload_id, chunk)).toBe(2);
  });

  test("one that follows a small one is refused before it is sent, and the small one can be mended", async () => {
    const { upload_id } = await by.start({ filename: "late.bin" });
    await send(upload_id, randomBytes(100));
    for (const how of [{}, { offset: 100 }]) {
      expect(await refused(upload_id, how)).toMatchObject({
        ...{ status: 400, code: "chunk_too_small", part_number: 1, size: 100, min_bytes: 5 * MIB },
      });
    }
    await send(upload_id, randomBytes(5 * MIB), { part: 1 });
    expect(await send(upload_id, randomBytes(100))).toBe(2);
    expect(await by.finish(upload_id)).toMatchObject({ size: 5 * MIB + 100 });
  });

  test("one too many is refused where the size was declared", async () => {
    const { upload_id } = await by.start({ filename: "enough.bin", size: 6 * MIB });
    await send(upload_id, randomBytes(6 * MIB));
    expect(await refused(upload_id)).toMatchObject({
      ...{ status: 409, code: "conflict", bytes_received: 6 * MIB, size: 6 * MIB },
    });
    expect(await send(upload_id, randomBytes(6 * MIB), { part: 1 })).toBe(1);
    expect(await by.finish(upload_id)).toMatchObject({ size: 6 * MIB });
  });
});

describe("with ?offset=n", () => {
  test("a repeated offset is the same part, the next is the next", async () => {
    const bytes = randomBytes(16 * MIB);
    const { upload_id } = await by.start({ filename: "ranges.bin", size: bytes.length });
    const cuts = [0, 5 * MIB, 11 * MIB, 16 * MIB];
    const chunk = (n: number) => [cuts[n - 1] ?? 0, cuts[n] ?? 0] as const;
    for (const n of [1, 2, 1, 2, 3, 3]) {
      const [offset, to] = chunk(n);
      expect(await send(upload_id, bytes.subarray(offset, to), { offset })).toBe(n);
    }
    const { file_id } = await by.finish(upload_id);
    expect(shaOf(await by.download(file_id))).toBe(shaOf(bytes));
  });

  test("chunks of part_size come in any order, a small last one first", async () => {
    const bytes = randomBytes(12 * MIB);
    const { upload_id } = await by.start({ filename: "any.bin", size: bytes.length, part_size: 5 * MIB });
    for (const n of [3, 1, 2]) {
      const offset = (n - 1) * 5 * MIB;
      expect(await send(upload_id, bytes.subarray(offset, offset + 5 * MIB), { offset })).toBe(n);
    }
    const { file_id } = await by.finish(upload_id);
    expect(shaOf(await by.download(file_id))).toBe(shaOf(bytes));
  });

  test("one that is sent again in front of others has the length that it had, so that no hole is left", async () => {
    const bytes = randomBytes(16 * MIB);
    const { upload_id } = await by.start({ filename: "hole.bin", part_size: 6 * MIB });
    const at = async (offset: number, to: number) => {
      const answer = await ask(upload_id, { offset });
      expect(answer.status).toBe(307);
      return (await put(answer.headers.get("location") ?? "", bytes.subarray(offset, to))).status;
    };
    expect(await at(0, 6 * MIB)).toBe(200);
    expect(await at(12 * MIB, 16 * MIB)).toBe(200);
    expect(await at(0, 5 * MIB)).toBe(403);
    expect(await at(0, 6 * MIB)).toBe(200);
    const { upload_id: other } = await by.start({ filename: "gap.bin", part_size: 5 * MIB });
    const between = async (part: number, length: number) => {
      const answer = await ask(other, { offset: (part - 1) * 5 * MIB });
      return (await put(answer.headers.get("location") ?? "", bytes.subarray(0, length))).status;
    };
    expect(await between(3, 5 * MIB)).toBe(200);
    expect(await between(1, 5 * MIB)).toBe(200);
    expect(await between(2, 4 * MIB)).toBe(403);
    expect(await between(2, 5 * MIB)).toBe(200);
    // The last may be of any length, and one that is named may be too: what follows is sent again with it.
    expect(await between(3, 7 * MIB)).toBe(200);
    expect(await send(other, bytes.subarray(0, 7 * MIB), { part: 2 })).toBe(2);
    expect(await by.finish(other)).toMatchObject({ size: 19 * MIB });
  });

  test("an empty file is one chunk at 0", async () => {
    const { upload_id } = await by.start({ filename: "empty.bin", size: 0 });
    expect(await send(upload_id, new Uint8Array(), { offset: 0 })).toBe(1);
    expect(await by.finish(upload_id)).toMatchObject({ size: 0 });
  });

  test.each<[string, How, string]>([
    ["what is no number", { offset: "x" }, "invalid_request"],
    ["a negative one", { offset: -1 }, "invalid_request"],
    ["an empty one", { offset: "" }, "invalid_request"],
    ["hexadecimal digits", { offset: "0x10" }, "invalid_request"],
    ["more than S3 holds", { offset: 10_000 * 5 * 1024 * MIB + 1 }, "invalid_request"],
    ["a number beside it", { offset: 0, part: 1 }, "invalid_request"],
    ["the declared size", { offset: 16 * MIB }, "invalid_request"],
    ["one that begins in the unknown", { offset: 6 * MIB }, "conflict"],
  ])("%s is refused", async (_, how, code) => {
    const { upload_id } = await by.start({ filename: `bad-${code}.bin`, size: 16 * MIB });
    expect(await refused(upload_id, how)).toMatchObject({ code });
  });

  test("a gap is told with the byte that comes next", async () => {
    const { upload_id } = await by.start({ filename: "gap.bin", size: 16 * MIB });
    await send(upload_id, randomBytes(5 * MIB), { offset: 0 });
    expect(await refused(upload_id, { offset: 6 * MIB })).toMatchObject({ expected_offset: 5 * MIB });
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

  test("a small one that isn't the last makes finalize name it, and can be mended", async () => {
    const { upload_id } = await by.start({ filename: "below.bin" });
    await send(upload_id, randomBytes(10), { part: 1 });
    await send(upload_id, randomBytes(10), { part: 2 });
    expect(await read(problem, by.finalize(upload_id))).toMatchObject({
      ...{ status: 400, code: "chunk_too_small", part_number: 1, size: 10, min_bytes: 5 * MIB },
    });
    await send(upload_id, randomBytes(5 * MIB), { part: 1 });
    expect(await by.finish(upload_id)).toMatchObject({ size: 5 * MIB + 10 });
  });

  test("a part that the declared size has no bytes for is refused", async () => {
    const { upload_id } = await by.start({ filename: "beyond.bin", size: 12 * MIB });
    const at = (part: number) =>
      client.request(`/v1/uploads/${upload_id}/chunks?part=${part}`, { method: "PUT" });
    expect(await read(problem, at(4))).toMatchObject({ status: 400, code: "invalid_request", last_part: 3 });
    expect((await at(3)).status).toBe(307);
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

describe("headers that would go along to S3", () => {
  let upload_id: string;
  beforeAll(async () => ({ upload_id } = await by.start({ filename: "carried.bin", size: 5 })));

  test.each([
    ["Content-Range", "bytes 0-4/5", /501.*\?part=n or \?offset=bytes/],
    ["Content-Range", "nonsense", /501/],
    ["If-Match", '"ver_x"', /501.*finalize/],
    ["If-None-Match", "*", /501.*finalize/],
    ["If-Modified-Since", "Sat, 01 Jan 2000 00:00:00 GMT", /501/],
    ["If-Unmodified-Since", "Sat, 01 Jan 2000 00:00:00 GMT", /501/],
    ["x-amz-acl", "private", /403.*POST …\/parts/],
    ["x-amz-checksum-crc32", "AAAAAA==", /403/],
    ["x-amz-meta-colour", "red", /403/],
  ])("and be refused there are refused here: %s: %s", async (name, value, detail) => {
    expect(await refused(upload_id, { part: 1 }, { [name]: value })).toMatchObject({
      ...{ status: 400, code: "invalid_request", header: name.toLowerCase() },
      detail: expect.stringMatching(detail),
    });
  });

  test.each([
    ["Content-MD5", "XUFAKrxLKna5cZ2REBfFkg=="],
    ["Content-Encoding", "gzip"],
    ["Idempotency-Key", "k"],
    ["traceparent", "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01"],
    ["X-Amz-Cf-Id", "CloudFront's"],
    ["x-amzn-trace-id", "Root=1"],
  ])("and do no harm there may: %s", async (name, value) => {
    expect((await ask(upload_id, { part: 1 }, { [name]: value })).status).toBe(307);
  });
});

test("no chunk goes to an upload that is over", async () => {
  const { upload_id } = await by.upload("over.bin");
  await by.finish(upload_id);
  expect(await refused(upload_id, {})).toMatchObject({ status: 409, code: "upload_closed" });
});
