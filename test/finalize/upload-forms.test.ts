/** Uploads that come by one POST of a form: what is posted becomes a file by itself. */
import { randomBytes } from "node:crypto";
import { ListMultipartUploadsCommand, ListObjectsV2Command } from "@aws-sdk/client-s3";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import * as z from "zod";
import { keys } from "#aws/keys.ts";
import { problem } from "#contract/common.ts";
import { objectCreated } from "#core/finalize/object-created.ts";
import { sweepUploads } from "#core/finalize/sweep-uploads.ts";
import type { StartAnswer } from "#core/uploads/contract.ts";
import { uploadRecord } from "#core/uploads/records.ts";
import { crcOf, MIB, shaOf, type Uploader, uploader } from "#test/support/uploads.ts";
import { type Client, read, refusal, startWorld, type World } from "#test/support/world.ts";

const MINUTE = 60_000;
const HOUR = 60 * MINUTE;

let world: World;
let client: Client;
let by: Uploader;
/** Keys that S3 has told of, and nobody has worked off. */
const told: string[] = [];

beforeAll(async () => {
  world = await startWorld({ onObject: (key, what) => what === "made" && told.push(key) });
  client = await world.client("files:read", "files:write", "locks:write", "workspaces:write", "shares:write");
  by = uploader(client);
});
afterAll(() => world.close());

const start = (json: Record<string, unknown>) => by.start({ form: true, ...json });

/** Posts a form as a browser does: fields first, the file last. */
function post({ url, fields }: StartAnswer, content: Uint8Array | string, more: Record<string, string> = {}) {
  const form = new FormData();
  for (const [name, value] of Object.entries({ ...fields, ...more })) form.set(name, value);
  form.set("file", new Blob([new Uint8Array(Buffer.from(content))]), "as the visitor has it.bin");
  return fetch(url ?? "", { method: "POST", body: form });
}

const errorOf = async (answer: Response) => [answer.status, /<Code>(\w+)</.exec(await answer.text())?.[1]];

/** Works off what S3 has told of, in order. */
async function ingest(deps = world.deps) {
  const results: unknown[] = [];
  for (const key of told.splice(0)) results.push(await objectCreated(deps, key));
  return results;
}

const objects = async () =>
  ((await world.s3.send(new ListObjectsV2Command({ Bucket: "files" }))).Contents ?? []).map(
    ({ Key = "" }) => Key,
  );
const posted = async () => (await objects()).filter((key) => key.startsWith("f/"));
const multiparts = async () =>
  (await world.s3.send(new ListMultipartUploadsCommand({ Bucket: "files" }))).Uploads ?? [];
const record = async (id: string) => world.deps.table.get(uploadRecord, keys.upload(id));

