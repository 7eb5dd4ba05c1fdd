import { afterAll, beforeAll, beforeEach, describe, expect, test } from "vitest";
import { due, keys } from "#aws/keys.ts";
import type { Table } from "#aws/table.ts";
import { page, problem } from "#contract/common.ts";
import { file } from "#core/files/contract.ts";
import type { Deps } from "#core/kernel/deps.ts";
import { newId } from "#core/kernel/ids.ts";
import { lockGrant } from "#core/locks/contract.ts";
import { startAnswer } from "#core/uploads/contract.ts";
import { version } from "#core/versions/contract.ts";
import { sweepVersions } from "#core/versions/sweep-versions.ts";
import { refusedVersion } from "#test/support/file-writes.ts";
import { type Client, read, refusal, startWorld, type World } from "#test/support/world.ts";

const UNKNOWN = "ver_01JZZZZZZZZZZZZZZZZZZZZZZZ";
const BYTES_STAY = 16 * 60_000;
const DAY = 86_400_000;

let world: World;
let client: Client;
let id: string;
let files = 0;

beforeAll(async () => {
  world = await startWorld();
  client = await world.client("files:read", "files:write", "files:delete", "locks:write", "workspaces:write");
});
beforeEach(async () => {
  id = await world.addFile(client, `file-${++files}.txt`, "v1");
});
afterAll(() => world.close());

/** Makes another version current. */
async function write(text: string, fileId = id): Promise<string> {
  const version_id = await world.addVersion(client, fileId, text);
  world.advance(5);
  return version_id;
}

const list = (query = "") => read(page.of(version), client.request(`/v1/files/${id}/versions${query}`));
const ids = async () => (await list()).items.map(({ version_id }) => version_id);
const current = async () => (await read(file, client.request(`/v1/files/${id}`))).version_id;
const restore = (v: string, headers = {}, by: Client = client) =>
  by.request(`/v1/files/${id}/versions/${v}/restore`, { method: "POST", headers });
const remove = (v: string, headers = {}) =>
  client.request(`/v1/files/${id}/versions/${v}`, { method: "DELETE", headers });
const content = (v: string, method = "GET") =>
  client.request(`/v1/files/${id}/versions/${v}/content`, { method });
const bytes = async (answer: Promise<Response>) =>
  (await fetch((await answer).headers.get("location") ?? "")).text();
const objectKey = async (v: string) =>
  String((await world.deps.table.batchGet([keys.version(id, v)]))[0]?.["object_key"]);
const isMarked = async (v: string) =>
  (await world.deps.table.batchGet([keys.version(id, v)]))[0]?.["removed_ms"] !== undefined;
const there = async (key: string) => (await world.deps.objects.head(key)) !== undefined;

describe("listing", () => {
  test("shows the newest first, page by page, and which is current", async () => {
    const v1 = await current();
    world.advance(5);
    const [v2, v3] = [await write("v2"), await write("v3")];
    const first = await list("?limit=2");
    expect(first.items.map(({ version_id, current }) => [version_id, current])).toEqual([
      [v3, true],
      [v2, false],
    ]);
    const second = await list(`?limit=2&cursor=${first.next_cursor}`);
    expect(second).toMatchObject({ items: [{ version_id: v1, size: 2, state: "ready" }], next_cursor: null });
    expect(await refusal(client.request(`/v1/files/${id}/versions?cursor=x`))).toEqual([
      400,
      "invalid_cursor",
    ]);
  });

  test("goes on where what a query reads at once ends: at 1 MB", async () => {
    const metadata = Object.fromEntries(Array.from({ length: 32 }, (_, n) => [`k${n}`, "€".repeat(512)]));
    const [like] = await world.deps.table.batchGet([keys.version(id, await current())]);
    const added = Array.from({ length: 24 }, (_, n) => newId("ver", world.deps.now() + n));
    for (const version_id of added)
      await world.deps.table.add({ ...like, metadata, version_id, ...keys.version(id, version_id) });
    const seen: string[] = [];
    for (let cursor: string | null = ""; cursor !== null; ) {
      const some: Awaited<ReturnType<typeof list>> = await list(`?limit=100${cursor && `&cursor=${cursor}`}`);
      seen.push(...some.items.map(({ version_id }) => version_id));
      cursor = some.next_cursor;
    }
    expect(seen).toEqual([...added.sort().reverse(), await current()]);
  });

  test("is not for others", async () => {
    const stranger = await world.client(
      "files:read",
      "files:write",
      "files:delete",
      "locks:write",
      "workspaces:write",
    );
    const v1 = await current();
    expect(await refusal(stranger.request(`/v1/files/${id}/versions`))).toEqual([404, "not_found"]);
    expect(await refusal(stranger.request(`/v1/files/${id}/versions/${v1}/content`))).toEqual([
      404,
      "not_found",
    ]);
    expect(await refusal(restore(v1, {}, stranger))).toEqual([404, "not_found"]);
    const uploader = await client.withScopes(
      "files:write",
      "files:delete",
      "locks:write",
      "workspaces:write",
    );
    expect(await refusal(uploader(`/v1/files/${id}/versions`))).toEqual([403, "forbidden"]);
  });
});

