import { createHash, randomBytes } from "node:crypto";
import { crc32 } from "node:zlib";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { problem } from "#contract/common.ts";
import {
  type FinalizeAnswer,
  finalizeAnswer,
  partsAnswer,
  type StartAnswer,
  startAnswer,
  uploadStatus,
} from "#contract/uploads.ts";
import { type Client, read, refusal, startWorld, type World } from "#test/support/world.ts";

const MIB = 1_048_576;

let world: World;
let client: Client;

beforeAll(async () => {
  world = await startWorld();
  client = await world.client("files:read", "files:write", "shares:write");
});
afterAll(() => world.close());

const start = (json: Record<string, unknown>, by = client, headers: Record<string, string> = {}) =>
  read(startAnswer, by.request("/v1/uploads", { json, headers }));
const finalize = (id: string, json: unknown = {}, headers: Record<string, string> = {}, by = client) =>
  by.request(`/v1/uploads/${id}/finalize`, { json, headers });
const finish = (id: string, json: unknown = {}, headers: Record<string, string> = {}) =>
  read(finalizeAnswer, finalize(id, json, headers));
const status = (id: string) => read(uploadStatus, client.request(`/v1/uploads/${id}`));
const put = (url: string | undefined, body: Uint8Array | string, headers: Record<string, string> = {}) =>
  fetch(url ?? "", { method: "PUT", body, headers });
const fails = async (answer: Response | Promise<Response>) => read(problem, answer);
const hex = (bytes: Uint8Array) => crc32(bytes).toString(16).padStart(8, "0");
const sha = (bytes: Uint8Array | string) => createHash("sha256").update(bytes).digest("hex");

/** The bytes that a file's content route leads to. */
async function download(fileId: string): Promise<Buffer> {
  const { headers } = await client.request(`/v1/files/${fileId}/content`);
  return Buffer.from(await (await fetch(headers.get("location") ?? "")).arrayBuffer());
}

/** Uploads bytes in one go. */
async function upload(
  filename: string,
  content: string | Uint8Array = "hello",
  more: Record<string, unknown> = {},
) {
  const { size = Buffer.byteLength(content), ...rest } = more;
  const session = await start({ filename, size, ...rest });
  expect((await put(session.parts[0]?.url, content)).status).toBe(200);
  return session;
}
const uploaded = async (filename: string, content?: string, more?: Record<string, unknown>) =>
  finish((await upload(filename, content, more)).upload_id);

