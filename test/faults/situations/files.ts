/** Files and their versions: moved, described, deleted, restored, downloaded, and what the sweep removes. */
import * as z from "zod";
import { keys } from "#aws/keys.ts";
import { versionRecord } from "#core/files/records.ts";
import { newId } from "#core/kernel/ids.ts";
import { purgeVersion } from "#core/versions/purge-version.ts";
import { sweepVersions } from "#core/versions/sweep-versions.ts";
import { refusedVersion } from "#test/support/file-writes.ts";
import { disagreements } from "../agree.ts";
import type { Situation } from "../situation.ts";
import type { Actor, Stage } from "../stage.ts";
import { DAY, HOUR, MINUTE, passTime } from "../time.ts";
import { goesTo, otherWorkspace } from "./other-workspace.ts";

const path = (id: string) => `/v1/files/${id}`;
const patch = (id: string, json: unknown) => [path(id), { method: "PATCH", json }] as const;
const remove = (id: string) => [path(id), { method: "DELETE" }] as const;

/** A file of two versions, and its first. */
async function twoVersions(me: Actor) {
  const first = await me.by.uploaded("a.txt", "first");
  await me.by.uploaded("a.txt", "second");
  return { id: first.file_id, first: first.version_id };
}

const page = z.object({
  items: z.array(z.object({ version_id: z.string() })),
  next_cursor: z.string().nullable(),
});

/** Adds as many restorations of one. */
async function addVersions(
  { plain }: Stage,
  { fileId, like, count }: { fileId: string; like: string; count: number },
  more: Record<string, unknown>,
): Promise<void> {
  const [row] = await plain.table.batchGet([keys.version(fileId, like)]);
  const ids = Array.from({ length: count }, (_, nth) => newId("ver", Date.now() + nth + 1));
  for (const version_id of ids)
    await plain.table.add({
      ...{ ...row, restored_from: like, version_id, ...more },
      ...keys.version(fileId, version_id),
    });
}

/** More than 1 MB of them, where a query ends; returns how many. */
async function addLargeVersions(stage: Stage, fileId: string, like: string): Promise<number> {
  const metadata = Object.fromEntries(Array.from({ length: 32 }, (_, nth) => [`k${nth}`, "€".repeat(512)]));
  const count = 22;
  await addVersions(stage, { fileId, like, count }, { metadata });
  return count;
}

async function isTold(
  me: Actor,
  id: string,
  outcome: { status?: number; body?: unknown },
): Promise<string[]> {
  if (outcome.status !== 200) return [];
  const { name, folder_id, version_id, description, tags } = outcome.body as Record<string, unknown>;
  return disagreements(await me.json(path(id)), { name, folder_id, version_id, description, tags });
}

