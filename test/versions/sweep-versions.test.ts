import { afterAll, beforeAll, expect, test } from "vitest";
import { keys } from "#aws/keys.ts";
import type { Deps } from "#core/kernel/deps.ts";
import { sweepVersions } from "#core/versions/sweep-versions.ts";
import { type Client, startWorld, type World } from "#test/support/world.ts";

const MINUTE = 60_000;
const WAIT = 16 * MINUTE;

let world: World;
let client: Client;

beforeAll(async () => {
  world = await startWorld();
  client = await world.client("files:read", "files:write", "files:delete", "locks:write", "workspaces:write");
});
afterAll(() => world.close());

/** A file that was purged from the trash: the keys of its objects, which are there still. */
async function deleted(name: string): Promise<{ id: string; objectKey: string }> {
  const id = await world.addFile(client, name);
  const [node] = await world.deps.table.batchGet([keys.node(id)]);
  expect((await client.request(`/v1/files/${id}`, { method: "DELETE" })).status).toBe(204);
  expect((await client.request(`/v1/trash/${id}`, { method: "DELETE" })).status).toBe(204);
  return { id, objectKey: String(node?.["object_key"]) };
}
const there = async (objectKey: string) => (await world.deps.objects.head(objectKey)) !== undefined;
const records = async (id: string) => (await world.dump()).filter((item) => item["pk"] === `NODE#${id}`);

test("bytes stay while URLs of them may work, and go after that", async () => {
  const { id, objectKey } = await deleted("a.txt");
  const kept = await world.addFile(client, "kept.txt");
  expect(await sweepVersions(world.deps)).toBe(0);
  expect(await there(objectKey)).toBe(true);
  world.advance(WAIT);
  expect(await sweepVersions(world.deps)).toBe(1);
  expect(await there(objectKey)).toBe(false);
  const [tombstone, ...rest] = await records(id);
  expect(rest).toEqual([]);
  expect(tombstone).toMatchObject({ deleted_at: expect.any(String), ttl: expect.any(Number) });
  expect(tombstone).not.toHaveProperty("due_pk");
  expect(await sweepVersions(world.deps)).toBe(0);
  expect((await client.request(`/v1/files/${kept}/content`)).status).toBe(302);
});

const crash = () => Promise.reject(new Error("crash"));
const crashes: [string, (deps: Deps) => Partial<Deps>][] = [
  ["removing the bytes", ({ objects }) => ({ objects: { ...objects, remove: crash } })],
  ["removing the record", ({ table }) => ({ table: { ...table, remove: crash } })],
  ["removing the due key", ({ table }) => ({ table: { ...table, update: crash } })],
];

test.each(crashes)("a crash at %s loses track of nothing", async (at, crashing) => {
  const { id, objectKey } = await deleted(`${at}.txt`);
  world.advance(WAIT);
  const deps = { ...world.deps, ...crashing(world.deps) };
  await expect(sweepVersions(deps)).rejects.toThrow("1 failures among what is due of kind version");
  expect((await records(id)).some((item) => "due_pk" in item)).toBe(true);
  world.advance(MINUTE);
  expect(await sweepVersions(world.deps)).toBe(1);
  expect(await there(objectKey)).toBe(false);
  expect(await records(id)).toHaveLength(1);
});

test("one file that fails keeps no other waiting", async () => {
  const bad = await deleted("bad.txt");
  const good = await Promise.all(["1", "2", "3"].map((name) => deleted(name)));
  world.advance(WAIT);
  const objects = {
    ...world.deps.objects,
    remove: (key: string) =>
      key === bad.objectKey ? Promise.reject(new Error("denied")) : world.deps.objects.remove(key),
  };
  await expect(sweepVersions({ ...world.deps, objects })).rejects.toThrow("1 failures");
  for (const { objectKey } of good) expect(await there(objectKey)).toBe(false);
  world.advance(MINUTE);
  expect(await sweepVersions(world.deps)).toBe(1);
});
