/** Copies, restorations and purges in any order: bytes are there exactly as long as a version names them. */
import fc from "fast-check";
import { afterAll, beforeAll, expect, test } from "vitest";
import * as z from "zod";
import { keys } from "#aws/keys.ts";
import { fileRecord, type VersionRecord, versionRecord } from "#core/files/records.ts";
import type { Deps } from "#core/kernel/deps.ts";
import { purgeFile, purgeVersion } from "#core/versions/purge-version.ts";
import { sweepVersions } from "#core/versions/sweep-versions.ts";
import "#test/support/property-seed.ts";
import { type Client, startWorld, type World } from "#test/support/world.ts";

const BYTES_STAY = 16 * 60_000;
const page = z.object({ items: z.array(z.object({ version_id: z.string(), current: z.boolean() })) });
const made = z.object({ file_id: z.string(), version_id: z.string() });

let world: World;
let client: Client;
beforeAll(async () => {
  world = await startWorld();
  client = await world.client("files:read", "files:write", "files:delete");
});
afterAll(() => world?.close());

let names = 0;
const newName = () => `${++names}.txt`;
const path = (id: string) => `/v1/files/${id}`;
const copy = (id: string, json: object = {}) =>
  client.request(`${path(id)}/copy`, { json: { folder: "/", name: newName(), ...json } });
const copied = async (id: string, json: object = {}) => made.parse(await (await copy(id, json)).json());
const remove = (id: string) => client.request(path(id), { method: "DELETE" });
async function purge(id: string) {
  await remove(id);
  await client.request(`/v1/trash/${id}`, { method: "DELETE" });
}
const versionsOf = async (id: string) =>
  page.parse(await (await client.request(`${path(id)}/versions`)).json()).items;

const versions = async () => (await world.dump()).flatMap((item) => versionRecord.safeParse(item).data ?? []);
const there = async (key: string) => (await world.deps.objects.head(key)) !== undefined;

/** That what a version names is there and nothing else, and who shares bytes holds them. */
async function isSound(objects: ReadonlySet<string>): Promise<void> {
  const named = await versions();
  const held = (await world.dump()).filter(({ pk }) => String(pk).startsWith("HOLD#"));
  const holds = held.map(({ pk, sk }) => `${pk} ${sk}`).sort();
  const shared = named.filter((one) => one.shared);
  const keysOf = shared.map(({ object_key, version_id }) => keys.hold(object_key, version_id));
  expect(holds).toEqual(keysOf.map(({ pk, sk }) => `${pk} ${sk}`).sort());
  for (const key of objects)
    expect([key, await there(key)]).toEqual([key, named.some(({ object_key }) => object_key === key)]);
}

const objectOf = async (id: string) => {
  const [file] = await world.deps.table.batchGet([keys.node(id)]);
  return fileRecord.parse(file).object_key;
};

/** What may be done to one of the files that there are, `nth` of them, and of its versions. */
const step = fc.record({
  what: fc.constantFrom(
    "copy",
    "copy old",
    "copy onto",
    "write",
    "restore",
    "remove version",
    "purge",
    "sweep",
  ),
  nth: fc.nat(7),
  other: fc.nat(7),
});

test("bytes are there as long as a version names them, whatever is copied, restored and purged", async () => {
  await fc.assert(
    fc.asyncProperty(fc.array(step, { minLength: 8, maxLength: 16 }), async (steps) => {
      const ids = [await world.addFile(client, newName(), "bytes")];
      const objects = new Set([await objectOf(ids[0] ?? "")]);
      for (const { what, nth, other } of steps) {
        const id = ids[nth % ids.length];
        if (id === undefined) break;
        const old = (await versionsOf(id)).filter(({ current }) => !current);
        const version = old[other % Math.max(old.length, 1)]?.version_id;
        if (what === "copy") ids.push((await copied(id)).file_id);
        if (what === "copy old" && version) ids.push((await copied(id, { version })).file_id);
        if (what === "copy onto") {
          const [onto] = await world.deps.table.batchGet([keys.node(ids[other % ids.length] ?? "")]);
          await copy(id, { name: onto?.["name"], if_exists: "version" });
        }
        if (what === "write") {
          await world.addVersion(client, id, "other");
          objects.add(await objectOf(id));
        }
        if (what === "restore" && version)
          await client.request(`${path(id)}/versions/${version}/restore`, { method: "POST" });
        if (what === "remove version" && version)
          await client.request(`${path(id)}/versions/${version}`, { method: "DELETE" });
        if (what === "purge") {
          await purge(id);
          ids.splice(ids.indexOf(id), 1);
        }
        world.advance(what === "sweep" ? BYTES_STAY : 10);
        if (what !== "sweep") continue;
        await sweepVersions(world.deps);
        await isSound(objects);
      }
      for (const id of ids) await purge(id);
      // Two that end at once leave it to each other.
      for (let run = 0; run < 3; run++) {
        world.advance(BYTES_STAY);
        await sweepVersions(world.deps);
      }
      await isSound(objects);
      for (const key of objects) expect(await there(key)).toBe(false);
    }),
    { numRuns: 2 },
  );
});

