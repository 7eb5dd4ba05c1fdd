import { createHash, randomBytes } from "node:crypto";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { problem } from "#contract/common.ts";
import { file } from "#core/files/contract.ts";
import { share } from "#core/links/contract.ts";
import { partsAnswer } from "#core/uploads/parts-contract.ts";
import { MIB, put, shaOf, type Uploader, uploader } from "#test/support/uploads.ts";
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

const base64Of = (bytes: Uint8Array | string) => Buffer.from(shaOf(bytes), "hex").toString("base64");
const fails = async (answer: Response | Promise<Response>) => read(problem, answer);

describe("checksums", () => {
  const bytes = Buffer.from("123456789");
  const right = { crc32: "cbf43926", crc32c: "e3069283", sha256: shaOf(bytes) };

  test.each(Object.entries(right))("%s said at the start holds, as hex or base64", async (name, value) => {
    for (const said of [value, value.toUpperCase(), Buffer.from(value, "hex").toString("base64")]) {
      const session = await by.upload(`sum-${name}`, bytes, { checksum: { [name]: said } });
      expect(await by.finish(session.upload_id, { checksum: { [name]: value } })).toMatchObject({
        [name]: value,
      });
    }
  });

  test.each(["crc32", "crc32c"])("a wrong %s ends the upload, and the file never appears", async (name) => {
    const session = await by.upload(`wrong-${name}`, bytes, { checksum: { [name]: "00000001" } });
    for (let time = 0; time < 2; time++) {
      expect(await fails(by.finalize(session.upload_id))).toMatchObject({
        ...{
          status: 422,
          code: "checksum_mismatch",
          algorithm: name,
          expected: "00000001",
          actual: right[name as "crc32"],
        },
      });
    }
    expect(await by.status(session.upload_id)).toMatchObject({ state: "rejected", bytes_received: 0 });
    expect(await refusal(client.request(`/v1/files/${session.file_id}`))).toEqual([404, "not_found"]);
    const [event, ...more] = (await world.events("upload_rejected")).filter(
      ({ file_id }) => file_id === session.file_id,
    );
    expect(more).toEqual([]);
    expect(event?.data).toMatchObject({ reason: "checksum_mismatch", name: `wrong-${name}` });
    expect(await world.deps.objects.head(`o/${session.workspace_id}/${session.upload_id}`)).toBeUndefined();
  });

  test("a wrong SHA-256 is refused by S3 as it arrives", async () => {
    const session = await by.start({ filename: "wrong-sha", size: 9, checksum: { sha256: shaOf("other") } });
    const [part] = session.parts;
    expect(part?.headers).toEqual({ "x-amz-checksum-sha256": base64Of("other") });
    expect((await put(part?.url, bytes, part?.headers)).status).toBe(400);
    const without = await put(part?.url, "other");
    expect([without.status, await without.text()]).toEqual([
      403,
      expect.stringContaining("SignatureDoesNotMatch"),
    ]);
    expect(await by.refusedFinalize(session.upload_id)).toEqual([409, "parts_missing"]);
  });

  test("a SHA-256 comes as a header with the URLs of every form", async () => {
    const size = bytes.length;
    const json = { filename: "forms-sha", size, checksum: { sha256: right.sha256 } };
    const { upload_id } = await by.start(json);
    const headers = { "x-amz-checksum-sha256": base64Of(bytes) };
    for (const asked of [
      { first: 1, count: 1 },
      { parts: [{ part_number: 1, size }] },
      { first: 1, count: 1, format: "compact" },
    ]) {
      const answer = await read(partsAnswer, by.sign(upload_id, asked));
      const own = "parts" in asked ? { "content-length": String(size), ...headers } : headers;
      const part =
        "parts" in answer
          ? answer.parts[0]
          : { url: `${answer.prefix}1${answer.suffix}${answer.signatures}`, headers: answer.headers };
      expect(part?.headers).toEqual(own);
      expect(new URL(part?.url ?? "").search).not.toContain("checksum-sha256=");
      // fetch sets the length by itself, to the same value.
      expect((await put(part?.url, bytes, headers)).status).toBe(200);
    }
    expect(await by.finish(upload_id)).toMatchObject({ sha256: right.sha256 });
  });

  test("one that S3 has not been computing can't be verified", async () => {
    const session = await by.upload("unverifiable", bytes);
    expect(await fails(by.finalize(session.upload_id, { checksum: { sha256: right.sha256 } }))).toMatchObject(
      {
        ...{ code: "checksum_unsupported", supported: ["crc32"] },
      },
    );
    expect(await by.finish(session.upload_id, { checksum: { crc32: right.crc32 } })).toMatchObject({
      size: 9,
    });
  });
});