describe("a file travels", () => {
  test("in one PUT: file, version, link and events appear together, once", async () => {
    const bytes = Buffer.from("the numbers");
    const session = await start({
      filename: "reports/2026/q3.txt",
      size: bytes.length,
      content_type: "text/plain",
    });
    expect(session).toMatchObject({ part_count: 1, part_size: 16 * MIB, name: "q3.txt" });
    expect(session.parts).toHaveLength(1);
    await put(session.parts[0]?.url, bytes);

    const answer = await finish(session.upload_id, { expire_in: 3600 });
    expect(answer).toMatchObject({
      status: "ready",
      size: 11,
      name: "q3.txt",
      crc32: hex(bytes),
      file_id: session.file_id,
    });
    expect(await download(answer.file_id)).toEqual(bytes);
    expect(await finish(session.upload_id, { expire_in: 60 }), "a repeat").toEqual(answer);
    expect(await finish(session.upload_id)).toEqual(answer);

    const link = await world.request(`${answer.share_url}?download=1`);
    expect(link.status).toBe(302);
    expect(Buffer.from(await (await fetch(link.headers.get("location") ?? "")).arrayBuffer())).toEqual(bytes);
    const events = (await world.events()).filter((event) => event.file_id === answer.file_id);
    expect(events.map(({ type }) => type).sort()).toEqual([
      "file_downloaded",
      "link_accessed",
      "link_created",
      "upload_completed",
    ]);
    expect(events.find(({ type }) => type === "upload_completed")).toMatchObject({
      data: { name: "q3.txt", size: 11, version_id: answer.version_id },
    });
    expect(JSON.stringify(events)).not.toContain(answer.share_url);
    expect(await status(session.upload_id)).toMatchObject({
      state: "completed",
      version_id: answer.version_id,
    });
  });

  test("in parts, any order, resumed from S3's own list", async () => {
    const bytes = randomBytes(12 * MIB);
    const session = await start({ filename: "big.bin", size: bytes.length, part_size: 5 * MIB });
    expect(session.part_count).toBe(3);
    const send = (n: number) =>
      put(session.parts[n - 1]?.url, bytes.subarray((n - 1) * 5 * MIB, n * 5 * MIB));
    await send(3);
    await send(1);
    expect(await status(session.upload_id)).toMatchObject({
      state: "open",
      received: [
        [1, 1],
        [3, 3],
      ],
      bytes_received: 7 * MIB,
    });
    expect(await fails(finalize(session.upload_id))).toMatchObject({
      ...{
        status: 409,
        code: "parts_missing",
        missing_parts: [[2, 2]],
        received: [
          [1, 1],
          [3, 3],
        ],
      },
    });
    await send(2);
    const answer = await finish(session.upload_id, { checksum: { crc32: hex(bytes) } });
    expect(answer).toMatchObject({ size: bytes.length, crc32: hex(bytes) });
    expect(sha(await download(answer.file_id))).toBe(sha(bytes));
  });

  test.each([
    ["nothing was sent", undefined, { size: 0 }],
    ["nothing was sent, the size unknown", undefined, {}],
    ["an empty body was sent", "", { size: 0 }],
  ])("empty, where %s", async (_, body, declared) => {
    const session = await start({ filename: `empty-${_}`, ...declared });
    if (body !== undefined) await put(session.parts[0]?.url, body);
    const answer = await finish(session.upload_id, { checksum: { crc32: "00000000" } });
    expect(answer).toMatchObject({ size: 0, crc32: "00000000", sha256: sha("") });
    expect(await download(answer.file_id)).toHaveLength(0);
    expect(await finish(session.upload_id)).toEqual(answer);
  });

  test("without a size: a window of URLs, no count, whatever came", async () => {
    const session = await start({ filename: "stream.bin" });
    expect(session.part_count).toBeUndefined();
    await put(session.parts[0]?.url, randomBytes(5 * MIB));
    await put(session.parts[1]?.url, "the end");
    expect(await finish(session.upload_id)).toMatchObject({ size: 5 * MIB + 7 });
  });
});

describe("plan", () => {
  const GIB = 1024 * MIB;
  test.each([
    [16 * MIB, 16 * MIB, 1],
    [16 * MIB + 1, 16 * MIB, 2],
    [16 * GIB, 16 * MIB, 1024],
    [16 * GIB + 1, 32 * MIB, 513],
    [300 * GIB, 32 * MIB, 9600],
    [300 * GIB + 1, 31 * MIB, 9910],
    [10_000 * 5 * GIB, 5 * GIB, 10_000],
  ])("%d bytes go in parts of %d", async (size, part_size, part_count) => {
    const session = await start({ filename: "plan.bin", size, if_exists: "rename" });
    expect(session).toMatchObject({ part_size, part_count });
    expect(session.parts).toHaveLength(Math.min(32, part_count));
    await client.request(`/v1/uploads/${session.upload_id}`, { method: "DELETE" });
  });

  test.each([
    ["a part_size that makes too many parts", { size: 60 * GIB, part_size: 5 * MIB }, 400, "invalid_request"],
    ["a part_size below S3's", { size: 10, part_size: 5 * MIB - 1 }, 400, "invalid_request"],
    ["more than 10,000 parts of 5 GiB", { size: 10_000 * 5 * GIB + 1 }, 400, "invalid_request"],
    [
      "a SHA-256 of several parts",
      { size: 20 * MIB, part_size: 16 * MIB, checksum: { sha256: sha("") } },
      400,
      "checksum_unsupported",
    ],
    [
      "a SHA-256 of more than 5 GiB",
      { size: 5 * GIB + 1, checksum: { sha256: sha("") } },
      400,
      "checksum_unsupported",
    ],
    ["two checksums", { checksum: { crc32: "00000000", sha256: sha("") } }, 400, "invalid_request"],
    ["half a checksum", { checksum: { crc32: "0000" } }, 400, "invalid_request"],
    ["a negative size", { size: -1 }, 400, "invalid_request"],
    ["a field that nobody knows", { sise: 1 }, 400, "unknown_field"],
    ["a type with a line break", { content_type: "text/plain\r\nx: y" }, 400, "invalid_request"],
    ["a name that climbs", { filename: "../../etc/passwd" }, 400, "invalid_request"],
    ["an absolute name", { filename: "/etc/passwd" }, 400, "invalid_request"],
    ["a name with a control character", { filename: "a\u0000b" }, 400, "invalid_request"],
    ["a path that climbs", { path: "a/../b" }, 400, "invalid_request"],
    ["too many folders", { path: `${"a/".repeat(31)}a`, filename: "b/c" }, 400, "invalid_request"],
  ])("refuses %s", async (_, json, ...expected) => {
    expect(await refusal(client.request("/v1/uploads", { json: { filename: "x.bin", ...json } }))).toEqual(
      expected,
    );
  });
});

