import { randomBytes } from "node:crypto";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { keys } from "#aws/keys.ts";
import { problem } from "#contract/common.ts";
import type { FinalizeAnswer } from "#core/finalize/contract.ts";
import { type StartAnswer, startAnswer } from "#core/uploads/contract.ts";
import { partsAnswer } from "#core/uploads/parts-contract.ts";
import { crcOf, MIB, put, shaOf, type Uploader, uploader } from "#test/support/uploads.ts";
import { type Client, read, refusal, startWorld, type World } from "#test/support/world.ts";

let world: World;
let client: Client;
let by: Uploader;

beforeAll(async () => {
  world = await startWorld();
  client = await world.client(
    "files:read",
    "files:write",
    "files:delete",
    "locks:write",
    "workspaces:write",
    "shares:write",
  );
  by = uploader(client);
});
afterAll(() => world.close());

const fails = async (answer: Response | Promise<Response>) => read(problem, answer);

describe("a file travels", () => {
  test("in one PUT: file, version, link and events appear together, once", async () => {
    const bytes = Buffer.from("the numbers");
    const session = await by.start({
      filename: "reports/2026/q3.txt",
      size: bytes.length,
      content_type: "text/plain",
    });
    expect(session).toMatchObject({ part_count: 1, part_size: 16 * MIB, name: "q3.txt" });
    expect(session.parts).toHaveLength(1);
    await put(session.parts[0]?.url, bytes);

    const answer = await by.finish(session.upload_id, { expire_in: 3600 });
    expect(answer).toMatchObject({
      status: "ready",
      size: 11,
      name: "q3.txt",
      crc32: crcOf(bytes),
      file_id: session.file_id,
    });
    expect(await by.download(answer.file_id)).toEqual(bytes);
    expect(await by.finish(session.upload_id, { expire_in: 3600 }), "a repeat").toEqual(answer);
    expect(await by.refusedFinalize(session.upload_id, { expire_in: 60 })).toEqual([409, "terms_mismatch"]);

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
    expect(await by.status(session.upload_id)).toMatchObject({
      state: "completed",
      version_id: answer.version_id,
    });
  });

  test("in parts, any order, resumed from S3's own list", async () => {
    const bytes = randomBytes(12 * MIB);
    const session = await by.start({ filename: "big.bin", size: bytes.length, part_size: 5 * MIB });
    expect(session.part_count).toBe(3);
    const send = (n: number) =>
      put(session.parts[n - 1]?.url, bytes.subarray((n - 1) * 5 * MIB, n * 5 * MIB));
    await send(3);
    await send(1);
    expect(await by.status(session.upload_id)).toMatchObject({
      state: "open",
      received: [
        [1, 1],
        [3, 3],
      ],
      bytes_received: 7 * MIB,
    });
    expect(await fails(by.finalize(session.upload_id))).toMatchObject({
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
    const answer = await by.finish(session.upload_id, { checksum: { crc32: crcOf(bytes) } });
    expect(answer).toMatchObject({ size: bytes.length, crc32: crcOf(bytes) });
    expect(shaOf(await by.download(answer.file_id))).toBe(shaOf(bytes));
  });

  test.each([
    ["nothing was sent", undefined, { size: 0 }],
    ["nothing was sent, the size unknown", undefined, {}],
    ["an empty body was sent", "", { size: 0 }],
  ])("empty, where %s", async (_, body, declared) => {
    const session = await by.start({ filename: `empty-${_}`, ...declared });
    if (body !== undefined) await put(session.parts[0]?.url, body);
    const answer = await by.finish(session.upload_id, { checksum: { crc32: "00000000" } });
    expect(answer).toMatchObject({ size: 0, crc32: "00000000", sha256: shaOf("") });
    expect(await by.download(answer.file_id)).toHaveLength(0);
    expect(await by.finish(session.upload_id)).toEqual(answer);
  });

  test("without a size: a window of URLs, no count, whatever came", async () => {
    const session = await by.start({ filename: "stream.bin" });
    expect(session.part_count).toBeUndefined();
    await put(session.parts[0]?.url, randomBytes(5 * MIB));
    await put(session.parts[1]?.url, "the end");
    expect(await by.finish(session.upload_id)).toMatchObject({ size: 5 * MIB + 7 });
  });
});

test("a client with 1,000 grants makes no workspace more", async () => {
  const many = await world.client("files:write", "workspaces:write");
  const start = (workspace: string) =>
    many.request("/v1/uploads", { json: { filename: "x.txt", size: 1, workspace } });
  for (let n = 1; n < 50; n++) expect((await start(`ws-${n}`)).status).toBe(201);
  await world.deps.table.update({
    blind: "seeded",
    key: keys.client(many.client_id),
    update: { set: { more_grants: 949 } },
  });
  expect((await start("the-last")).status).toBe(201);
  expect(await read(problem, start("too-many"))).toMatchObject({
    ...{ status: 429, code: "grant_limit", max: 1_000 },
  });
  expect((await start("the-last")).status).toBe(201);
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
    const session = await by.start({ filename: "plan.bin", size, if_exists: "rename" });
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
      { size: 20 * MIB, part_size: 16 * MIB, checksum: { sha256: shaOf("") } },
      400,
      "checksum_unsupported",
    ],
    [
      "a SHA-256 of more than 5 GiB",
      { size: 5 * GIB + 1, checksum: { sha256: shaOf("") } },
      400,
      "checksum_unsupported",
    ],
    ["two checksums", { checksum: { crc32: "00000000", sha256: shaOf("") } }, 400, "invalid_request"],
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
    expect(await by.refusedStart({ filename: "x.bin", ...json })).toEqual(expected);
  });
});