describe("finalize compares what arrived with", () => {
  test("the declared size", async () => {
    const session = await by.upload("short.txt", "hello", { size: 6 });
    expect(await fails(by.finalize(session.upload_id))).toMatchObject({
      code: "size_mismatch",
      expected: 6,
      actual: 5,
    });
    await put(session.parts[0]?.url, "hello!");
    expect(await by.finish(session.upload_id)).toMatchObject({ size: 6 });
  });

  test("the plan, where whole parts are missing at the end", async () => {
    const session = await by.start({ filename: "tail.bin", size: 20 * MIB, part_size: 5 * MIB });
    expect(await fails(by.finalize(session.upload_id))).toMatchObject({ missing_parts: [[1, 4]] });
    await put(session.parts[0]?.url, randomBytes(5 * MIB));
    expect(await fails(by.finalize(session.upload_id))).toMatchObject({
      missing_parts: [[2, 4]],
      bytes_received: 5 * MIB,
    });
  });

  test("the client's list of parts", async () => {
    const session = await by.upload("listed.txt");
    const etag = createHash("md5").update("hello").digest("hex");
    for (const parts of [
      [{ part_number: 1, etag: "nonsense" }],
      [],
      [
        { part_number: 1, etag },
        { part_number: 2, etag },
      ],
    ]) {
      expect(await fails(by.finalize(session.upload_id, { parts }))).toMatchObject({ code: "parts_missing" });
    }
    expect(
      await by.finish(session.upload_id, { parts: [{ part_number: 1, etag: `"${etag}"` }] }),
    ).toMatchObject({ size: 5 });
  });

  test("S3's least part size", async () => {
    const session = await by.start({ filename: "small-parts.bin" });
    await put(session.parts[0]?.url, "too small");
    await put(session.parts[1]?.url, "the end");
    expect(await fails(by.finalize(session.upload_id))).toMatchObject({
      code: "chunk_too_small",
      part_number: 1,
      size: 9,
    });
  });
});

