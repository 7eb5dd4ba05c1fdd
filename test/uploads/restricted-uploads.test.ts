/** Uploads that are held to a size and to types, whoever sends their bytes. */
import { randomBytes } from "node:crypto";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { problem } from "#contract/common.ts";
import { objectCreated } from "#core/finalize/object-created.ts";
import { partsAnswer } from "#core/uploads/parts-contract.ts";
import { postForm } from "#test/support/api-client.ts";
import { crcOf, MIB, put, shaOf, type Uploader, uploader } from "#test/support/uploads.ts";
import { type Client, read, refusal, startWorld, type World } from "#test/support/world.ts";

const PNG = Buffer.from("89504e470d0a1a0a0000000d49484452000000010000000108060000001f15c489", "hex");
const JPEG = Buffer.from("ffd8ffe000104a46494600010100000100010000", "hex");

let world: World;
let client: Client;
let by: Uploader;
beforeAll(async () => {
  world = await startWorld();
  client = await world.client("files:read", "files:write", "workspaces:write", "shares:write");
  by = uploader(client);
});
afterAll(() => world.close());

const length = (headers: Record<string, string> | undefined) => headers?.["content-length"];
/** What fetch sends by itself. */
const others = ({ "content-length": _, ...rest }: Record<string, string> = {}) => rest;

describe("max_bytes", () => {
  test("has each part's URL take its planned length and no other", async () => {
    const bytes = randomBytes(11 * MIB);
    const given = { size: bytes.length, part_size: 5 * MIB, restrict: { max_bytes: 20 * MIB } };
    const session = await by.start({ filename: "bounded.bin", ...given });
    expect(session.parts.map(({ headers }) => length(headers))).toEqual([
      ...[String(5 * MIB), String(5 * MIB), String(MIB)],
    ]);
    const [first, , last] = session.parts;
    expect((await put(first?.url, bytes.subarray(0, 5 * MIB + 1))).status).toBe(403);
    expect((await put(first?.url, bytes.subarray(0, 5 * MIB - 1))).status).toBe(403);
    expect((await put(last?.url, bytes.subarray(0, 5 * MIB))).status).toBe(403);
    for (const [index, { url, headers }] of session.parts.entries()) {
      const part = bytes.subarray(index * 5 * MIB, (index + 1) * 5 * MIB);
      expect((await put(url, part, others(headers))).status).toBe(200);
    }
    const { file_id } = await by.finish(session.upload_id, { share: false });
    expect(shaOf(await by.download(file_id))).toBe(shaOf(bytes));
  });

  test("holds for URLs in every form, and for chunks", async () => {
    const given = { size: 11 * MIB, part_size: 5 * MIB, restrict: { max_bytes: 11 * MIB } };
    const { upload_id } = await by.start({ filename: "forms-of-urls.bin", ...given });
    const window = await read(partsAnswer, by.sign(upload_id, { first: 2, count: 2 }));
    expect("parts" in window && window.parts.map(({ headers }) => length(headers))).toEqual([
      ...[String(5 * MIB), String(MIB)],
    ]);
    const compact = (json: object) => by.sign(upload_id, { format: "compact", ...json });
    const two = await read(partsAnswer, compact({ first: 1, count: 2 }));
    expect("prefix" in two && length(two.headers)).toBe(String(5 * MIB));
    expect(await refusal(compact({ first: 1, count: 3 }))).toEqual([400, "invalid_request"]);
    expect(await refusal(by.sign(upload_id, { first: 4, count: 1 }))).toEqual([400, "invalid_request"]);
    const sized = (size: number) => by.sign(upload_id, { parts: [{ part_number: 3, size }] });
    expect((await sized(MIB)).status).toBe(200);
    expect(await refusal(sized(5 * MIB))).toEqual([400, "invalid_request"]);

    const chunk = (query: string) =>
      client.request(`/v1/uploads/${upload_id}/chunks?${query}`, {
        method: "PUT",
        body: new Uint8Array([1]),
        headers: { "content-type": "application/octet-stream" },
      });
    expect(await refusal(chunk("part=4"))).toEqual([400, "invalid_request"]);
    for (const query of ["part=3", `offset=${10 * MIB}`]) {
      const target = (await chunk(query)).headers.get("location") ?? "";
      expect((await put(target, randomBytes(MIB + 1))).status).toBe(403);
      expect((await put(target, randomBytes(MIB))).status).toBe(200);
    }
  });

  test("holds for an upload in one part with a SHA-256, and for none at all", async () => {
    const sealed = await by.start({
      ...{ filename: "sealed.txt", size: 5, checksum: { sha256: shaOf("hello") } },
      restrict: { max_bytes: 5 },
    });
    const [part] = sealed.parts;
    expect(Object.keys(part?.headers ?? {}).sort()).toEqual(["content-length", "x-amz-checksum-sha256"]);
    expect((await put(part?.url, "hello", others(part?.headers))).status).toBe(200);
    expect(await by.finish(sealed.upload_id)).toMatchObject({ size: 5 });
    const empty = await by.start({ filename: "empty.txt", size: 0, restrict: { max_bytes: 0 } });
    expect((await put(empty.parts[0]?.url, "x")).status).toBe(403);
    expect(await by.finish(empty.upload_id)).toMatchObject({ size: 0 });
  });

  test("holds for a form, to the byte", async () => {
    const json = { filename: "form.txt", form: true, restrict: { max_bytes: 5 } };
    const session = await by.start(json);
    await expect(postForm(session, "hello!")).rejects.toThrow("400");
    await postForm(session, "hello");
    await objectCreated(world.deps, session.fields?.["key"] ?? "");
    expect(await by.status(session.upload_id)).toMatchObject({ state: "completed", bytes_received: 5 });
  });
});