test("every version downloads, with its event; a HEAD tells nobody", async () => {
  const v1 = await current();
  const v2 = await write("v2");
  const answer = await content(v1);
  expect([answer.status, answer.headers.get("etag")]).toEqual([302, `"${v1}"`]);
  expect(await bytes(content(v1))).toBe("v1");
  expect(await bytes(content(v2))).toBe("v2");
  await content(v1, "HEAD");
  expect(await refusal(content(UNKNOWN))).toEqual([404, "not_found"]);
  const told = (await world.events("file_downloaded")).filter((one) => one.file_id === id);
  expect(told.map(({ data }) => data["version_id"])).toEqual([v1, v1, v2]);
});

test("an upload that was refused is listed as rejected for 90 days, and leads nowhere", async () => {
  id = await world.addFile(client, "posing.pdf", "%PDF-1.7");
  const v1 = await current();
  world.advance(5);
  const program = Buffer.from("\x7fELF\x02\x01\x01\0\0\0\0\0\0\0\0\0\x02\0", "latin1");
  const started = await read(
    startAnswer,
    client.request("/v1/uploads", {
      json: { filename: "posing.pdf", size: program.length, metadata: { build: "7" } },
    }),
  );
  await fetch(started.parts[0]?.url ?? "", { method: "PUT", body: program });
  const finalized = client.request(`/v1/uploads/${started.upload_id}/finalize`, { json: {} });
  expect(await refusal(finalized)).toEqual([422, "type_mismatch"]);
  const { items } = await list();
  expect(items.map(({ state, current }) => [state, current])).toEqual([
    ["rejected", false],
    ["ready", true],
  ]);
  // There may be many, and retention looks through them.
  expect(items[0]?.metadata).toBeUndefined();
  const refused = items[0]?.version_id ?? "";
  for (const answer of [content(refused), restore(refused), remove(refused)])
    expect(await refusal(answer)).toEqual([404, "not_found"]);
  expect(await current()).toBe(v1);
  const [record] = await world.deps.table.batchGet([keys.version(id, refused)]);
  expect(Number(record?.["ttl"]) * 1000 - world.deps.now()).toBeGreaterThan(89 * DAY);
});

describe("restoring", () => {
  test("makes a new version of the old bytes, with its event", async () => {
    const v1 = await current();
    const v2 = await write("v2 is longer");
    const answer = await restore(v1);
    expect(answer.status).toBe(200);
    const restored = await read(version, answer);
    expect(restored).toMatchObject({ current: true, restored_from: v1, size: 2 });
    expect(answer.headers.get("etag")).toBe(`"${restored.version_id}"`);
    expect(await current()).toBe(restored.version_id);
    expect(await ids()).toEqual([restored.version_id, v2, v1]);
    expect(await bytes(client.request(`/v1/files/${id}/content`))).toBe("v1");
    const [event] = (await world.events("version_restored")).filter((one) => one.file_id === id);
    expect(event?.data).toMatchObject({
      version_id: restored.version_id,
      restored_from: v1,
      previous_version_id: v2,
    });
  });

  test("is done once for a repeated Idempotency-Key", async () => {
    const v1 = await current();
    await write("v2");
    const headers = { "idempotency-key": `restore-${id}` };
    const first = await read(version, restore(v1, headers));
    const again = await restore(v1, headers);
    expect(again.headers.get("idempotency-replayed")).toBe("true");
    expect(await read(version, again)).toEqual(first);
    expect(await ids()).toHaveLength(3);
  });

  test("keeps to the lock, the lease and If-Match", async () => {
    const v1 = await current();
    const v2 = await write("v2");
    const grant = await read(
      lockGrant,
      client.request(`/v1/files/${id}/lock`, { json: { ttl_seconds: 30 } }),
    );
    const { lock_token } = grant;
    for (const act of [restore, remove]) {
      expect(await refusal(act(v1))).toEqual([423, "file_locked"]);
      expect(await refusal(act(v1, { "lock-token": "another" }))).toEqual([409, "lock_lost"]);
      const stale = await read(problem, act(v1, { "lock-token": lock_token, "if-match": v1 }));
      expect(stale).toMatchObject({ status: 412, code: "version_mismatch", version_id: v2 });
    }
    expect((await restore(v1, { "lock-token": lock_token, "if-match": `"${v2}"` })).status).toBe(200);
    world.advance(30_000);
    expect(await refusal(restore(v2, { "lock-token": lock_token }))).toEqual([409, "lock_lost"]);
    expect(await refusal(remove(v2))).toEqual([423, "file_locked"]);
    world.advance(2_000);
    expect((await remove(v2)).status).toBe(204);
  });

  test("refuses the current one and one that nobody knows", async () => {
    expect(await refusal(restore(await current()))).toEqual([409, "conflict"]);
    expect(await refusal(restore(UNKNOWN))).toEqual([404, "not_found"]);
  });

  test("of many at once, each makes a version, and history has no gap", async () => {
    const v1 = await current();
    await write("v2");
    const answers = await Promise.all(Array.from({ length: 3 }, () => restore(v1)));
    const made = answers.filter(({ status }) => status === 200).length;
    expect(made).toBeGreaterThan(0);
    const records = await Promise.all(
      (await ids()).map(async (v) => (await world.deps.table.batchGet([keys.version(id, v)]))[0]),
    );
    expect(records).toHaveLength(2 + made);
    expect(records.filter((record) => record?.["superseded_ms"] === undefined)).toHaveLength(1);
  });
});