describe("preconditions", () => {
  test("If-Match wants its version current, and the upload stays", async () => {
    const first = await by.uploaded("match.txt", "one");
    const [late, session] = [await by.upload("match.txt", "late"), await by.upload("match.txt", "two")];
    const second = await by.finish(session.upload_id, {}, { "if-match": `"${first.version_id}"` });
    expect(await fails(by.finalize(late.upload_id, {}, { "if-match": first.version_id }))).toMatchObject({
      ...{ status: 412, code: "version_mismatch", version_id: second.version_id },
    });
    expect(await by.status(late.upload_id)).toMatchObject({ state: "open", received: [[1, 1]] });
    expect(await by.finish(late.upload_id, {}, { "if-match": second.version_id })).toMatchObject({ size: 4 });
    const fresh = await by.upload("nothing-to-match.txt");
    expect(await by.refusedFinalize(fresh.upload_id, {}, { "if-match": first.version_id })).toEqual([
      412,
      "version_mismatch",
    ]);
  });

  test("If-Match: * wants any version, and the answer's ETag is the next one's condition", async () => {
    const fresh = await by.upload("any.txt");
    expect(await by.refusedFinalize(fresh.upload_id, {}, { "if-match": "*" })).toEqual([
      412,
      "version_mismatch",
    ]);
    const made = await by.finalize(fresh.upload_id);
    const etag = made.headers.get("etag") ?? "";
    expect(etag).toMatch(/^"ver_\w+"$/);
    const next = await by.upload("any.txt");
    const lists = [`${etag}, "ver_01JZZZZZZZZZZZZZZZZZZZZZZZ"`, `W/${etag}`, '"*"', "any", ""];
    for (const unclear of lists)
      expect(await by.refusedFinalize(next.upload_id, {}, { "if-match": unclear })).toEqual([
        400,
        "invalid_request",
      ]);
    await by.finish(next.upload_id, {}, { "if-match": etag });
    const last = await by.upload("any.txt");
    await by.finish(last.upload_id, {}, { "if-match": "*" });
  });

  test("If-None-Match: * wants a new file", async () => {
    await by.uploaded("new.txt");
    const session = await by.upload("new.txt");
    expect(await by.refusedFinalize(session.upload_id, {}, { "if-none-match": "*" })).toEqual([
      412,
      "version_mismatch",
    ]);
    const fresh = await by.upload("really-new.txt");
    await by.finish(fresh.upload_id, {}, { "if-none-match": "*" });
    expect(await by.refusedFinalize(session.upload_id, {}, { "if-none-match": '"x"' })).toEqual([
      400,
      "invalid_request",
    ]);
  });

  test("a lock lets only its token through", async () => {
    const { file_id } = await by.uploaded("locked.txt", "one");
    const session = await by.upload("locked.txt", "two");
    const { lock_token } = (await (
      await client.request(`/v1/files/${file_id}/lock`, { json: {} })
    ).json()) as { lock_token: string };
    expect(await by.refusedFinalize(session.upload_id)).toEqual([423, "file_locked"]);
    expect(await by.refusedFinalize(session.upload_id, {}, { "lock-token": "wrong" })).toEqual([
      409,
      "lock_lost",
    ]);
    await by.finish(session.upload_id, {}, { "lock-token": lock_token });
    expect((await by.download(file_id)).toString()).toBe("two");
    const fresh = await by.upload("never-locked.txt");
    expect(await by.refusedFinalize(fresh.upload_id, {}, { "lock-token": lock_token })).toEqual([
      409,
      "lock_lost",
    ]);
  });
});