describe("a form", () => {
  test("posted once is the whole upload", async () => {
    const session = await start({ filename: "forms/hello.txt", size: 5, metadata: { from: "form" } });
    expect(session).toMatchObject({ name: "hello.txt", parts: [] });
    expect((await post(session, "hello")).status).toBe(204);
    expect(await ingest()).toEqual(["completed"]);

    const status = await by.status(session.upload_id);
    expect(status).toMatchObject({ state: "completed", bytes_received: 5, file_id: session.file_id });
    expect((await by.download(status.file_id)).toString()).toBe("hello");
    const file = await (await client.request(`/v1/files/${status.file_id}`)).json();
    expect(file).toMatchObject({ name: "hello.txt", crc32: crcOf("hello"), metadata: { from: "form" } });
    const [event] = (await world.events("upload_completed")).filter(
      ({ file_id }) => file_id === status.file_id,
    );
    expect(event).toMatchObject({ actor: { id: client.client_id }, data: { share_id: null, size: 5 } });
    expect(await posted()).toEqual([]);
    expect(await multiparts()).toEqual([]);
    // Its object has been told of as well, and is a file's by now.
    expect(await ingest()).toEqual(["left"]);
  });

  test("may be large: its pieces are put together", async () => {
    const bytes = randomBytes(65 * MIB);
    const session = await start({ filename: "forms/large.bin", checksum: { crc32: crcOf(bytes) } });
    expect((await post(session, bytes)).status).toBe(204);
    expect(await ingest()).toEqual(["completed"]);
    const { file_id } = await by.status(session.upload_id);
    expect(shaOf(await by.download(file_id))).toBe(shaOf(bytes));
    await ingest();
  });

  test("may bring nothing", async () => {
    const session = await start({ filename: "forms/empty.txt" });
    expect((await post(session, "")).status).toBe(204);
    expect(await ingest()).toEqual(["completed"]);
    expect(await by.status(session.upload_id)).toMatchObject({ state: "completed", bytes_received: 0 });
    expect(await multiparts()).toEqual([]);
    await ingest();
  });

  test("makes a version of a file that is named, or of what stands there", async () => {
    const { file_id } = await by.uploaded("forms/versions.txt", "one");
    await ingest();
    for (const json of [{ file_id }, { filename: "forms/versions.txt" }]) {
      const session = await start(json);
      expect(session.file_id).toBe(file_id);
      expect((await post(session, `by ${Object.keys(json)}`)).status).toBe(204);
      expect(await ingest()).toEqual(["completed"]);
      await ingest();
    }
    expect((await by.download(file_id)).toString()).toBe("by filename");
  });

  test("takes no other size, key or field than it was signed for", async () => {
    const session = await start({ filename: "forms/exact.txt", size: 5 });
    expect(await errorOf(await post(session, "hell"))).toEqual([400, "EntityTooSmall"]);
    expect(await errorOf(await post(session, "hello!"))).toEqual([400, "EntityTooLarge"]);
    const key = session.fields?.["key"]?.replace(/upl_.*/, "upl_0000000000000000000000000Z") ?? "";
    expect(await errorOf(await post(session, "hello", { key }))).toEqual([403, "AccessDenied"]);
    expect(await errorOf(await post(session, "hello", { acl: "public-read" }))).toEqual([
      403,
      "AccessDenied",
    ]);
    expect(await ingest()).toEqual([]);
    expect(await by.status(session.upload_id)).toMatchObject({ state: "open", received: [] });
    expect((await by.drop(session.upload_id)).status).toBe(204);
  });

  test("whose content is not what its name says is rejected, and nothing of it stays", async () => {
    const session = await start({ filename: "forms/report.pdf" });
    expect((await post(session, "#!/bin/sh\necho hi\n")).status).toBe(204);
    expect(await ingest()).toEqual(["refused"]);
    expect(await by.status(session.upload_id)).toMatchObject({ state: "rejected" });
    expect((await world.events("upload_rejected")).at(-1)).toMatchObject({
      data: { upload_id: session.upload_id, reason: "type_mismatch" },
    });
    expect(await posted()).toEqual([]);
    expect(await ingest()).toEqual(["removed"]);
    expect(await objects()).not.toContain(`o/${session.workspace_id}/${session.upload_id}`);
  });

  test("whose checksum differs is rejected", async () => {
    const session = await start({ filename: "forms/sum.txt", checksum: { crc32: crcOf("other") } });
    await post(session, "hello");
    expect(await ingest()).toEqual(["refused"]);
    expect(await by.status(session.upload_id)).toMatchObject({ state: "rejected" });
    await ingest();
  });
});