describe("URLs", () => {
  let session: StartAnswer;
  const sign = (json: unknown) => client.request(`/v1/uploads/${session.upload_id}/parts`, { json });
  beforeAll(async () => {
    session = await by.start({ filename: "urls.bin", size: 50_000 * MIB, part_size: 5 * MIB });
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
    expect((await by.status(session.upload_id)).received).toEqual([[9_999, 10_000]]);
  });

  test("with length and checksum take nothing else", async () => {
    const bytes = Buffer.from("exactly this");
    const [part] = (
      (await read(
        partsAnswer,
        sign({ parts: [{ part_number: 7, size: bytes.length, crc32: crcOf(bytes) }] }),
      )) as {
        parts: { url: string; headers: Record<string, string> }[];
      }
    ).parts;
    expect(part?.headers).toEqual({
      "content-length": "12",
      "x-amz-checksum-crc32": Buffer.from(crcOf(bytes), "hex").toString("base64"),
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
    [
      "a part twice",
      {
        parts: [
          { part_number: 1, size: 1 },
          { part_number: 1, size: 2 },
        ],
      },
    ],
    ["no count", { first: 3 }],
    ["an enforced part past the last", { parts: [{ part_number: 10_001, size: 1 }] }],
  ])("refuses %s", async (_, json) => {
    expect(await refusal(sign(json))).toEqual([400, "invalid_request"]);
  });

  test("asked for in no form, or in both, say which there are", async () => {
    const detail = async (json: unknown) => (await read(problem, sign(json))).detail;
    expect(await detail({})).toContain("needs count, the number of URLs (from part 1, unless first says");
    expect(await detail({ count: 1, parts: [{ part_number: 1, size: 1 }] })).toContain(
      "has a range (first, count, format) and parts; send one of the two",
    );
  });

  test("are nobody else's: another client sees no such upload", async () => {
    const other = await world.client(
      "files:read",
      "files:write",
      "files:delete",
      "locks:write",
      "workspaces:write",
    );
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

describe("an upload is given up", () => {
  test("by its client, twice, with nothing left in S3", async () => {
    const session = await by.upload("given-up.txt");
    const drop = () => client.request(`/v1/uploads/${session.upload_id}`, { method: "DELETE" });
    expect((await drop()).status).toBe(204);
    expect((await drop()).status).toBe(204);
    expect(await by.status(session.upload_id)).toMatchObject({ state: "aborted", received: [] });
    expect((await put(session.parts[0]?.url, "late")).status).toBe(404);
    expect(await by.refusedFinalize(session.upload_id)).toEqual([409, "upload_closed"]);
    expect(
      await refusal(client.request(`/v1/uploads/${session.upload_id}/parts`, { json: { count: 1 } })),
    ).toEqual([409, "upload_closed"]);
  });

  test("but not once it is a file", async () => {
    const session = await by.upload("finished.txt");
    const { file_id } = await by.finish(session.upload_id);
    expect(
      await fails(client.request(`/v1/uploads/${session.upload_id}`, { method: "DELETE" })),
    ).toMatchObject({
      ...{ status: 409, code: "upload_closed", file_id },
    });
    expect((await by.download(file_id)).toString()).toBe("hello");
  });
});

describe("Idempotency-Key", () => {
  test("starts one session, with URLs that work", async () => {
    const headers = { "idempotency-key": "start-1" };
    for (const filename of ["once-only.txt", "deep/once-only.txt"]) {
      const key = { ...headers, "idempotency-key": `start-${filename}` };
      const first = await by.start({ filename, size: 5 }, key);
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
    const session = await by.upload("idem.txt");
    const answer: FinalizeAnswer = await by.finish(session.upload_id);
    const headers = { "idempotency-key": "finalize-1" };
    expect(await by.finish(session.upload_id, {}, headers)).toEqual(answer);
    const replayed = await by.finalize(session.upload_id, {}, headers);
    expect(replayed.headers.get("idempotency-replayed")).toBe("true");
    expect(await replayed.json()).toEqual(answer);
  });
});
