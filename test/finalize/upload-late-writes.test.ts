/** A write of an upload's that comes twice, or whose first copy comes late: what has become of it since stays. */
import { ListObjectsV2Command } from "@aws-sdk/client-s3";
import type { FaultCall } from "@wharf/local-cloud";
import { afterAll, beforeAll, expect, test } from "vitest";
import { keys } from "#aws/keys.ts";
import { type FinalizeAnswer, finalizeAnswer } from "#core/finalize/contract.ts";
import { sweepUploads } from "#core/finalize/sweep-uploads.ts";
import { newId } from "#core/kernel/ids.ts";
import { sweepVersions } from "#core/versions/sweep-versions.ts";
import { type Uploader, uploader } from "#test/support/uploads.ts";
import { type Client, read, startWorld, type World } from "#test/support/world.ts";

const MINUTE = 60_000;
const DAY = 24 * 60 * MINUTE;

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

const isUpload = ({ action, body = "" }: FaultCall) => action === "PutItem" && body.includes('"UPL#');
const isIntent = ({ action, body = "" }: FaultCall) => action === "UpdateItem" && body.includes(":intent");

/** While `act` runs, a copy of each call that `which` takes is held until `world.late.flush()`; or it comes twice at once. */
async function copying<T>(
  which: (call: FaultCall) => boolean,
  act: () => Promise<T>,
  twice = false,
): Promise<T> {
  let copies = 0;
  world.setFault((call) => {
    if (!which(call)) return undefined;
    copies += 1;
    return twice ? "twice" : { late: { afterMs: DAY }, answered: true };
  });
  const answer = await act();
  world.setFault();
  expect(copies).toBeGreaterThan(0);
  return answer;
}

const stateOf = async (id: string) =>
  (await world.dump()).find((item) => item["pk"] === keys.upload(id).pk)?.["state"];

test("a session's first write that comes once more after finalize reopens nothing, and costs no bytes", async () => {
  const { upload_id } = await copying(isUpload, () => by.upload("again.txt"));
  const { file_id } = await by.finish(upload_id);
  await world.late.flush();
  expect(await stateOf(upload_id)).toBe("completed");
  world.advance(6 * DAY + MINUTE);
  await sweepUploads(world.deps);
  expect((await by.download(file_id)).toString()).toBe("hello");
});

test.each([true, false])(
  "a session that is written once more (at once: %s) leads where its client was told, whatever was guessed",
  async (twice) => {
    const name = `guessed/${twice}.txt`;
    const { file_id } = await by.uploaded(name);
    const hint = keys.fileHint(client.workspace_id, name);
    const wrong = { put: { ...hint, file_id: newId("file", 0) }, blind: "a hint that lies" };
    await world.deps.table.put(wrong);
    const all = (call: FaultCall) => isUpload(call) || call.action === "UpdateItem";
    const session = await copying(all, () => by.upload(name), twice);
    await world.late.flush();
    expect(session.file_id).toBe(file_id);
    expect(await by.finish(session.upload_id)).toMatchObject({ file_id });
  },
);

test.each([true, false])(
  "a start that was refused is none, whatever comes of it (at once: %s)",
  async (twice) => {
    const name = `refused-${twice}.txt`;
    await by.uploaded(`${name}/in.txt`);
    const start = () => by.refusedStart({ filename: name, size: 5 });
    const all = (call: FaultCall) => isUpload(call) || call.action === "UpdateItem";
    expect(await copying(all, start, twice)).toEqual([409, "name_taken"]);
    await world.late.flush();
    const [session, ...others] = (await world.dump()).filter(
      (item) => item["name"] === name && item["upload_id"],
    );
    expect(others).toEqual([]);
    expect(session).toMatchObject({ state: "aborted" });
    expect(session).not.toHaveProperty("due_pk");
  },
);

/** A finalize that is refused since another holds the lock: what its client was told won't happen. */
async function refusedByLock(name: string) {
  const { file_id, version_id } = await by.uploaded(name, "one");
  const { upload_id } = await by.upload(name, "two");
  const lock = `/v1/files/${file_id}/lock`;
  const grant = await (await client.request(lock, { json: { ttl_seconds: 60 } })).json();
  const refused = await copying(isIntent, () => by.refusedFinalize(upload_id));
  expect(refused).toEqual([423, "file_locked"]);
  const unlock = () =>
    client.request(lock, { method: "DELETE", headers: { "lock-token": String(Object(grant).lock_token) } });
  return { file_id, version_id, upload_id, unlock };
}