describe("URLs", () => {
  let session: StartAnswer;
  const sign = (json: unknown) => client.request(`/v1/uploads/${session.upload_id}/parts`, { json });
  beforeAll(async () => {
    session = await start({ filename: "urls.bin", size: 50_000 * MIB, part_size: 5 * MIB });
  });

  test("come as full URLs and in compact form, and mean the same", async () => {
    const full = await read(partsAnswer, sign({ first: 9_998, count: 3 }));
    const compact = await read(partsAnswer, sign({ first: 1, count: 10_000, format: "compact" }));
    if (!("parts" in full && "signatures" in compact)) throw new Error("another form");
    expect(full.parts.map(({ part_number }) => part_number)).toEqual([9_998, 9_999, 10_000]);
    expect(compact.signatures).toHaveLength(640_000);
    expect(JSON.stringify(compact).length).toBeLessThan(1_000_000);
    const url = (n: number) =>
      compact.prefix + n + compact.suffix + compact.signatures.slice((n - 1) * 64, n * 64);
    expect((await put(url(9_999), "x")).status).toBe(200);
    expect((await put(url(9_999).replace("partNumber=9999", "partNumber=9998"), "x")).status).toBe(403);
    expect((await put(full.parts[2]?.url, "y")).status).toBe(200);
    expect((await status(session.upload_id)).received).toEqual([[9_999, 10_000]]);
  });

  test("with length and checksum take nothing else", async () => {
    const bytes = Buffer.from("exactly this");
    const [part] = (
      (await read(
        partsAnswer,
        sign({ parts: [{ part_number: 7, size: bytes.length, crc32: hex(bytes) }] }),
      )) as {
        parts: { url: string; headers: Record<string, string> }[];
      }
    ).parts;
    expect(part?.headers).toEqual({
      "content-length": "12",
      "x-amz-checksum-crc32": Buffer.from(hex(bytes), "hex").toString("base64"),
    });
    const { "content-length": _, ...headers } = part?.headers ?? {};
    expect((await put(part?.url, "exactly that", headers)).status).toBe(400);
    expect((await put(part?.url, "something longer", headers)).status).toBe(403);
    expect((await put(part?.url, bytes)).status).toBe(403);
    expect((await put(part?.url, bytes, headers)).status).toBe(200);
  });

  test.each([
    ["a part past the last", { first: 10_000, count: 2 }],
    ["more than 1,000 in full", { first: 1, count: 1_001 }],
    ["neither form", {}],
    ["both forms", { first: 1, count: 1, parts: [{ part_number: 1, size: 1 }] }],
    ["no count", { first: 3 }],
    ["an enforced part past the last", { parts: [{ part_number: 10_001, size: 1 }] }],
  ])("refuses %s", async (_, json) => {
    expect(await refusal(sign(json))).toEqual([400, "invalid_request"]);
  });

  test("are nobody else's: another client sees no such upload", async () => {
    const other = await world.client("files:read", "files:write");
    for (const [path, json] of [
      ["/parts", { first: 1, count: 1 }],
      ["/finalize", {}],
      ["", undefined],
    ] as const) {
      const answer = other.request(
        `/v1/uploads/${session.upload_id}${path}`,
        json === undefined ? {} : { json },
      );
      expect(await refusal(answer)).toEqual([404, "not_found"]);
    }
    expect(await refusal(other.request(`/v1/uploads/${session.upload_id}`, { method: "DELETE" }))).toEqual([
      404,
      "not_found",
    ]);
    const admin = await world.client("admin");
    expect((await admin.request(`/v1/uploads/${session.upload_id}`)).status).toBe(200);
  });
});

