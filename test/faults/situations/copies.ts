/** Copies of files, and the bytes that they share: who purges them when. */
import { keys } from "#aws/keys.ts";
import { fileRecord, versionRecord } from "#core/files/records.ts";
import { shareWrites } from "#core/versions/holds.ts";
import { purgeFile, purgeVersion } from "#core/versions/purge-version.ts";
import { disagreements } from "../agree.ts";
import type { Outcome, Situation } from "../situation.ts";
import type { Actor, Stage } from "../stage.ts";
import { MINUTE, passTime } from "../time.ts";

const path = (id: string) => `/v1/files/${id}`;
const remove = (id: string) => [path(id), { method: "DELETE" }] as const;
const rename = (id: string, name: string) => [path(id), { method: "PATCH", json: { name } }] as const;
const copy = (id: string, json: object = {}) =>
  [`${path(id)}/copy`, { json: { folder: "/to", name: "b.txt", ...json } }] as const;

/** A file, and its copy elsewhere. */
async function withCopy(me: Actor) {
  const { file_id: id, version_id } = await me.by.uploaded("a.txt", "first");
  const { file_id: copied } = await me.json(...copy(id));
  return { id, version: version_id, copied: String(copied) };
}

/** A file whose first version was restored, under a third. */
async function restoredOnce(me: Actor) {
  const { file_id: id, version_id: first } = await me.by.uploaded("a.txt", "first");
  await me.by.uploaded("a.txt", "second");
  const { version_id } = await me.json(`${path(id)}/versions/${first}/restore`, { method: "POST" });
  return { id, first, restored: String(version_id) };
}

const version = (id: string, v: string) => `${path(id)}/versions/${v}`;

/** Puts a file into the trash and purges it there. */
async function purge(me: Actor, id: string): Promise<unknown> {
  await me.request(...remove(id));
  return me.request(`/v1/trash/${id}`, { method: "DELETE" });
}

async function isTold(me: Actor, { status, body }: Outcome): Promise<string[]> {
  if (status !== 201) return [];
  const { file_id, name, path: at, folder_id, version_id } = body as Record<string, unknown>;
  return disagreements(await me.json(path(String(file_id))), { name, path: at, folder_id, version_id });
}

const fileAt = async ({ plain }: Stage, id: string) =>
  fileRecord.parse((await plain.table.batchGet([keys.node(id)]))[0]);
const versionAt = async ({ plain }: Stage, id: string, v: string) =>
  versionRecord.parse((await plain.table.batchGet([keys.version(id, v)]))[0]);