/** Versions come in pages of one, as those with much metadata do; `after` runs behind each. */
function inPages(after: () => Promise<void>): Deps {
  const { table } = world.deps;
  const query: Table["query"] = async (input) => {
    if (input.index !== undefined) return table.query(input);
    const page = await table.query({ ...input, limit: 1 });
    await after();
    return page;
  };
  return { ...world.deps, table: { ...table, query } };
}

describe("deleting", () => {
  test("hides a version at once and removes its bytes when URLs of them have run out", async () => {
    const v1 = await current();
    const v2 = await write("v2");
    const key = await objectKey(v1);
    expect(await refusal(remove(v2))).toEqual([409, "conflict"]);
    expect((await remove(v1)).status).toBe(204);
    expect(await ids()).toEqual([v2]);
    for (const answer of [remove(v1), content(v1), restore(v1)])
      expect(await refusal(answer)).toEqual([404, "not_found"]);
    await sweepVersions(world.deps);
    expect(await there(key)).toBe(true);
    world.advance(BYTES_STAY);
    await sweepVersions(world.deps);
    expect(await there(key)).toBe(false);
    expect(await world.deps.table.batchGet([keys.version(id, v1)])).toEqual([]);
    expect(await bytes(client.request(`/v1/files/${id}/content`))).toBe("v2");
  });

  test("keeps the bytes that a restored version names, until it goes too", async () => {
    const v1 = await current();
    await write("v2");
    const key = await objectKey(v1);
    const { version_id: v3 } = await read(version, restore(v1));
    expect((await remove(v1)).status).toBe(204);
    world.advance(BYTES_STAY);
    await sweepVersions(world.deps);
    expect(await there(key)).toBe(true);
    expect(await bytes(client.request(`/v1/files/${id}/content`))).toBe("v1");
    await write("v4");
    expect((await remove(v3)).status).toBe(204);
    world.advance(BYTES_STAY);
    await sweepVersions(world.deps);
    expect(await there(key)).toBe(false);
  });

  test("keeps them as long as a URL of either may work", async () => {
    const v1 = await current();
    await write("v2");
    const { version_id: v3 } = await read(version, restore(v1));
    await write("v4");
    expect((await remove(v1)).status).toBe(204);
    world.advance(BYTES_STAY - 1_000);
    const url = (await content(v3)).headers.get("location") ?? "";
    expect((await remove(v3)).status).toBe(204);
    world.advance(2_000);
    await sweepVersions(world.deps);
    expect(await (await fetch(url)).text()).toBe("v1");
    expect(await world.deps.table.batchGet([keys.version(id, v1)])).toEqual([]);
    const key = await objectKey(v3);
    world.advance(BYTES_STAY);
    await sweepVersions(world.deps);
    expect(await there(key)).toBe(false);
  });

  test("takes no bytes that come back while it looks whether others name them", async () => {
    const v1 = await current();
    await write("v2");
    const { version_id: v3 } = await read(version, restore(v1));
    await write("v4");
    const key = await objectKey(v1);
    world.advance(BYTES_STAY);
    await sweepVersions(world.deps);
    // From here on nothing else is due.
    expect((await remove(v1)).status).toBe(204);
    world.advance(BYTES_STAY);
    let pages = 0;
    await sweepVersions(
      inPages(async () => {
        if (++pages !== 1) return;
        expect((await restore(v3)).status).toBe(200);
        expect((await remove(v3)).status).toBe(204);
        // The sweep stands still, and another goes on.
        world.advance(BYTES_STAY + 1);
        await sweepVersions(world.deps);
      }),
    );
    expect(pages).toBeGreaterThan(2);
    expect(await there(key)).toBe(true);
    expect(await bytes(client.request(`/v1/files/${id}/content`))).toBe("v1");
    expect(await world.deps.table.batchGet([keys.version(id, v1), keys.version(id, v3)])).toEqual([]);
  });

  test("a crash between bytes and record loses track of nothing", async () => {
    const v1 = await current();
    await write("v2");
    expect((await remove(v1)).status).toBe(204);
    world.advance(BYTES_STAY);
    const table = { ...world.deps.table, remove: () => Promise.reject(new Error("crash")) };
    await expect(sweepVersions({ ...world.deps, table })).rejects.toThrow("of kind version");
    expect(await world.deps.table.batchGet([keys.version(id, v1)])).toHaveLength(1);
    // What failed is due again a minute later.
    world.advance(2 * 60_000);
    await sweepVersions(world.deps);
    expect(await world.deps.table.batchGet([keys.version(id, v1)])).toEqual([]);
  });
});