describe("checksums", () => {
  const bytes = Buffer.from("123456789");
  const right = { crc32: "cbf43926", crc32c: "e3069283", sha256: sha(bytes) };

  test.each(Object.entries(right))("%s said at the start holds, as hex or base64", async (name, value) => {
    for (const said of [value, value.toUpperCase(), Buffer.from(value, "hex").toString("base64")]) {
      const session = await upload(`sum-${name}`, bytes, { checksum: { [name]: said } });
      expect(await finish(session.upload_id, { checksum: { [name]: value } })).toMatchObject({
        [name]: value,
      });
    }
  });

  test.each(["crc32", "crc32c"])("a wrong %s ends the upload, and the file never appears", async (name) => {
    const session = await upload(`wrong-${name}`, bytes, { checksum: { [name]: "00000001" } });
    for (let time = 0; time < 2; time++) {
      expect(await fails(finalize(session.upload_id))).toMatchObject({
        ...{
          status: 422,
          code: "checksum_mismatch",
          algorithm: name,
          expected: "00000001",
          actual: right[name as "crc32"],
        },
      });
    }
    expect(await status(session.upload_id)).toMatchObject({ state: "rejected", bytes_received: 0 });
    expect(await refusal(client.request(`/v1/files/${session.file_id}`))).toEqual([404, "not_found"]);
    const [event, ...more] = (await world.events("upload_rejected")).filter(
      ({ file_id }) => file_id === session.file_id,
    );
    expect(more).toEqual([]);
    expect(event?.data).toMatchObject({ reason: "checksum_mismatch", name: `wrong-${name}` });
    expect(await world.deps.objects.head(`o/${session.workspace_id}/${session.upload_id}`)).toBeUndefined();
  });

  test("a wrong SHA-256 is refused by S3 as it arrives", async () => {
    const session = await start({ filename: "wrong-sha", size: 9, checksum: { sha256: sha("other") } });
    expect((await put(session.parts[0]?.url, bytes)).status).toBe(400);
    expect(await refusal(finalize(session.upload_id))).toEqual([409, "parts_missing"]);
  });

  test("one that S3 has not been computing can't be verified", async () => {
    const session = await upload("unverifiable", bytes);
    expect(await fails(finalize(session.upload_id, { checksum: { sha256: right.sha256 } }))).toMatchObject({
      ...{ code: "checksum_unsupported", supported: ["crc32"] },
    });
    expect(await finish(session.upload_id, { checksum: { crc32: right.crc32 } })).toMatchObject({ size: 9 });
  });
});