describe("a form that is posted", () => {
  test("twice is what was looked at first, and one version", async () => {
    const session = await start({ filename: "forms/twice.txt" });
    await post(session, "one");
    expect(await ingest()).toEqual(["completed"]);
    expect((await post(session, "two, which is longer")).status).toBe(204);
    expect(await ingest()).toEqual(["left", "removed"]);
    expect(await posted()).toEqual([]);
    const { file_id } = await by.status(session.upload_id);
    expect((await by.download(file_id)).toString()).toBe("one");
    const versions = await (await client.request(`/v1/files/${file_id}/versions`)).json();
    expect(versions).toMatchObject({ items: [{ size: 3 }] });
  });

  test("by two visitors, whose events are worked off side by side, is one of the two, whole", async () => {
    const session = await start({ filename: "forms/both.txt" });
    const both = ["a".repeat(20), "b".repeat(10)];
    for (const content of both) await post(session, content);
    const environments = [world.anotherEnvironment(), world.anotherEnvironment()];
    const keysTold = told.splice(0);
    // Each has seen what was posted before either says that it has taken it.
    const bothCopy = Promise.withResolvers<void>();
    let copying = 0;
    world.setFault(async ({ action }) => {
      if (action !== "UploadPartCopy") return undefined;
      copying += 1;
      if (copying === keysTold.length) bothCopy.resolve();
      await bothCopy.promise;
      return undefined;
    });
    await Promise.all(keysTold.map((key, index) => objectCreated(environments[index] ?? world.deps, key)));
    world.setFault();
    expect(copying).toBe(2);
    const { file_id, state } = await by.status(session.upload_id);
    expect(state).toBe("completed");
    expect(both).toContain((await by.download(file_id)).toString());
    expect(await posted()).toEqual([]);
    expect(await multiparts()).toEqual([]);
    await ingest();
  });

  test("again while it is being copied is not mixed with what was there", async () => {
    const session = await start({ filename: "forms/amid.txt" });
    await post(session, "first, and longer than the other");
    let again = false;
    world.setFault(async ({ action }) => {
      if (action !== "UploadPartCopy" || again) return undefined;
      again = true;
      await post(session, "second");
      return undefined;
    });
    expect(await ingest()).toEqual(["left"]);
    world.setFault();
    expect(again).toBe(true);
    expect(await ingest()).toEqual(["completed"]);
    const { file_id } = await by.status(session.upload_id);
    expect((await by.download(file_id)).toString()).toBe("second");
    expect(await multiparts()).toEqual([]);
    await ingest();
  });

  test("and given up while it is copied leaves nothing", async () => {
    const session = await start({ filename: "forms/given-up.txt" });
    await post(session, "hello");
    let dropped = false;
    world.setFault(async ({ action, body = "" }) => {
      if (action !== "UpdateItem" || dropped || !body.includes("s3_upload_id")) return undefined;
      dropped = true;
      expect((await by.drop(session.upload_id)).status).toBe(204);
      return undefined;
    });
    expect(await ingest()).toEqual(["removed"]);
    world.setFault();
    expect(dropped).toBe(true);
    expect(await record(session.upload_id)).not.toHaveProperty("s3_upload_id");
    expect(await multiparts()).toEqual([]);
    expect(await posted()).toEqual([]);
  });

  test("is whole where the write that takes it is written twice", async () => {
    const session = await start({ filename: "forms/written-twice.txt" });
    await post(session, "hello");
    world.setFault(({ action, body = "" }) =>
      action === "UpdateItem" && body.includes("s3_upload_id") ? "twice" : undefined,
    );
    expect(await ingest()).toEqual(["completed"]);
    world.setFault();
    expect((await by.download(session.file_id)).toString()).toBe("hello");
    await ingest();
  });

  test("after an abort, or its end, makes nothing", async () => {
    const aborted = await start({ filename: "forms/aborted.txt" });
    const late = await start({ filename: "forms/late.txt" });
    await post(aborted, "before, too");
    expect((await by.drop(aborted.upload_id)).status).toBe(204);
    expect(await posted()).toEqual([]);
    await post(aborted, "after");
    world.advance(25 * HOUR);
    await post(late, "late");
    expect(await ingest()).toEqual(["removed", "removed", "removed"]);
    expect(await posted()).toEqual([]);
    await sweepUploads(world.deps);
    expect(await record(late.upload_id)).toMatchObject({ state: "expired" });
    expect(await record(aborted.upload_id)).toMatchObject({ state: "aborted" });
  });

  test("and told of by nobody is found by the sweep", async () => {
    const session = await start({ filename: "forms/untold.txt" });
    await post(session, "hello");
    told.length = 0;
    await sweepUploads(world.deps);
    expect(await record(session.upload_id)).toMatchObject({ state: "open" });
    world.advance(76 * MINUTE);
    await sweepUploads(world.deps);
    expect(await record(session.upload_id)).toMatchObject({ state: "completed" });
    const item = (await world.dump()).find(({ pk }) => pk === keys.upload(session.upload_id).pk);
    expect(item).not.toHaveProperty("due_pk");
    await ingest();
  });

  test("never ends with its day", async () => {
    const session = await start({ filename: "forms/never.txt" });
    world.advance(76 * MINUTE);
    await sweepUploads(world.deps);
    expect(await by.status(session.upload_id)).toMatchObject({ state: "open" });
    world.advance(23 * HOUR);
    await sweepUploads(world.deps);
    expect(await by.status(session.upload_id)).toMatchObject({ state: "expired" });
  });

  test("onto a locked file waits for its client, who finalizes it with the lock's token", async () => {
    const { file_id } = await by.uploaded("forms/locked.txt", "one");
    const locking = client.request(`/v1/files/${file_id}/lock`, { json: { ttl_seconds: 600 } });
    const lock = await read(z.object({ lock_token: z.string() }), locking);
    const session = await start({ file_id });
    await post(session, "two");
    await ingest();
    expect(await by.status(session.upload_id)).toMatchObject({ state: "open", received: [[1, 1]] });
    expect(await posted()).toEqual([]);
    const headers = { "Lock-Token": lock.lock_token };
    expect(await by.finish(session.upload_id, { share: false }, headers)).toMatchObject({ file_id, size: 3 });
    await ingest();
  });

  test("under a name that is kept is its own; another upload is told", async () => {
    const session = await start({ filename: "forms/kept.txt", if_exists: "fail" });
    expect(await by.refusedStart({ filename: "forms/kept.txt", if_exists: "fail" })).toEqual([
      409,
      "name_taken",
    ]);
    await post(session, "hello");
    expect(await ingest()).toEqual(["completed"]);
    await ingest();
  });
});