describe("links", () => {
  test("come by themselves only to clients that may make them", async () => {
    const ci = uploader(await world.client("files:write", "files:delete", "locks:write", "workspaces:write"));
    const session = await ci.start({ filename: "plain.txt", size: 0 });
    for (const json of [{ expire_in: 60 }, { share: true }]) {
      expect(await fails(ci.finalize(session.upload_id, json))).toMatchObject({
        ...{ status: 403, required_scopes: ["shares:write"] },
      });
    }
    expect(await ci.finish(session.upload_id)).toMatchObject({
      share_url: null,
      share_id: null,
      expires_at: null,
    });
  });

  test("take their password and limit from finalize, which keeps no password", async () => {
    const terms = { password: "correct horse", max_downloads: 1 };
    const session = await by.upload("limited.txt");
    const done = await by.finish(session.upload_id, terms);
    const made = await read(share, client.request(`/v1/shares/${done.share_id}`));
    expect(made).toMatchObject({ has_password: true, max_downloads: 1 });
    const open = (password: string) =>
      world.request(done.share_url ?? "", { headers: { "x-share-password": password } });
    expect((await open("wrong")).status).toBe(403);
    expect((await open(terms.password)).status).toBe(302);
    expect((await open(terms.password)).status).toBe(410);
    expect(JSON.stringify(await world.dump())).not.toContain(terms.password);
    const unshared = await by.upload("unlimited.txt");
    for (const term of [{ password: "x" }, { max_downloads: 1 }])
      expect(await by.refusedFinalize(unshared.upload_id, { share: false, ...term })).toEqual([
        400,
        "invalid_request",
      ]);
  });

  test("live as long as the start said, which is told there what is too long", async () => {
    expect(await by.refusedStart({ filename: "long.txt", expire_in: 604_801 })).toEqual([
      403,
      "policy_denied",
    ]);
    const writer = await client.withScopes("files:write", "files:delete", "locks:write", "workspaces:write");
    expect(await refusal(writer("/v1/uploads", { json: { filename: "long.txt", expire_in: 60 } }))).toEqual([
      403,
      "forbidden",
    ]);
    const told = async (finalize: Record<string, unknown>) => {
      const { upload_id } = await by.upload("brief.txt", "x", { expire_in: 3_600 });
      const { expires_at } = await by.finish(upload_id, finalize);
      return Math.round((Date.parse(expires_at ?? "") - world.deps.now()) / 60_000);
    };
    expect(await told({})).toBe(60);
    expect(await told({ expire_in: 600 })).toBe(10);
  });

  test("don't come where they aren't wanted", async () => {
    const session = await by.upload("unshared.txt");
    expect(await by.refusedFinalize(session.upload_id, { share: false, expire_in: 60 })).toEqual([
      400,
      "invalid_request",
    ]);
    expect(await by.finish(session.upload_id, { share: false })).toMatchObject({ share_url: null });
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
    ["text as a PDF", "letter.pdf", undefined, Buffer.from("Dear reader,\n"), "text"],
    ["a shell script as a PDF", "invoice.pdf", undefined, Buffer.from("#!/bin/sh\nrm -rf /\n"), "script"],
    [
      "a page with a script as a document",
      "letter.doc",
      undefined,
      Buffer.from("<html><script>alert(1)</script>"),
      "script",
    ],
    [
      "a script in UTF-16 as a document",
      "letter.doc",
      undefined,
      Buffer.from("\ufeff@echo  off\r\nstart calc\r\n", "utf16le"),
      "script",
    ],
    [
      "a page whose script has a slash as a table",
      "table.csv",
      undefined,
      Buffer.from("<script/x>"),
      "script",
    ],
  ])("%s is refused, told of, and removed", async (_, filename, content_type, bytes, actual) => {
    const session = await by.upload(filename, bytes, content_type === undefined ? {} : { content_type });
    expect(await fails(by.finalize(session.upload_id))).toMatchObject({
      status: 422,
      code: "type_mismatch",
      actual,
    });
    expect(await by.refusedFinalize(session.upload_id), "again").toEqual([422, "type_mismatch"]);
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

  test("of the same family is flagged, on the file and in its event, until it has the right name", async () => {
    const jpeg = Buffer.from("ffd8ffe000104a46494600010100000100010000", "hex");
    const mismatch = { claimed: ".png", actual: "jpeg" };
    const { file_id } = await by.uploaded("photo.png", jpeg);
    expect(await read(file, client.request(`/v1/files/${file_id}`))).toMatchObject({ mismatch });
    const told = (await world.events("upload_completed")).find((one) => one.file_id === file_id);
    expect(told?.data).toMatchObject({ mismatch });
    expect(JSON.stringify(told)).not.toContain("sniffed");
    const renamed = (name: string) =>
      read(file, client.request(`/v1/files/${file_id}`, { method: "PATCH", json: { name } }));
    expect(await renamed("photo.jpg")).not.toHaveProperty("mismatch");
    expect(await renamed("photo.gif")).toMatchObject({ mismatch: { claimed: ".gif", actual: "jpeg" } });
    expect((await world.events("file_moved")).at(-1)?.data).toMatchObject({ mismatch: { claimed: ".gif" } });
  });

  test("is judged by the name that the file has at the end, not by the one at the start", async () => {
    const shell = "#!\t/bin/sh\n";
    const { file_id } = await by.uploaded("run.sh", shell);
    const late = await by.upload("run.sh", shell);
    expect(late.file_id).toBe(file_id);
    await by.uploaded("posing.pdf", "%PDF-1.7");
    const moved = { method: "PATCH", json: { name: "invoice.pdf" } };
    expect(await refusal(client.request(`/v1/files/${file_id}`, moved))).toEqual([422, "type_mismatch"]);
    const { file_id: pdf } = await by.uploaded("plain.txt", "%PDF-1.7");
    const session = await by.upload("plain.txt", shell);
    expect((await client.request(`/v1/files/${pdf}`, moved)).status).toBe(200);
    expect(await by.refusedFinalize(session.upload_id)).toEqual([422, "type_mismatch"]);
    const rejected = (await world.events("upload_rejected")).at(-1);
    expect(rejected?.data).toMatchObject({ name: "invoice.pdf", claimed: ".pdf", actual: "script" });
  });

  test("is told of to those who listen to its folder, or to the nearest above that there is", async () => {
    const { file_id, folder_id } = await by.uploaded("heard/there.sh", "#!/bin/sh\n");
    const checksum = { crc32: "00000001" };
    const folderOf = async (path: string, json: Record<string, unknown> = {}, meanwhile = async () => {}) => {
      const { upload_id } = await by.upload(path, "#!/bin/sh\n", json);
      await meanwhile();
      expect((await by.finalize(upload_id)).status).toBe(422);
      return (await world.events("upload_rejected")).at(-1)?.data["folder_id"];
    };
    expect(await folderOf("heard/new.pdf")).toBe(folder_id);
    expect(await folderOf("heard/new.txt", { checksum })).toBe(folder_id);
    expect(await folderOf("heard/not/there/new.txt", { checksum })).toBe(folder_id);
    const moved = { method: "PATCH", json: { folder: "heard/elsewhere" } };
    const move = async () => {
      expect((await client.request(`/v1/files/${file_id}`, moved)).status).toBe(200);
    };
    const elsewhere = await folderOf("heard/there.sh", { checksum }, move);
    expect(elsewhere).toBe((await read(file, client.request(`/v1/files/${file_id}`))).folder_id);
    expect(elsewhere).not.toBe(folder_id);
    const { upload_id } = await by.upload("blocked/new.txt", "hello", { checksum });
    await by.uploaded("blocked");
    expect(await by.refusedFinalize(upload_id)).toEqual([422, "checksum_mismatch"]);
    const { folder_id: root } = await by.uploaded("root.txt");
    expect((await world.events("upload_rejected")).at(-1)?.data).toMatchObject({ folder_id: root });
  });

  test("comes back under no name that hides it", async () => {
    const first = await by.uploaded("job.sh", "#!  /bin/sh\n");
    await by.uploaded("job.sh", "%PDF-1.7\n");
    expect(
      (await client.request(`/v1/files/${first.file_id}`, { method: "PATCH", json: { name: "job.pdf" } }))
        .status,
    ).toBe(200);
    const restore = () =>
      client.request(`/v1/files/${first.file_id}/versions/${first.version_id}/restore`, { json: {} });
    expect(await refusal(restore())).toEqual([422, "type_mismatch"]);
    await client.request(`/v1/files/${first.file_id}`, { method: "PATCH", json: { name: "job.sh" } });
    expect((await restore()).status).toBe(200);
  });

  test("an honest program passes", async () => {
    const bytes = Buffer.concat([Buffer.from("MZ"), Buffer.alloc(200)]);
    const session = await by.upload("setup.exe", bytes, { content_type: "application/octet-stream" });
    expect(await by.finish(session.upload_id)).toMatchObject({ content_type: "application/octet-stream" });
  });

  test("a type that nobody said follows from the name, or from the bytes", async () => {
    const png = Buffer.from(
      "89504e470d0a1a0a0000000d49484452000000010000000108060000001f15c4890000000a49444154789c6360000002000154a24f5f0000000049454e44ae426082",
      "hex",
    );
    expect(await by.finish((await by.upload("dot.png", png)).upload_id)).toMatchObject({
      content_type: "image/png",
    });
    expect(await by.uploaded("words.csv", "a,b\n1,2\n")).toMatchObject({ content_type: "text/csv" });
    expect(await by.uploaded("words.unknown")).toMatchObject({ content_type: "application/octet-stream" });
  });
});