describe("finalize compares what arrived with", () => {
  test("the declared size", async () => {
    const session = await upload("short.txt", "hello", { size: 6 });
    expect(await fails(finalize(session.upload_id))).toMatchObject({
      code: "size_mismatch",
      expected: 6,
      actual: 5,
    });
    await put(session.parts[0]?.url, "hello!");
    expect(await finish(session.upload_id)).toMatchObject({ size: 6 });
  });

  test("the plan, where whole parts are missing at the end", async () => {
    const session = await start({ filename: "tail.bin", size: 20 * MIB, part_size: 5 * MIB });
    expect(await fails(finalize(session.upload_id))).toMatchObject({ missing_parts: [[1, 4]] });
    await put(session.parts[0]?.url, randomBytes(5 * MIB));
    expect(await fails(finalize(session.upload_id))).toMatchObject({
      missing_parts: [[2, 4]],
      bytes_received: 5 * MIB,
    });
  });

  test("the client's list of parts", async () => {
    const session = await upload("listed.txt");
    const etag = createHash("md5").update("hello").digest("hex");
    for (const parts of [
      [{ part_number: 1, etag: "nonsense" }],
      [],
      [
        { part_number: 1, etag },
        { part_number: 2, etag },
      ],
    ]) {
      expect(await fails(finalize(session.upload_id, { parts }))).toMatchObject({ code: "parts_missing" });
    }
    expect(await finish(session.upload_id, { parts: [{ part_number: 1, etag: `"${etag}"` }] })).toMatchObject(
      { size: 5 },
    );
  });

  test("S3's least part size", async () => {
    const session = await start({ filename: "small-parts.bin" });
    await put(session.parts[0]?.url, "too small");
    await put(session.parts[1]?.url, "the end");
    expect(await fails(finalize(session.upload_id))).toMatchObject({
      code: "chunk_too_small",
      part_number: 1,
      size: 9,
    });
  });
});

describe("a name that is taken", () => {
  test("gets a new version, as its client is told at the start", async () => {
    for (const name of ["v.txt", "deep/v.txt"]) {
      const first = await uploaded(name, "one");
      const session = await upload(name, "two");
      expect(session.file_id).toBe(first.file_id);
      const second = await finish(session.upload_id);
      expect(second.file_id).toBe(first.file_id);
      expect(second.version_id).not.toBe(first.version_id);
      expect((await download(first.file_id)).toString()).toBe("two");
    }
  });

  test("is refused with fail, at the start and again at the end", async () => {
    for (const name of ["f.txt", "deep/f.txt"]) {
      const late = await upload(name, "late", { if_exists: "fail" });
      await uploaded(name, "first");
      expect(
        await refusal(client.request("/v1/uploads", { json: { filename: name, if_exists: "fail" } })),
      ).toEqual([409, "name_taken"]);
      expect(await refusal(finalize(late.upload_id))).toEqual([409, "name_taken"]);
      expect(await status(late.upload_id)).toMatchObject({ state: "open" });
    }
  });

  test("becomes the next that is free with rename, at the start and again at the end", async () => {
    for (const folder of ["", "deep/"]) {
      const late = await upload(`${folder}r.tar.gz`, "late", { if_exists: "rename" });
      expect(late.name).toBe("r.tar.gz");
      await uploaded(`${folder}r.tar.gz`);
      const second = await upload(`${folder}r.tar.gz`, "second", { if_exists: "rename" });
      expect(second.name).toBe("r.tar (1).gz");
      expect(await finish(second.upload_id)).toMatchObject({ name: "r.tar (1).gz", file_id: second.file_id });
      expect(await finish(late.upload_id)).toMatchObject({ name: "r.tar (2).gz", file_id: late.file_id });
    }
  });

  test("taken by another upload meanwhile: the later becomes its version", async () => {
    const [a, b] = [await upload("race.txt", "a"), await upload("race.txt", "b")];
    expect(a.file_id).not.toBe(b.file_id);
    const first = await finish(a.upload_id);
    expect(await finish(b.upload_id)).toMatchObject({ file_id: first.file_id });
    expect((await download(first.file_id)).toString()).toBe("b");
  });

  test("of a folder is refused", async () => {
    await uploaded("folder/x.txt");
    expect(await refusal(client.request("/v1/uploads", { json: { filename: "folder" } }))).toEqual([
      409,
      "name_taken",
    ]);
    expect(await refusal(client.request("/v1/uploads", { json: { filename: "folder/x.txt/y" } }))).toEqual([
      409,
      "name_taken",
    ]);
  });

  test("the file keeps its version where it was moved, and comes anew where it was deleted", async () => {
    const { file_id } = await uploaded("moving.txt", "one");
    const [moved, deleted] = [await upload("moving.txt", "two"), await upload("moving.txt", "three")];
    await client.request(`/v1/files/${file_id}`, { method: "PATCH", json: { name: "elsewhere.txt" } });
    expect(await finish(moved.upload_id)).toMatchObject({ file_id, name: "elsewhere.txt" });
    await client.request(`/v1/files/${file_id}`, { method: "DELETE" });
    const anew = await finish(deleted.upload_id);
    expect(anew).toMatchObject({ name: "moving.txt" });
    expect(anew.file_id).not.toBe(file_id);
    expect((await download(anew.file_id)).toString()).toBe("three");
  });
});