describe("types", () => {
  const sent = async (filename: string, content: Buffer, json: Record<string, unknown>) =>
    by.finalize((await by.upload(filename, content, json)).upload_id, { share: false });

  test.each<[string, string, Buffer, Record<string, unknown>, number]>([
    ["a type that is allowed", "a.png", PNG, { restrict: { types: ["image/png"] } }, 200],
    ["one of a kind", "b.jpg", JPEG, { restrict: { types: ["image/*", "application/pdf"] } }, 200],
    ["what its bytes are, without a name for it", "c", JPEG, { restrict: { types: ["image/jpeg"] } }, 200],
    ["text", "d.csv", Buffer.from("a,b\n"), { restrict: { types: ["text/csv"] } }, 200],
    ["a declared type with parameters", "e.txt", Buffer.from("e"), typed("text/plain; charset=utf-8"), 200],
    ["another type", "f.txt", Buffer.from("text"), { restrict: { types: ["image/*"] } }, 422],
    ["another of its family", "g.png", JPEG, { restrict: { types: ["image/png"] } }, 422],
    ["other bytes than were declared", "h", JPEG, { content_type: "image/png", ...png() }, 422],
    ["bytes that nobody knows", "i", Buffer.from([1, 2, 3]), { content_type: "image/png", ...png() }, 422],
  ])("%s", async (_, filename, content, json, status) => {
    const answer = await sent(`types/${filename}`, content, json);
    expect(answer.status).toBe(status);
    if (status === 422) expect(await read(problem, answer)).toMatchObject({ code: "type_mismatch" });
  });

  test("hold whatever the stage lets pass elsewhere", async () => {
    const { config } = world.deps;
    config.contentMismatch = "flag";
    try {
      expect((await sent("flagged/a.png", Buffer.from("text"), {})).status).toBe(200);
      expect((await sent("flagged/b.png", Buffer.from("text"), png())).status).toBe(422);
    } finally {
      config.contentMismatch = "refuse";
    }
  });
});

function png() {
  return { restrict: { types: ["image/png"] } };
}

function typed(content_type: string) {
  return { content_type, restrict: { types: ["text/plain"] } };
}

test.each<[string, Record<string, unknown>, string]>([
  ["no size", { restrict: { max_bytes: 5 } }, "/size"],
  ["a size that is more", { size: 6, restrict: { max_bytes: 5 } }, "/size"],
  ["a declared type that is another", { content_type: "text/plain", ...png() }, "/content_type"],
  ["nothing", { restrict: {} }, "/restrict"],
  ["no types", { restrict: { types: [] } }, "/restrict/types"],
  ["what is no type", { restrict: { types: ["*/*"] } }, "/restrict/types/0"],
  ["another word", { restrict: { types: ["a/b"], max_byte: 5 } }, "/restrict/max_byte"],
])("a start is refused that is restricted with %s", async (_, json, pointer) => {
  const refused = await read(problem, client.request("/v1/uploads", { json: { filename: "a", ...json } }));
  expect(refused).toMatchObject({ status: 400, errors: [{ pointer }] });
});

test("an upload without a bound takes parts of any length, as before", async () => {
  const bytes = Buffer.from("hello");
  const session = await by.start({ filename: "free.txt", size: 5, restrict: { types: ["text/plain"] } });
  expect(session.parts[0]?.headers).toEqual({});
  expect((await put(session.parts[0]?.url, bytes)).status).toBe(200);
  expect(await by.finish(session.upload_id)).toMatchObject({ crc32: crcOf(bytes) });
});