const currentOf = async (fileId: string) =>
  (await world.deps.table.batchGet([keys.node(fileId)])).map((item) => item["version_id"]);

test("an intent that was withdrawn is not armed by its first copy: nobody finishes what was refused", async () => {
  const { file_id, version_id, upload_id, unlock } = await refusedByLock("withdrawn.txt");
  await world.late.flush();
  expect(await stateOf(upload_id)).toBe("open");
  await unlock();
  world.advance(6 * MINUTE);
  await sweepUploads(world.deps);
  expect(await currentOf(file_id)).toEqual([version_id]);
  expect(await by.finish(upload_id)).toMatchObject({ file_id });
});

test("nor does it take a later one's place", async () => {
  const { upload_id } = await refusedByLock("later.txt");
  // Between the later call's intent and its refusal, which then finds another's.
  world.setFault(async ({ action }) => {
    if (action === "ListParts" || action === "HeadObject") await world.late.flush();
    return undefined;
  });
  expect(await by.refusedFinalize(upload_id)).toEqual([423, "file_locked"]);
  world.setFault();
  expect(await stateOf(upload_id)).toBe("open");
});

test("a client whose calls reach clocks that differ is not told of another's attempt", async () => {
  const { upload_id } = await by.upload("clocks.txt");
  const claim = { parts: [{ part_number: 2, etag: "none" }] };
  expect((await by.finalize(upload_id, claim)).status).toBe(409);
  world.advance(-5_000);
  expect((await by.finalize(upload_id, claim)).status).toBe(409);
  expect(await by.finish(upload_id)).toMatchObject({ size: 5 });
  world.advance(5_000);
});

test("an intent that is written twice is one: nothing is taken for begun before", async () => {
  const { upload_id, workspace_id } = await by.upload("lost.txt");
  const item = (await world.dump()).find((one) => one["pk"] === keys.upload(upload_id).pk);
  await world.deps.objects.abort(`o/${workspace_id}/${upload_id}`, String(item?.["s3_upload_id"]));
  expect(await copying(isIntent, () => by.refusedFinalize(upload_id), true)).toEqual([410, "upload_expired"]);
});

/** S3 refuses a call that is older. Source: Amazon S3 API Reference, error responses, `RequestTimeTooSkewed`. */
const SIGNATURE = 15 * MINUTE;

async function inOneRequest(name: string): Promise<FinalizeAnswer> {
  const body = new FormData();
  body.set("file", new File(["hello"], name));
  return read(finalizeAnswer, client.request("/v1/files/upload", { body }));
}

/** And purged, where it was a file. */
const removed = async (path: string) => {
  expect((await client.request(path, { method: "DELETE" })).status).toBe(204);
  if (!/^\/v1\/files\/[^/]+$/.test(path)) return;
  expect((await client.request(path.replace("/files/", "/trash/"), { method: "DELETE" })).status).toBe(204);
};

test.each<[string, (name: string) => Promise<void>]>([
  ["a file in one request", async (name) => removed(`/v1/files/${(await inOneRequest(name)).file_id}`)],
  [
    "an empty file",
    async (name) => {
      const { upload_id } = await by.start({ filename: name, size: 0 });
      await removed(`/v1/files/${(await by.finish(upload_id)).file_id}`);
    },
  ],
  [
    "a version in one request",
    async (name) => {
      const { file_id, version_id } = await by.uploaded(name);
      const second = await inOneRequest(name);
      const versions = `/v1/files/${file_id}/versions`;
      await client.request(`${versions}/${version_id}/restore`, { method: "POST" });
      await removed(`${versions}/${second.version_id}`);
      await removed(`/v1/files/${file_id}`);
    },
  ],
])("leaves no bytes that nothing names, though those were sent once more: %s", async (name, act) => {
  const keysThere = async () => {
    const { Contents = [] } = await world.s3.send(new ListObjectsV2Command({ Bucket: "files" }));
    return Contents.map(({ Key }) => Key);
  };
  const before = await keysThere();
  await copying(
    ({ action }) => action === "PutObject",
    () => act(`${name}.txt`),
  );
  world.advance(SIGNATURE);
  await sweepVersions(world.deps);
  await world.late.flush();
  world.advance(2 * MINUTE);
  await sweepVersions(world.deps);
  expect(await keysThere()).toEqual(before);
});