describe("preconditions", () => {
  test("If-Match wants its version current, and the upload stays", async () => {
    const first = await uploaded("match.txt", "one");
    const [late, session] = [await upload("match.txt", "late"), await upload("match.txt", "two")];
    const second = await finish(session.upload_id, {}, { "if-match": `"${first.version_id}"` });
    expect(await fails(finalize(late.upload_id, {}, { "if-match": first.version_id }))).toMatchObject({
      ...{ status: 412, code: "version_mismatch", version_id: second.version_id },
    });
    expect(await status(late.upload_id)).toMatchObject({ state: "open", received: [[1, 1]] });
    expect(await finish(late.upload_id, {}, { "if-match": second.version_id })).toMatchObject({ size: 4 });
    const fresh = await upload("nothing-to-match.txt");
    expect(await refusal(finalize(fresh.upload_id, {}, { "if-match": first.version_id }))).toEqual([
      412,
      "version_mismatch",
    ]);
  });

  test("If-None-Match: * wants a new file", async () => {
    await uploaded("new.txt");
    const session = await upload("new.txt");
    expect(await refusal(finalize(session.upload_id, {}, { "if-none-match": "*" }))).toEqual([
      412,
      "version_mismatch",
    ]);
    const fresh = await upload("really-new.txt");
    await finish(fresh.upload_id, {}, { "if-none-match": "*" });
    expect(await refusal(finalize(session.upload_id, {}, { "if-none-match": '"x"' }))).toEqual([
      400,
      "invalid_request",
    ]);
  });

  test("a lock lets only its token through", async () => {
    const { file_id } = await uploaded("locked.txt", "one");
    const session = await upload("locked.txt", "two");
    const { lock_token } = (await (
      await client.request(`/v1/files/${file_id}/lock`, { json: {} })
    ).json()) as { lock_token: string };
    expect(await refusal(finalize(session.upload_id))).toEqual([423, "file_locked"]);
    expect(await refusal(finalize(session.upload_id, {}, { "lock-token": "wrong" }))).toEqual([
      409,
      "lock_lost",
    ]);
    await finish(session.upload_id, {}, { "lock-token": lock_token });
    expect((await download(file_id)).toString()).toBe("two");
    const fresh = await upload("never-locked.txt");
    expect(await refusal(finalize(fresh.upload_id, {}, { "lock-token": lock_token }))).toEqual([
      409,
      "lock_lost",
    ]);
  });
});

describe("links", () => {
  test("come by themselves only to clients that may make them", async () => {
    const uploader = await world.client("files:write");
    const session = await start({ filename: "plain.txt", size: 0 }, uploader);
    for (const json of [{ expire_in: 60 }, { share: true }]) {
      expect(await fails(finalize(session.upload_id, json, {}, uploader))).toMatchObject({
        ...{ status: 403, required_scopes: ["shares:write"] },
      });
    }
    const answer = await read(finalizeAnswer, finalize(session.upload_id, {}, {}, uploader));
    expect(answer).toMatchObject({ share_url: null, share_id: null, expires_at: null });
  });

  test("don't come where they aren't wanted", async () => {
    const session = await upload("unshared.txt");
    expect(await refusal(finalize(session.upload_id, { share: false, expire_in: 60 }))).toEqual([
      400,
      "invalid_request",
    ]);
    expect(await finish(session.upload_id, { share: false })).toMatchObject({ share_url: null });
  });
});