const made: Situation[] = [
  {
    name: "copy: a file",
    async set(_, me) {
      const { file_id: id } = await me.by.uploaded("a.txt", "first");
      const { folder_id } = await me.by.uploaded("to/other.txt", "other");
      return {
        act: (actor) => actor.request(...copy(id)),
        meanwhile: {
          "it is deleted": () => me.request(...remove(id)),
          "it is purged": () => purge(me, id),
          "it is renamed": () => me.request(...rename(id, "c.txt")),
          "another version comes": () => me.by.uploaded("a.txt", "second"),
          "the name is taken": () => me.by.uploaded("to/b.txt", "other"),
          "others copy it": () => me.request(...copy(id, { name: "c.txt" })),
          "the folder is deleted": () => me.request(`/v1/folders/${folder_id}`, { method: "DELETE" }),
        },
        next: {
          "it is deleted": () => me.request(...remove(id)),
          "it is copied once more": () => me.request(...copy(id)),
        },
        check: (outcome) => isTold(me, outcome),
      };
    },
  },
  {
    name: "copy: into another workspace, whose folders are made",
    async set(_, me) {
      const { file_id: id } = await me.by.uploaded("a.txt", "first");
      const first = await me.by.uploaded("first.txt", "other");
      await me.request(...copy(first.file_id, { workspace: "other", folder: "/" }));
      return {
        act: (actor) => actor.request(...copy(id, { workspace: "other", folder: "/to/2026" })),
        meanwhile: {
          "it is deleted": () => me.request(...remove(id)),
          "others copy it there": () => me.request(...copy(id, { workspace: "other", folder: "/to" })),
        },
        check: (outcome) => isTold(me, outcome),
      };
    },
  },
  {
    name: "copy: onto a file that is there",
    async set(_, me) {
      const { file_id: id } = await me.by.uploaded("a.txt", "first");
      const { file_id: onto } = await me.by.uploaded("to/b.txt", "other");
      const { folder_id } = await me.by.uploaded("in/c.txt", "other");
      const json = { folder: folder_id };
      return {
        act: (actor) => actor.request(...copy(id, { if_exists: "version" })),
        meanwhile: {
          "it is deleted": () => me.request(...remove(id)),
          "that one is deleted": () => me.request(...remove(onto)),
          "that one is renamed": () => me.request(...rename(onto, "c.txt")),
          "that one is moved": () => me.request(path(onto), { method: "PATCH", json }),
          "that one is locked": () => me.request(`${path(onto)}/lock`, { json: { ttl_seconds: 60 } }),
          "that one has another version": () => me.by.uploaded("to/b.txt", "third"),
        },
        next: { "it is copied once more": () => me.request(...copy(id, { if_exists: "version" })) },
        check: (outcome) => isTold(me, outcome),
      };
    },
  },
  {
    name: "copy: next to itself",
    async set(_, me) {
      const { file_id: id } = await me.by.uploaded("to/b.txt", "first");
      return {
        act: (actor) => actor.request(...copy(id, { if_exists: "rename" })),
        meanwhile: { "others copy it": () => me.request(...copy(id, { if_exists: "rename" })) },
        check: (outcome) => isTold(me, outcome),
      };
    },
  },
  {
    name: "copy: under an Idempotency-Key",
    async set(_, me) {
      const { file_id: id } = await me.by.uploaded("a.txt", "first");
      const [to, init] = copy(id);
      const again = (actor: Actor) => actor.request(to, { ...init, headers: { "Idempotency-Key": "once" } });
      return { act: again, next: { "asked again": () => again(me) } };
    },
  },
  {
    name: "copy: an old version, which was restored",
    async set(_, me) {
      const { id, first, restored } = await restoredOnce(me);
      return {
        act: (actor) => actor.request(...copy(id, { version: first })),
        meanwhile: {
          "it is deleted": () => me.request(version(id, first), { method: "DELETE" }),
          "it is restored": () => me.request(`${version(id, first)}/restore`, { method: "POST" }),
          "others copy it": () => me.request(...copy(id, { version: first, name: "c.txt" })),
          "others copy its restoration": () => me.request(...copy(id, { version: restored, name: "c.txt" })),
          "the file is deleted": () => me.request(...remove(id)),
        },
        next: {
          "another version comes": () => me.by.uploaded("a.txt", "third"),
          "it is deleted": () => me.request(version(id, first), { method: "DELETE" }),
          "its restoration is deleted": () => me.request(version(id, restored), { method: "DELETE" }),
        },
        check: (outcome) => isTold(me, outcome),
      };
    },
  },
  {
    name: "copy: of what is restored meanwhile",
    async set(_, me) {
      const { file_id: id, version_id: first } = await me.by.uploaded("a.txt", "first");
      await me.by.uploaded("a.txt", "second");
      return {
        act: (actor) => actor.request(`${version(id, first)}/restore`, { method: "POST" }),
        meanwhile: { "it is copied": () => me.request(...copy(id, { version: first })) },
      };
    },
  },
  {
    name: "copy: of what is restored later",
    async set(_, me) {
      const { file_id: id, version_id: first } = await me.by.uploaded("a.txt", "first");
      await me.by.uploaded("a.txt", "second");
      await me.request(...copy(id, { version: first }));
      return {
        act: (actor) => actor.request(`${version(id, first)}/restore`, { method: "POST" }),
        meanwhile: { "it is deleted": () => me.request(version(id, first), { method: "DELETE" }) },
        next: { "the file is purged": () => purge(me, id) },
      };
    },
  },
];

