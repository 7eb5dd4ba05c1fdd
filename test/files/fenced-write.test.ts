/** The fence can't be forgotten: no write of a file's record goes past it, and no route of a locked file either. */
import { readdir, readFile } from "node:fs/promises";
import { afterAll, beforeAll, expect, onTestFinished, test } from "vitest";
import { copyOf } from "#aws/changes.ts";
import { keys } from "#aws/keys.ts";
import { fileCheck, fileUpdate } from "#core/files/fenced-write.ts";
import * as locks from "#core/locks/contract.ts";
import { allRoutes } from "#test/support/all-routes.ts";
import { type Client, read, refusal, startWorld, type World } from "#test/support/world.ts";

let world: World;
let client: Client;
beforeAll(async () => {
  world = await startWorld();
  client = await world.client(
    "files:read",
    "files:write",
    "files:delete",
    "locks:write",
    "workspaces:write",
    "shares:write",
    "locks:break",
  );
});
afterAll(() => world.close());

/** Sources that may write a node's record by its key, and what they write there instead of a file's content. */
const allowed: Record<string, string> = {
  "fenced-write": "the fence itself",
  "acquire-lock": "the lock",
  "renew-lock": "the lock",
  "release-lock": "the lock",
  "break-lock": "the lock",
  "sweep-locks": "the lock",
  "new-file": "a file that is not there yet",
  "make-folders": "a folder",
  reach: "a folder",
  "place-folder": "a folder",
  "delete-folder": "a folder",
  "start-move": "a folder",
  "sweep-moves": "a folder, and which workspace what is in it is of: locks don't hold that, and come along",
  "restore-item": "what is in the trash",
  "purge-item": "what is in the trash",
  "sweep-trash": "what is in the trash, or in a folder that is purged",
  "make-workspace": "a folder",
  "purge-workspace": "the root folder of what was in the trash",
  "purge-version": "a deleted file's tombstone",
};

test("no source but these writes a node's record", async () => {
  const root = new URL("../../lambdas/", import.meta.url);
  const found = new Set<string>();
  for (const path of await readdir(root, { recursive: true })) {
    if (!path.endsWith(".ts")) continue;
    const text = await readFile(new URL(path, root), "utf8");
    // As `table.ts` takes them: an update's or removal's key, and a put's spread.
    if (/(?:key|remove): keys\.node\(|\.\.\.keys\.node\(/.test(text))
      found.add(path.replace(/^core\/.*\/(.*)\.ts$/, "$1"));
  }
  expect([...found].sort()).toEqual(Object.keys(allowed).sort());
});

/** Routes that change a file, by id, as another than the lock's holder would call them. */
const fenced: Record<string, (file: { id: string; old: string }) => { path: string; json?: unknown }> = {
  changeFile: ({ id }) => ({ path: `/v1/files/${id}`, json: { name: "moved" } }),
  deleteFile: ({ id }) => ({ path: `/v1/files/${id}` }),
  restoreVersion: ({ id, old }) => ({ path: `/v1/files/${id}/versions/${old}/restore` }),
  deleteVersion: ({ id, old }) => ({ path: `/v1/files/${id}/versions/${old}` }),
};
/** Routes below a file that change nothing that a lock protects. */
const free = new Set([
  ...["acquireLock", "waitForLock", "renewLock", "releaseLock", "breakLock", "createShare", "grantOnFile"],
  // Of another file, whose lock it heeds.
  "copyFile",
]);

const routes = await allRoutes();

test("every route that changes a file is refused while another holds its lock, and passes with the token", async () => {
  const changing = routes.filter(({ method, path }) => method !== "GET" && path.startsWith("/v1/files/{id}"));
  expect(changing.map(({ id }) => id).sort()).toEqual([...Object.keys(fenced), ...free].sort());
  for (const { id: name, method } of changing) {
    const request = fenced[name];
    if (request === undefined) continue;
    const id = await world.addFile(client, `${name}.txt`, "one");
    const old = await superseded(id);
    const { path, json } = request({ id, old });
    const { lock_token } = await read(
      locks.lockGrant,
      client.request(`/v1/files/${id}/lock`, { json: { ttl_seconds: 30 } }),
    );
    const send = (headers = {}) => client.request(path, { method, json, headers });
    const before = await world.dump();
    expect([name, ...(await refusal(send()))]).toEqual([name, 423, "file_locked"]);
    const stale = send({ "lock-token": "whl_stale" });
    expect([name, ...(await refusal(stale))]).toEqual([name, 409, "lock_lost"]);
    expect(await world.dump()).toEqual(before);
    expect([name, (await send({ "lock-token": lock_token })).ok]).toEqual([name, true]);
  }
});

/** A version of the file that is not the current one any more. */
async function superseded(id: string): Promise<string> {
  const [file] = await world.deps.table.batchGet([keys.node(id)]);
  await world.addVersion(client, id, "two");
  return String(file?.["version_id"]);
}

test("a lease of another generation than the file's is lost, whatever else of it holds", async () => {
  const id = await world.addFile(client, "generation.txt");
  const { lock_token } = await read(locks.lockGrant, client.request(`/v1/files/${id}/lock`, { json: {} }));
  const preconditions = { lockToken: lock_token };
  const now = world.deps.now();
  const touch = fileUpdate(now, id, preconditions, { update: { set: { size: 9 } } });
  const check = fileCheck(now, id, preconditions, {});
  await world.deps.table.transact([check]);
  await world.deps.table.update(touch);
  const grown = {
    blind: "seeded",
    key: keys.node(id),
    update: { set: { fencing: 2 } },
  };
  await world.deps.table.update(grown);
  await expect(world.deps.table.transact([check])).rejects.toMatchObject({ code: "lock_lost" });
  await expect(world.deps.table.update(touch)).rejects.toMatchObject({ code: "lock_lost" });
  const renewed = client.request(`/v1/files/${id}/lock/renew`, { json: { lock_token } });
  expect(await refusal(renewed)).toEqual([409, "lock_lost"]);
});

test("a lease that another has written past is lost, whatever its holder's clock shows", async () => {
  onTestFinished(world.stopClock());
  const id = await world.addFile(client, "passed.txt");
  const lock = `/v1/files/${id}/lock`;
  const { lock_token } = await read(locks.lockGrant, client.request(lock, { json: { ttl_seconds: 30 } }));
  world.advance(29_000);
  expect(await read(locks.lockState, client.request(lock))).toMatchObject({ locked: true });
  const ahead = world.anotherEnvironment({ clockOffsetMs: 3_000 }).now();
  const write = fileUpdate(ahead, id, {}, { update: { set: { mixed: true } } });
  await world.deps.table.transact([write]);

  expect(await read(locks.lockState, client.request(lock))).toMatchObject({ locked: false });
  const lost = [409, "lock_lost"];
  expect(await refusal(client.request(`${lock}/renew`, { json: { lock_token } }))).toEqual(lost);
  const headers = { "lock-token": lock_token };
  expect(await refusal(client.request(`/v1/files/${id}`, { method: "DELETE", headers }))).toEqual(lost);
  world.advance(3_000);
  expect((await client.request(lock, { json: {} })).status).toBe(201);
  const item = await world.deps.table.update({
    blind: "seeded",
    key: keys.node(id),
    update: { set: { mixed: copyOf("mixed") } },
  });
  expect(item).toMatchObject({ passed: 1, fencing: 2 });
});