describe("an upload is given up", () => {
  test("by its client, twice, with nothing left in S3", async () => {
    const session = await upload("given-up.txt");
    const drop = () => client.request(`/v1/uploads/${session.upload_id}`, { method: "DELETE" });
    expect((await drop()).status).toBe(204);
    expect((await drop()).status).toBe(204);
    expect(await status(session.upload_id)).toMatchObject({ state: "aborted", received: [] });
    expect((await put(session.parts[0]?.url, "late")).status).toBe(404);
    expect(await refusal(finalize(session.upload_id))).toEqual([409, "upload_closed"]);
    expect(
      await refusal(client.request(`/v1/uploads/${session.upload_id}/parts`, { json: { count: 1 } })),
    ).toEqual([409, "upload_closed"]);
  });

  test("but not once it is a file", async () => {
    const session = await upload("finished.txt");
    const { file_id } = await finish(session.upload_id);
    expect(
      await fails(client.request(`/v1/uploads/${session.upload_id}`, { method: "DELETE" })),
    ).toMatchObject({
      ...{ status: 409, code: "upload_closed", file_id },
    });
    expect((await download(file_id)).toString()).toBe("hello");
  });
});

describe("content that poses as something else", () => {
  test.each([
    [
      "a program as a picture",
      "cat.jpg",
      "image/jpeg",
      Buffer.concat([Buffer.from("MZ"), Buffer.alloc(200)]),
      "executable",
    ],
    ["a shell script as a PDF", "invoice.pdf", undefined, Buffer.from("#!/bin/sh\nrm -rf /\n"), "script"],
    [
      "a page with a script as a document",
      "letter.doc",
      undefined,
      Buffer.from("<html><script>alert(1)</script>"),
      "script",
    ],
  ])("%s is refused, told of, and removed", async (_, filename, content_type, bytes, actual) => {
    const session = await upload(filename, bytes, content_type === undefined ? {} : { content_type });
    expect(await fails(finalize(session.upload_id))).toMatchObject({
      status: 422,
      code: "type_mismatch",
      actual,
    });
    expect(await refusal(finalize(session.upload_id)), "again").toEqual([422, "type_mismatch"]);
    expect(await world.deps.objects.head(`o/${session.workspace_id}/${session.upload_id}`)).toBeUndefined();
    const rejected = (await world.events("upload_rejected")).filter(
      ({ file_id }) => file_id === session.file_id,
    );
    expect(rejected.map(({ data }) => data["reason"])).toEqual(["type_mismatch"]);
    expect((await client.request(`/v1/uploads/${session.upload_id}`, { method: "DELETE" })).status).toBe(204);
    expect(
      (await world.dump()).filter(
        (item) => item["due_pk"] !== undefined && item["upload_id"] === session.upload_id,
      ),
    ).toEqual([]);
  });

  test("an honest program passes", async () => {
    const bytes = Buffer.concat([Buffer.from("MZ"), Buffer.alloc(200)]);
    const session = await upload("setup.exe", bytes, { content_type: "application/octet-stream" });
    expect(await finish(session.upload_id)).toMatchObject({ content_type: "application/octet-stream" });
  });

  test("a type that nobody said is taken from the bytes", async () => {
    const png = Buffer.from(
      "89504e470d0a1a0a0000000d49484452000000010000000108060000001f15c4890000000a49444154789c6360000002000154a24f5f0000000049454e44ae426082",
      "hex",
    );
    expect(await finish((await upload("dot.png", png)).upload_id)).toMatchObject({
      content_type: "image/png",
    });
    expect(await uploaded("words.csv", "a,b\n1,2\n")).toMatchObject({
      content_type: "application/octet-stream",
    });
  });
});