const moves: Situation[] = [
  {
    name: "move: another name",
    async set(_, me) {
      const { id } = await twoVersions(me);
      return {
        act: (actor) => actor.request(...patch(id, { name: "b.txt" })),
        meanwhile: {
          "it gets a third name": () => me.request(...patch(id, { name: "c.txt" })),
          "the new name is taken": () => me.by.uploaded("b.txt", "other"),
          "it is deleted": () => me.request(...remove(id)),
          "another version comes": () => me.by.uploaded("a.txt", "third"),
        },
        next: {
          "it gets its old name back": () => me.request(...patch(id, { name: "a.txt" })),
          "the name is used anew": () => me.by.uploaded("b.txt", "other"),
        },
        check: (outcome) => isTold(me, id, outcome),
      };
    },
  },
  {
    name: "move: into another folder",
    async set(_, me) {
      const { id } = await twoVersions(me);
      const { folder_id } = await me.by.uploaded("in/b.txt", "other");
      return {
        act: (actor) => actor.request(...patch(id, { folder: folder_id, name: "c.txt" })),
        meanwhile: {
          "it is moved elsewhere": () => me.request(...patch(id, { name: "d.txt" })),
          "it is locked": () => me.request(`${path(id)}/lock`, { json: { ttl_seconds: 60 } }),
        },
        next: { "it is deleted": () => me.request(...remove(id)) },
        check: (outcome) => isTold(me, id, outcome),
      };
    },
  },
  {
    name: "move: to another workspace, of a file whose lock has run out",
    unordered: true,
    async set(_, me) {
      const { id } = await twoVersions(me);
      const workspace = await otherWorkspace(me);
      await me.json(`${path(id)}/lock`, { json: { ttl_seconds: 30 } });
      passTime(60_000);
      return {
        act: (actor) => actor.request(...patch(id, { workspace })),
        meanwhile: { "that is tidied up": () => me.sweep("lock") },
        next: { "it is locked anew": () => me.request(`${path(id)}/lock`, { json: {} }) },
      };
    },
  },
  {
    name: "move: to another workspace",
    // Made by one whose clock is behind, it is told of before what was told earlier.
    unordered: true,
    async set(stage, me) {
      const { id } = await twoVersions(me);
      const workspace = await otherWorkspace(me);
      const { share_url } = await me.json(`${path(id)}/shares`, { json: {} });
      const go = (actor: Actor) => actor.request(...patch(id, { workspace, folder: "in", name: "b.txt" }));
      return {
        act: go,
        meanwhile: {
          "others move it there": () => go(me),
          "it is renamed": () => me.request(...patch(id, { name: "c.txt" })),
          "the new name is taken": () => me.by.uploaded("in/b.txt", "other", { workspace }),
          "it is deleted": () => me.request(...remove(id)),
          "another version comes": () => me.by.uploaded("a.txt", "third"),
          "it is locked": () => me.request(`${path(id)}/lock`, { json: { ttl_seconds: 60 } }),
        },
        next: {
          "its link is opened": () => me.anonymous(String(share_url)),
          "it comes back": () => me.request(...patch(id, { workspace: stage.owner.workspace_id })),
          "the name is used anew": async () => {
            const { upload_id } = await me.by.upload("in/b.txt", "other", { workspace });
            return me.by.finalize(upload_id);
          },
        },
        check: (outcome) => isTold(me, id, outcome),
      };
    },
  },
  {
    name: "move: a name that is taken",
    async set(_, me) {
      const { id } = await twoVersions(me);
      const other = await me.by.uploaded("b.txt", "other");
      return {
        act: (actor) => actor.request(...patch(id, { name: "b.txt" })),
        meanwhile: { "that one is deleted": () => me.request(...remove(other.file_id)) },
      };
    },
  },
];

/** A file of two versions that somebody has described. */
async function described(me: Actor) {
  const { id } = await twoVersions(me);
  await me.request(...patch(id, { description: "first words" }));
  return id;
}

const descriptions: Situation[] = [
  {
    name: "describe: in other words",
    async set(_, me) {
      const id = await described(me);
      return {
        act: (actor) => actor.request(...patch(id, { description: "other words" })),
        meanwhile: {
          "others describe it": () => me.request(...patch(id, { description: "third words" })),
          "others say the same": () => me.request(...patch(id, { description: "other words" })),
          "it is moved": () => me.request(...patch(id, { name: "b.txt", folder: "in" })),
          "another version comes": () => me.by.uploaded("a.txt", "third"),
          "it is locked": () => me.request(`${path(id)}/lock`, { json: { ttl_seconds: 60 } }),
          "it is deleted": () => me.request(...remove(id)),
        },
        next: {
          "they are taken away": () => me.request(...patch(id, { description: null })),
          "the first are back": () => me.request(...patch(id, { description: "first words" })),
        },
        check: (outcome) => isTold(me, id, outcome),
      };
    },
  },
  {
    name: "describe: under another name",
    async set(_, me) {
      const { id } = await twoVersions(me);
      return {
        act: (actor) => actor.request(...patch(id, { name: "b.txt", description: "first words" })),
        meanwhile: {
          "others describe it": () => me.request(...patch(id, { description: "third words" })),
          "it gets that name": () => me.request(...patch(id, { name: "b.txt" })),
          "the name is taken": () => me.by.uploaded("b.txt", "other"),
        },
        next: {
          "it gets its old name back": () => me.request(...patch(id, { name: "a.txt" })),
          "they are taken away": () => me.request(...patch(id, { description: "" })),
        },
        check: (outcome) => isTold(me, id, outcome),
      };
    },
  },
  {
    name: "describe: no more",
    async set(_, me) {
      const id = await described(me);
      return {
        act: (actor) => actor.request(...patch(id, { description: null })),
        meanwhile: {
          "others describe it": () => me.request(...patch(id, { description: "third words" })),
          "it is renamed": () => me.request(...patch(id, { name: "b.txt" })),
        },
        next: { "the first words are back": () => me.request(...patch(id, { description: "first words" })) },
        check: (outcome) => isTold(me, id, outcome),
      };
    },
  },
  {
    name: "describe: as it is described",
    async set(_, me) {
      const id = await described(me);
      return {
        act: (actor) => actor.request(...patch(id, { description: "first words" })),
        meanwhile: { "others describe it": () => me.request(...patch(id, { description: "third words" })) },
      };
    },
  },
];