const purges: Situation[] = [
  {
    name: "purge: a file whose copy is there",
    async set(stage, me) {
      const { id, copied } = await withCopy(me);
      await purge(me, id);
      passTime(17 * MINUTE);
      const due = await fileAt(stage, id);
      return {
        act: async ({ deps }) => void (await purgeFile(deps, due, { timeLeft: () => true })),
        meanwhile: {
          "that one is copied": () => me.request(...copy(copied, { name: "c.txt" })),
          // By a sweep that has come to that one alone.
          "that one is purged too": async () => {
            await purge(me, copied);
            passTime(17 * MINUTE);
            await purgeFile(me.deps, await fileAt(stage, copied), { timeLeft: () => true });
          },
          "another sweep runs": () => me.sweep("version"),
        },
        next: { "the copy is read": () => me.request(`${path(copied)}/content`) },
      };
    },
  },
  {
    name: "purge: a file and its copy",
    async set(_, me) {
      const { id, copied } = await withCopy(me);
      for (const one of [id, copied]) await purge(me, one);
      passTime(17 * MINUTE);
      return {
        act: (actor) => actor.sweep("version"),
        meanwhile: { "another sweep runs": () => me.sweep("version") },
      };
    },
  },
  {
    name: "purge: the last file that names its bytes",
    async set(stage, me) {
      const { id, copied } = await withCopy(me);
      await purge(me, id);
      passTime(17 * MINUTE);
      await me.sweep("version");
      await purge(me, copied);
      passTime(17 * MINUTE);
      const due = await fileAt(stage, copied);
      return {
        act: async ({ deps }) => void (await purgeFile(deps, due, { timeLeft: () => true })),
        meanwhile: { "another sweep runs": () => me.sweep("version") },
      };
    },
  },
  {
    name: "purge: a version that was copied",
    async set(stage, me) {
      const { id, version: first, copied } = await withCopy(me);
      await me.by.uploaded("a.txt", "second");
      await me.request(version(id, first), { method: "DELETE" });
      passTime(17 * MINUTE);
      const due = await versionAt(stage, id, first);
      return {
        act: async ({ deps }) => void (await purgeVersion(deps, due)),
        meanwhile: {
          "the copy is purged": async () => {
            await purge(me, copied);
            await stage.pass(17 * MINUTE);
          },
          "the copy comes back onto the file": () =>
            me.request(...copy(copied, { folder: "/", name: "a.txt", if_exists: "version" })),
          "another sweep runs": () => me.sweep("version"),
        },
      };
    },
  },
  {
    name: "purge: a version whose restoration is copied",
    async set(stage, me) {
      const { id, first } = await restoredOnce(me);
      await me.request(version(id, first), { method: "DELETE" });
      passTime(17 * MINUTE);
      const due = await versionAt(stage, id, first);
      return {
        act: async ({ deps }) => void (await purgeVersion(deps, due)),
        meanwhile: {
          "it is copied": () => me.request(...copy(id)),
          "it is copied, and the file purged": async () => {
            await me.request(...copy(id));
            return purge(me, id);
          },
        },
        next: { "it is copied": () => me.request(...copy(id, { name: "c.txt" })) },
      };
    },
  },
  {
    name: "purge: a version that a copy has marked which never came about",
    async set(stage, me) {
      const { id, first } = await restoredOnce(me);
      const marked = await versionAt(stage, id, first);
      await stage.plain.table.transact(shareWrites(marked, { condition: "attribute_exists(#pk)" }));
      await me.request(version(id, first), { method: "DELETE" });
      passTime(17 * MINUTE);
      return {
        act: (actor) => actor.sweep("version"),
        meanwhile: { "its restoration is copied": () => me.request(...copy(id)) },
      };
    },
  },
];

export const copies: Situation[] = [...made, ...purges];