/** The same, but that `others` act before its first transaction. */
function before(others: () => Promise<unknown>): Deps {
  const { table } = world.deps;
  let done = false;
  const transact: typeof table.transact = async (writes) => {
    if (!done) await others();
    done = true;
    return table.transact(writes);
  };
  return { ...world.deps, table: { ...table, transact } };
}
const timeLeft = () => true;
const record = async (id: string) => fileRecord.parse((await world.deps.table.batchGet([keys.node(id)]))[0]);

test("of two that are purged at once one stays behind, and takes the bytes along in the end", async () => {
  const one = await world.addFile(client, newName(), "two");
  const object = await objectOf(one);
  const { file_id: other } = await copied(one);
  for (const id of [one, other]) await purge(id);
  world.advance(BYTES_STAY);
  const [first, second] = [await record(one), await record(other)];
  const others = async () => expect(await purgeFile(world.deps, second, { timeLeft })).toBe(true);
  expect(await purgeFile(before(others), first, { timeLeft })).toBe(false);
  expect(await there(object)).toBe(true);
  expect(await purgeFile(world.deps, first, { timeLeft })).toBe(true);
  expect(await there(object)).toBe(false);
  await isSound(new Set([object]));
});

test("a version whose bytes are copied while it is purged, by way of another, leaves no hold behind", async () => {
  const id = await world.addFile(client, newName(), "late");
  const object = await objectOf(id);
  const [first] = await versionsOf(id);
  await world.addVersion(client, id, "more");
  await client.request(`${path(id)}/versions/${first?.version_id}/restore`, { method: "POST" });
  await client.request(`${path(id)}/versions/${first?.version_id}`, { method: "DELETE" });
  world.advance(BYTES_STAY);
  const [item] = await world.deps.table.batchGet([keys.version(id, first?.version_id ?? "")]);
  const stale: VersionRecord = versionRecord.parse(item);
  let file_id = "";
  const { table } = world.deps;
  const deps = {
    ...world.deps,
    table: {
      ...table,
      remove: async (...args: Parameters<typeof table.remove>) => {
        file_id = (await copied(id)).file_id;
        return table.remove(...args);
      },
    },
  };
  expect(await purgeVersion(deps, stale)).toBe(false);
  await isSound(new Set([object]));
  // From a page of before, too.
  expect(await purgeVersion(world.deps, stale)).toBe(true);
  await purge(id);
  world.advance(BYTES_STAY);
  await sweepVersions(world.deps);
  await isSound(new Set([object]));
  expect(await objectOf(file_id)).toBe(object);
  expect(await there(object)).toBe(true);
});

test("a copy that stood still while its file was purged marks nothing of it", async () => {
  const id = await world.addFile(client, newName(), "still");
  const object = await objectOf(id);
  const [first] = await versionsOf(id);
  await world.addVersion(client, id, "more");
  await client.request(`${path(id)}/versions/${first?.version_id}/restore`, { method: "POST" });
  const reached = Promise.withResolvers<void>();
  const goesOn = Promise.withResolvers<void>();
  const objects: Deps["objects"] = {
    ...world.deps.objects,
    async remove(key) {
      reached.resolve();
      await goesOn.promise;
      return world.deps.objects.remove(key);
    },
  };
  let purging: Promise<boolean> | undefined;
  const answer = await world.meanwhile(
    () => copy(id, { version: first?.version_id }),
    async () => {
      await purge(id);
      world.advance(BYTES_STAY);
      purging = purgeFile({ ...world.deps, objects }, await record(id), { timeLeft });
      await reached.promise;
    },
  );
  expect(answer.status).toBe(404);
  goesOn.resolve();
  expect(await purging).toBe(true);
  await isSound(new Set([object]));
});