const tags: Situation[] = [
  {
    name: "tag: otherwise",
    async set(_, me) {
      const { id } = await twoVersions(me);
      await me.request(...patch(id, { tags: ["first"] }));
      return {
        act: (actor) => actor.request(...patch(id, { tags: ["second", "other"] })),
        meanwhile: {
          "others tag it": () => me.request(...patch(id, { tags: ["third"] })),
          "others describe it": () => me.request(...patch(id, { description: "words" })),
        },
        next: {
          "they are taken away": () => me.request(...patch(id, { tags: [] })),
          "the first is back": () => me.request(...patch(id, { tags: ["first"] })),
        },
        check: (outcome) => isTold(me, id, outcome),
      };
    },
  },
];

const metadata: Situation[] = [
  {
    name: "metadata: otherwise",
    async set(_, me) {
      const { id } = await twoVersions(me);
      await me.request(...patch(id, { metadata: { one: "first", two: "2" } }));
      return {
        act: (actor) => actor.request(...patch(id, { metadata: { one: "second", three: "3" } })),
        meanwhile: {
          "others change it": () => me.request(...patch(id, { metadata: { one: "third", two: null } })),
          "others tag the file": () => me.request(...patch(id, { tags: ["words"] })),
        },
        next: {
          "it is taken away": () =>
            me.request(...patch(id, { metadata: { one: null, two: null, three: null } })),
          "the first is back": () =>
            me.request(...patch(id, { metadata: { one: "first", two: "2", three: null } })),
        },
        check: async (outcome) => {
          if (outcome.status !== 200) return [];
          const { version_id, metadata } = outcome.body as Record<string, unknown>;
          return disagreements(await me.json(path(id)), { version_id, metadata });
        },
      };
    },
  },
];

const deletions: Situation[] = [
  {
    name: "delete: a file",
    async set(_, me) {
      const { id, first } = await twoVersions(me);
      return {
        act: (actor) => actor.request(...remove(id)),
        meanwhile: {
          "it is renamed": () => me.request(...patch(id, { name: "b.txt" })),
          "another version comes": () => me.by.uploaded("a.txt", "third"),
          "a version is restored": () =>
            me.request(`${path(id)}/versions/${first}/restore`, { method: "POST" }),
        },
        next: { "the name is used anew": () => me.by.uploaded("a.txt", "other") },
      };
    },
  },
  {
    name: "delete: a file with a lock and a link",
    async set(stage, me) {
      const { id } = await twoVersions(me);
      const rival = await stage.rival();
      await me.request(`${path(id)}/shares`, { json: {} });
      const { lock_token } = await me.json(`${path(id)}/lock`, { json: { ttl_seconds: 60 } });
      const headers = { "Lock-Token": String(lock_token) };
      return {
        act: (actor) => actor.request(path(id), { method: "DELETE", headers }),
        meanwhile: {
          "it is released": () => me.request(`${path(id)}/lock`, { method: "DELETE", headers }),
          "it is broken": () => rival.request(`${path(id)}/lock/break`, { json: { reason: "mine" } }),
        },
      };
    },
  },
];