describe("retention", () => {
  const keeping = (versionsKeep: number, versionsKeepDays: number): Deps => ({
    ...world.deps,
    config: { ...world.deps.config, versionsKeep, versionsKeepDays },
  });

  test("keeps so many superseded versions, the newest, and the current one", async () => {
    const all = [await current()];
    for (const text of ["v2", "v3", "v4", "v5"]) all.push(await write(text));
    const oldest = await objectKey(all[0] ?? "");
    world.advance(BYTES_STAY);
    await sweepVersions(keeping(2, 90));
    expect(await ids()).toEqual(all.slice(2).reverse());
    world.advance(BYTES_STAY);
    await sweepVersions(keeping(2, 90));
    expect(await there(oldest)).toBe(false);
    expect(await ids()).toEqual(all.slice(2).reverse());
    await sweepVersions(keeping(0, 90));
    expect(await current()).toBe(all.at(-1));
  });

  test("keeps them for so many days after another took their place", async () => {
    const v1 = await current();
    world.advance(30 * DAY);
    const v2 = await write("v2");
    world.advance(BYTES_STAY);
    await sweepVersions(keeping(20, 7));
    expect(await ids()).toEqual([v2, v1]);
    const [record] = await world.deps.table.batchGet([keys.version(id, v1)]);
    expect(record?.["due_pk"]).toBe(due("version", 0, v1).due_pk);
    world.advance(7 * DAY);
    await sweepVersions(keeping(20, 7));
    expect(await ids()).toEqual([v2]);
    world.advance(400 * DAY);
    await sweepVersions(keeping(20, 7));
    expect(await current()).toBe(v2);
    expect(await bytes(client.request(`/v1/files/${id}/content`))).toBe("v2");
  });

  test("ends a version by its days, however much else there is of the file", async () => {
    const v1 = await current();
    const v2 = await write("v2");
    world.advance(BYTES_STAY);
    const { table } = world.deps;
    // The pages of its versions never end.
    const query: Table["query"] = async (input) =>
      input.values["pk"] === keys.node(id).pk
        ? { items: [], next: { ...keys.node(id) } }
        : table.query(input);
    const endless = { ...keeping(20, 90), table: { ...table, query } };
    await expect(sweepVersions(endless)).rejects.toThrow("of kind version");
    expect([await isMarked(v1), await isMarked(v2)]).toEqual([false, false]);
    world.advance(90 * DAY);
    await sweepVersions(endless);
    expect([await isMarked(v1), await isMarked(v2)]).toEqual([true, false]);
  });

  test("looks through more refused uploads than twenty pages hold", async () => {
    const v1 = await current();
    const refused = { file_id: id, name: "v2.txt", client_id: client.client_id };
    for (let count = 0; count < 25; count++)
      await world.deps.table.transact([refusedVersion(refused, world.deps.now())]);
    const v2 = await write("v2");
    world.advance(BYTES_STAY);
    await sweepVersions({ ...inPages(async () => {}), config: keeping(0, 90).config });
    expect([await isMarked(v1), await isMarked(v2)]).toEqual([true, false]);
  });

  test("goes on in the trash, and leaves what a purged file has to the purge", async () => {
    const v1 = await current();
    await write("v2");
    const key = await objectKey(v1);
    expect((await client.request(`/v1/files/${id}`, { method: "DELETE" })).status).toBe(204);
    world.advance(BYTES_STAY);
    await sweepVersions(world.deps);
    expect([await there(key), await isMarked(v1)]).toEqual([true, false]);
    world.advance(90 * DAY);
    await sweepVersions(world.deps);
    expect(await isMarked(v1)).toBe(true);
    expect((await client.request(`/v1/trash/${id}`, { method: "DELETE" })).status).toBe(204);
    world.advance(BYTES_STAY);
    await sweepVersions(world.deps);
    expect(await there(key)).toBe(false);
    expect((await world.dump()).filter(({ pk }) => pk === `NODE#${id}`)).toHaveLength(1);
  });
});