describe("what a form brings counts only while whoever started it", () => {
  test("is there", async () => {
    const other = await world.client("files:read", "files:write", "workspaces:write");
    const session = await uploader(other).start({ filename: "a.txt", form: true });
    const { table } = world.deps;
    await table.update({
      key: keys.client(other.client_id),
      update: { set: { revoked_at: new Date().toISOString() } },
      condition: "attribute_exists(#pk)",
    });
    await post(session, "hello");
    expect(await ingest()).toEqual(["removed"]);
    expect(await record(session.upload_id)).toMatchObject({ state: "open" });
    expect(await posted()).toEqual([]);
  });
});

test("what a form brings while its folder is in the trash waits for the folder's return", async () => {
  const keeper = await world.client("files:read", "files:write", "files:delete", "workspaces:write");
  const own = uploader(keeper);
  const { folder_id } = await own.uploaded("trashed/a.txt", "one");
  const session = await own.start({ form: true, filename: "trashed/b.txt" });
  await ingest();
  expect((await keeper.request(`/v1/folders/${folder_id}`, { method: "DELETE" })).status).toBe(204);
  expect((await post(session, "two")).status).toBe(204);
  expect(await ingest()).toEqual(["refused"]);
  expect(await posted()).toEqual([]);
  expect((await keeper.request(`/v1/trash/${folder_id}/restore`, { method: "POST" })).status).toBe(200);
  expect(await own.status(session.upload_id)).toMatchObject({ state: "open", received: [[1, 1]] });
  const done = await own.finish(session.upload_id, { share: false });
  expect((await own.download(done.file_id)).toString()).toBe("two");
  await ingest();
});

describe("a session of a form", () => {
  test("has no parts and no chunks, and nothing to finalize before it is posted", async () => {
    const { upload_id } = await start({ filename: "forms/parts.txt" });
    expect(await refusal(by.sign(upload_id, { count: 1 }))).toEqual([400, "invalid_request"]);
    const chunk = client.request(`/v1/uploads/${upload_id}/chunks?part=1`, {
      method: "PUT",
      body: new Uint8Array([1]),
      headers: { "content-type": "application/octet-stream" },
    });
    expect(await refusal(chunk)).toEqual([400, "invalid_request"]);
    expect(await by.refusedFinalize(upload_id)).toEqual([409, "parts_missing"]);
    const many = await client.request("/v1/uploads/finalize", { json: { upload_ids: [upload_id] } });
    expect([many.status, await many.text()]).toEqual([422, expect.stringContaining("parts_missing")]);
    expect(await by.status(upload_id)).toMatchObject({ state: "open", received: [] });
  });

  test("is answered again under its key, with a form that is signed anew", async () => {
    const headers = { "Idempotency-Key": "form-once" };
    const json = { filename: "forms/again.txt", form: true };
    const first = await by.start(json, headers);
    const second = await by.start(json, headers);
    expect(second).toMatchObject({ upload_id: first.upload_id, url: first.url });
    expect((await post(second, "hello")).status).toBe(204);
    expect(await ingest()).toEqual(["completed"]);
    await ingest();
  });

  test.each<[string, Record<string, unknown>, string]>([
    ["a part size", { part_size: 5 * MIB }, "/part_size"],
    ["a link's life", { expire_in: 60 }, "/expire_in"],
    ["a SHA-256", { checksum: { sha256: shaOf("hello") } }, "/checksum/sha256"],
    ["more than 5 GiB", { size: 5 * 1024 * MIB + 1 }, "/size"],
  ])("takes no %s", async (_, more, pointer) => {
    const json = { filename: "forms/stray.txt", form: true, ...more };
    const refused = await read(problem, client.request("/v1/uploads", { json }));
    expect(refused).toMatchObject({ status: 400, code: "invalid_request", errors: [{ pointer }] });
  });
});