const versions: Situation[] = [
  {
    name: "version: restored",
    // A link that is made in one workspace as another expires is told of in either order.
    unordered: true,
    async set(_, me) {
      const { id, first } = await twoVersions(me);
      const { folder_id: folder } = await me.by.uploaded("in/b.txt", "other");
      const version = `${path(id)}/versions/${first}`;
      const workspace = await otherWorkspace(me);
      return {
        act: (actor) => actor.request(`${version}/restore`, { method: "POST" }),
        meanwhile: {
          "the file goes to another workspace": () => goesTo(me, id, workspace),
          "the file is moved": () => me.request(...patch(id, { folder })),
          "another version comes": () => me.by.uploaded("a.txt", "third"),
          "it is deleted": () => me.request(version, { method: "DELETE" }),
          "the file is renamed": () => me.request(...patch(id, { name: "b.txt" })),
        },
        next: {
          "another version comes": () => me.by.uploaded("a.txt", "third"),
          "it is deleted": () => me.request(version, { method: "DELETE" }),
        },
        check: async (outcome) =>
          outcome.status === 200 || outcome.status === 201
            ? disagreements(await me.json(path(id)), {
                version_id: (outcome.body as Record<string, unknown>)["version_id"],
              })
            : [],
      };
    },
  },
  {
    name: "version: restored under an Idempotency-Key",
    async set(_, me) {
      const { id, first } = await twoVersions(me);
      const again = (actor: Actor) =>
        actor.request(`${path(id)}/versions/${first}/restore`, {
          method: "POST",
          headers: { "Idempotency-Key": "once" },
        });
      return { act: again, next: { "asked again": () => again(me) } };
    },
  },
  {
    name: "version: deleted",
    async set(_, me) {
      const { id, first } = await twoVersions(me);
      const version = `${path(id)}/versions/${first}`;
      return {
        act: (actor) => actor.request(version, { method: "DELETE" }),
        meanwhile: {
          "it is restored": () => me.request(`${version}/restore`, { method: "POST" }),
          "the file is deleted": () => me.request(...remove(id)),
        },
        next: { "the file is deleted": () => me.request(...remove(id)) },
      };
    },
  },
  {
    name: "read: versions of a file, which are more than a query gives at once",
    async set(stage, me) {
      const { file_id, version_id } = await me.by.uploaded("a.txt", "hello");
      const added = await addLargeVersions(stage, file_id, version_id);
      const list = `${path(file_id)}/versions?limit=100`;
      return {
        act: (actor) => actor.request(list),
        async check({ body }) {
          let found = page.parse(body);
          const ids = found.items.map((one) => one.version_id);
          while (found.next_cursor !== null) {
            found = page.parse(await me.json(`${list}&cursor=${found.next_cursor}`));
            ids.push(...found.items.map((one) => one.version_id));
          }
          return ids.length === added + 1 ? [] : [`it gave ${ids.length} of ${added + 1} versions`];
        },
      };
    },
  },
  {
    name: "version: downloaded",
    async set(_, me) {
      const { id, first } = await twoVersions(me);
      return { act: (actor) => actor.request(`${path(id)}/versions/${first}/content`) };
    },
  },
  {
    name: "file: downloaded",
    // It is of what it read, and told of a moment later.
    mixed: true,
    async set(_, me) {
      const { id } = await twoVersions(me);
      return {
        act: (actor) => actor.request(`${path(id)}/content`),
        meanwhile: {
          "another version comes": () => me.by.uploaded("a.txt", "third"),
          "it is deleted": () => me.request(...remove(id)),
        },
      };
    },
  },
];

/** Versions of one object: the first, restored, under a third. */
async function restoredOnce(me: Actor) {
  const { id, first } = await twoVersions(me);
  const { version_id } = await me.json(`${path(id)}/versions/${first}/restore`, { method: "POST" });
  await me.by.uploaded("a.txt", "fourth");
  return { id, first, restored: String(version_id) };
}

/** Has a file's versions read one by one, or the newest apart, as where they are more than 1 MB. */
function inLooks({ table, ...deps }: Actor["deps"], alone: "each" | "newest"): Actor["deps"] {
  const query: typeof table.query = (input) => {
    const isFirst = alone === "each" || input.after === undefined;
    return table.query(input.index === undefined && isFirst ? { ...input, limit: 1 } : input);
  };
  return { ...deps, table: { ...table, query } };
}

/** A file of two versions, the older of which nothing but uploads that were refused stands in front of. */
async function behindRefused(stage: Stage, me: Actor, count: number): Promise<void> {
  const { file_id } = await me.by.uploaded("a.txt", "first");
  const refused = { file_id, name: "a.txt", client_id: me.client.client_id };
  for (let nth = 0; nth < count; nth++)
    await stage.plain.table.transact([refusedVersion(refused, Date.now())]);
  await me.by.uploaded("a.txt", "second");
}