describe("a small file in one request", () => {
  const form = (fields: Record<string, string | Blob>, filename = "note.txt") => {
    const body = new FormData();
    for (const [name, value] of Object.entries(fields)) {
      if (typeof value === "string") body.set(name, value);
      else body.set(name, value, filename);
    }
    return body;
  };
  const send = (body: FormData, headers: Record<string, string> = {}) =>
    client.request("/v1/files/upload", { method: "POST", body, headers });

  test("is a file with a link", async () => {
    const bytes = randomBytes(100_000);
    const answer = await read(
      finalizeAnswer,
      send(form({ file: new Blob([bytes]), path: "builds/7", expire_in: "3600" }, "app.bin")),
    );
    expect(answer).toMatchObject({ name: "app.bin", size: 100_000, crc32: hex(bytes), sha256: sha(bytes) });
    expect(answer.share_url).toMatch(/\/s\/[\w-]{22}$/);
    expect(sha(await download(answer.file_id))).toBe(sha(bytes));
  });

  test("may be empty, makes its workspace, becomes a version", async () => {
    const fields = { file: new Blob([]), workspace: "builds", share: "false" };
    const first = await read(finalizeAnswer, send(form(fields)));
    expect(first).toMatchObject({ size: 0, share_url: null });
    expect(await read(finalizeAnswer, send(form(fields)))).toMatchObject({ file_id: first.file_id });
    expect(await refusal(send(form({ ...fields, if_exists: "fail" })))).toEqual([409, "name_taken"]);
  });

  test("poses as nothing", async () => {
    expect(await refusal(send(form({ file: new Blob(["#!/bin/sh\n"]) }, "x.pdf")))).toEqual([
      422,
      "type_mismatch",
    ]);
  });

  test.each([
    ["no file", {}, 400, "invalid_request"],
    ["a file that is text", { file: "text" }, 400, "invalid_request"],
    ["an unknown field", { file: new Blob(["x"]), colour: "red" }, 400, "unknown_field"],
    ["an expire_in that is no number", { file: new Blob(["x"]), expire_in: "soon" }, 400, "invalid_request"],
    ["more than 4 MiB", { file: new Blob([randomBytes(4 * MIB + 1)]) }, 413, "payload_too_large"],
  ])("refuses %s", async (_, fields, ...expected) => {
    expect(await refusal(send(form(fields)))).toEqual(expected);
  });

  test("refuses a name that climbs, and a body that is no form", async () => {
    expect(await refusal(send(form({ file: new Blob(["x"]) }, "../x")))).toEqual([400, "invalid_request"]);
    expect(await refusal(client.request("/v1/files/upload", { json: { file: "x" } }))).toEqual([
      415,
      "unsupported_media_type",
    ]);
    const broken = new TextEncoder().encode("not a form");
    const headers = { "content-type": "multipart/form-data; boundary=x" };
    expect(
      await refusal(client.request("/v1/files/upload", { method: "POST", body: broken, headers })),
    ).toEqual([400, "invalid_request"]);
  });

  test("is done once for one Idempotency-Key, whatever the boundary", async () => {
    const headers = { "idempotency-key": "direct-1" };
    const fields = { file: new Blob(["once"]) };
    const first = await send(form(fields, "once.txt"), headers);
    const again = await send(form(fields, "once.txt"), headers);
    expect(again.headers.get("idempotency-replayed")).toBe("true");
    expect(await again.json()).toEqual(await first.json());
    expect(await refusal(send(form({ file: new Blob(["twice"]) }, "once.txt"), headers))).toEqual([
      422,
      "idempotency_mismatch",
    ]);
  });
});

describe("Idempotency-Key", () => {
  test("starts one session, with URLs that work", async () => {
    const headers = { "idempotency-key": "start-1" };
    for (const filename of ["once-only.txt", "deep/once-only.txt"]) {
      const key = { ...headers, "idempotency-key": `start-${filename}` };
      const first = await start({ filename, size: 5 }, client, key);
      const again = await client.request("/v1/uploads", { json: { filename, size: 5 }, headers: key });
      expect(again.headers.get("idempotency-replayed")).toBe("true");
      const repeated = await read(startAnswer, again);
      expect({ ...repeated, parts: [], urls_expire_at: "" }).toEqual({
        ...first,
        parts: [],
        urls_expire_at: "",
      });
      expect((await put(repeated.parts[0]?.url, "hello")).status).toBe(200);
    }
  });

  test("finalizes once, and records the answer of one who came without", async () => {
    const session = await upload("idem.txt");
    const answer: FinalizeAnswer = await finish(session.upload_id);
    const headers = { "idempotency-key": "finalize-1" };
    expect(await finish(session.upload_id, {}, headers)).toEqual(answer);
    const replayed = await finalize(session.upload_id, {}, headers);
    expect(replayed.headers.get("idempotency-replayed")).toBe("true");
    expect(await replayed.json()).toEqual(answer);
  });
});