const purges: Situation[] = [
  {
    name: "sweep: a version that was deleted",
    async set(_, me) {
      const { id, first } = await twoVersions(me);
      await me.request(`${path(id)}/versions/${first}`, { method: "DELETE" });
      passTime(17 * MINUTE);
      return {
        act: (actor) => actor.sweep("version"),
        meanwhile: { "the file is deleted": () => me.request(...remove(id)) },
      };
    },
  },
  {
    name: "sweep: a version that was deleted, of which another is a restoration",
    async set(_stage, me) {
      const { id, first, restored } = await restoredOnce(me);
      const other = `${path(id)}/versions/${restored}`;
      await me.request(`${path(id)}/versions/${first}`, { method: "DELETE" });
      passTime(17 * MINUTE);
      return {
        act: (actor) => actor.sweep("version"),
        meanwhile: {
          "that one is restored": () => me.request(`${other}/restore`, { method: "POST" }),
          "that one is restored and deleted": async () => {
            await me.request(`${other}/restore`, { method: "POST" });
            return me.request(other, { method: "DELETE" });
          },
          "that one is deleted": () => me.request(other, { method: "DELETE" }),
          "another sweep runs": () => me.sweep("version"),
        },
      };
    },
  },
  {
    name: "sweep: one of two versions of the same bytes, among more than are read at once",
    async set(stage, me) {
      const { id, first, restored } = await restoredOnce(me);
      const other = `${path(id)}/versions/${restored}`;
      await me.request(`${path(id)}/versions/${first}`, { method: "DELETE" });
      const due = versionRecord.parse((await me.deps.table.batchGet([keys.version(id, first)]))[0]);
      passTime(17 * MINUTE);
      return {
        act: async ({ deps }) => void (await purgeVersion(inLooks(deps, "newest"), due)),
        meanwhile: {
          "the other is restored, deleted and removed": async () => {
            await me.request(`${other}/restore`, { method: "POST" });
            await me.request(other, { method: "DELETE" });
            await stage.pass(17 * MINUTE);
          },
        },
      };
    },
  },
  {
    name: "sweep: the versions of a file that was purged",
    async set(_stage, me) {
      const { id } = await restoredOnce(me);
      await me.request(...remove(id));
      await me.request(`/v1/trash/${id}`, { method: "DELETE" });
      passTime(17 * MINUTE);
      return {
        act: (actor) => actor.sweep("version"),
        meanwhile: { "another sweep runs": () => me.sweep("version") },
      };
    },
  },
  {
    name: "sweep: versions past what is kept",
    async set(stage, me) {
      const first = await me.by.uploaded("a.txt", "first");
      for (const content of ["second", "third"]) await me.by.uploaded("a.txt", content);
      await stage.pass(90 * DAY - HOUR);
      passTime(2 * HOUR);
      return {
        act: (actor) => actor.sweep("version"),
        meanwhile: {
          "the first is restored": () =>
            me.request(`${path(first.file_id)}/versions/${first.version_id}/restore`, { method: "POST" }),
          "another version comes": () => me.by.uploaded("a.txt", "fourth"),
          "another sweep runs": () => me.sweep("version"),
        },
      };
    },
  },
  {
    name: "sweep: one version more than is kept",
    async set(stage, me) {
      const { file_id: fileId, version_id: like } = await me.by.uploaded("a.txt", "first");
      const count = stage.plain.config.versionsKeep;
      await addVersions(stage, { fileId, like, count }, { superseded_ms: Date.now() });
      await me.by.uploaded("a.txt", "second");
      passTime(17 * MINUTE);
      return { act: (actor) => actor.sweep("version") };
    },
  },
  {
    name: "sweep: a version behind many that were refused",
    async set(stage, me) {
      await behindRefused(stage, me, 25);
      passTime(17 * MINUTE);
      return {
        act: async ({ deps }) => void (await sweepVersions(inLooks(deps, "each"))),
        check: async ({ failed }) => (failed === undefined ? [] : [failed]),
      };
    },
  },
  {
    name: "sweep: a version whose days are over, behind more than are looked at",
    async set(stage, me) {
      await behindRefused(stage, me, 205);
      await stage.pass(90 * DAY - HOUR);
      passTime(2 * HOUR);
      return {
        act: async ({ deps }) => void (await sweepVersions(inLooks(deps, "each"))),
        check: async ({ failed }) => (failed === undefined ? [] : [failed]),
      };
    },
  },
];

const reads: Situation[] = [
  {
    name: "read: files, folders, versions and workspaces",
    async set(stage, me) {
      const { id } = await twoVersions(me);
      const { folder_id } = await me.by.uploaded("in/b.txt", "other");
      const workspace = `/v1/workspaces/${stage.owner.workspace_id}`;
      const paths = [
        "/v1/workspaces",
        `${workspace}/files`,
        `${workspace}/files?folder=${folder_id}`,
        `${workspace}/files?path=/in`,
        `${workspace}/files?recursive=true&updated_since=2026-01-01T00:00:00Z`,
        `/v1/folders/${folder_id}/children?recursive=true`,
        path(id),
        `${path(id)}/versions`,
      ];
      return {
        act: async (actor) => {
          const answers = [];
          for (const one of paths) answers.push(await actor.json(one));
          return answers;
        },
      };
    },
  },
];

export const files: Situation[] = [
  ...moves,
  ...descriptions,
  ...tags,
  ...metadata,
  ...deletions,
  ...versions,
  ...purges,
  ...reads,
];
