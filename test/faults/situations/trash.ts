/** The trash: what is in it is restored and purged, by its client or by the sweep, and folders are taken apart. */
import { disagreements } from "../agree.ts";
import type { Outcome, Situation } from "../situation.ts";
import type { Actor, Stage } from "../stage.ts";
import { DAY, HOUR, passTime, SECOND } from "../time.ts";
import { stopBefore } from "./upload-helpers.ts";

const kindOf = (id: string) => (id.startsWith("fld_") ? "folders" : "files");
const path = (id: string) => `/v1/${kindOf(id)}/${id}`;
const patch = (id: string, json: unknown) => [path(id), { method: "PATCH", json }] as const;
const remove = (id: string) => [path(id), { method: "DELETE" }] as const;
const restore = (id: string) => [`/v1/trash/${id}/restore`, { method: "POST" }] as const;
const purge = (id: string) => [`/v1/trash/${id}`, { method: "DELETE" }] as const;
const once = { "Idempotency-Key": "once" };

/** Files of these paths; the ids of the folders of the first one, and of the files. */
async function tree({ owner }: Stage, me: Actor, ...paths: [string, ...string[]]) {
  const files: string[] = [];
  for (const one of paths) files.push((await me.by.uploaded(one, "first")).file_id);
  const segments = paths[0].split("/").slice(0, -1);
  const folders: string[] = [];
  for (const level of segments.keys()) {
    const at = encodeURIComponent(segments.slice(0, level + 1).join("/"));
    const found = await me.json(`/v1/workspaces/${owner.workspace_id}/resolve?path=${at}`);
    folders.push(String(found["folder_id"]));
  }
  return { folders, files };
}

/** Deletes these, one after the other. */
async function trashed(me: Actor, ...ids: string[]): Promise<void> {
  for (const id of ids) {
    await me.request(...remove(id));
    passTime(1_000);
  }
}

/** What a restoration said is what a read says. */
async function isTold(me: Actor, id: string, { status, body }: Outcome): Promise<string[]> {
  if (status !== 200) return [];
  const { name, path: at } = body as Record<string, unknown>;
  return disagreements(await me.json(path(id)), { name, path: at });
}

const restorations: Situation[] = [
  {
    name: "trash: a file is restored",
    async set(stage, me) {
      const { files, folders } = await tree(stage, me, "top/in/a.txt");
      const [[id = ""], [top = "", inner = ""]] = [files, folders];
      await trashed(me, id);
      const [route, given] = restore(id);
      const ask = (actor: Actor) => actor.request(route, { ...given, headers: once });
      return {
        act: ask,
        meanwhile: {
          "others restore it": () => me.request(...restore(id)),
          "others restore it and delete it again": async () => {
            await me.request(...restore(id));
            await me.request(...remove(id));
          },
          "it is purged": () => me.request(...purge(id)),
          "its name is taken": () => me.by.uploaded("top/in/a.txt", "other"),
          "its folder is renamed": () => me.request(...patch(inner, { name: "new" })),
          "its folder is moved": () => me.request(...patch(inner, { folder: "/" })),
          "its folder is deleted": () => me.request(...remove(inner)),
          "its folder is purged and taken apart": async () => {
            await me.request(...remove(inner));
            await me.request(...purge(inner));
            await me.sweep("trash");
          },
          "the one above is deleted": () => me.request(...remove(top)),
        },
        next: { "asked again": () => ask(me), "it is deleted": () => me.request(...remove(id)) },
        check: (outcome) => isTold(me, id, outcome),
      };
    },
  },
  {
    name: "trash: a file is restored next to its name",
    async set(stage, me) {
      const { files } = await tree(stage, me, "in/a.txt");
      const [id = ""] = files;
      await trashed(me, id);
      const other = await me.by.uploaded("in/a.txt", "other");
      return {
        act: (actor) => actor.request(...restore(id)),
        meanwhile: {
          "that one is deleted": () => me.request(...remove(other.file_id)),
          "the name with a number is taken": () => me.by.uploaded("in/a (1).txt", "third"),
        },
        check: (outcome) => isTold(me, id, outcome),
      };
    },
  },
  {
    name: "trash: a folder is restored",
    async set(stage, me) {
      const { folders, files } = await tree(stage, me, "top/old/in/a.txt", "top/old/b.txt");
      const [[top = "", id = ""], [, file = ""]] = [folders, files];
      await trashed(me, file, id);
      return {
        act: (actor) => actor.request(...restore(id)),
        meanwhile: {
          "others restore it": () => me.request(...restore(id)),
          "others restore it and delete it again": async () => {
            await me.request(...restore(id));
            await me.request(...remove(id));
          },
          "it is purged": () => me.request(...purge(id)),
          "its name is taken": () => me.by.uploaded("top/old/c.txt", "other"),
          "the one above is renamed": () => me.request(...patch(top, { name: "other" })),
          "the one above is moved": () => me.request(...patch(top, { folder: "far/away" })),
          "the one above is deleted": () => me.request(...remove(top)),
          "a file that was in it is restored": () => me.request(...restore(file)),
        },
        next: {
          "it is deleted": () => me.request(...remove(id)),
          "it is restored": () => me.request(...restore(id)),
        },
        check: (outcome) => isTold(me, id, outcome),
      };
    },
  },
  {
    name: "trash: a folder is restored next to its name",
    async set(stage, me) {
      const { folders } = await tree(stage, me, "top/old/a.txt");
      const [, id = ""] = folders;
      await trashed(me, id);
      const { folder_id: other } = await me.by.uploaded("top/old/b.txt", "other");
      return {
        act: (actor) => actor.request(...restore(id)),
        meanwhile: {
          "that one is deleted": () => me.request(...remove(other)),
          "that one is renamed": () => me.request(...patch(other, { name: "new" })),
        },
        check: (outcome) => isTold(me, id, outcome),
      };
    },
  },
  {
    name: "trash: a folder is restored, of which those above are gone",
    async set(stage, me) {
      const { folders } = await tree(stage, me, "top/gone/old/a.txt");
      const [top = "", gone = "", id = ""] = folders;
      await trashed(me, id, gone);
      return {
        act: (actor) => actor.request(...restore(id)),
        meanwhile: {
          "the one above is restored": () => me.request(...restore(gone)),
          "the one above is purged": () => me.request(...purge(gone)),
          "the one that is there is deleted": () => me.request(...remove(top)),
          "a file comes far down beside it": () => me.by.uploaded(`top/${"long".repeat(30)}/b.txt`, "other"),
        },
        check: (outcome) => isTold(me, id, outcome),
      };
    },
  },
];

const purges: Situation[] = [
  {
    name: "trash: a file is purged",
    async set(stage, me) {
      const { files } = await tree(stage, me, "in/a.txt");
      const [id = ""] = files;
      await trashed(me, id);
      return {
        act: (actor) => actor.request(...purge(id)),
        meanwhile: {
          "it is restored": () => me.request(...restore(id)),
          "it is restored and deleted again": async () => {
            await me.request(...restore(id));
            await me.request(...remove(id));
          },
          "others purge it": () => me.request(...purge(id)),
        },
        next: { "it is asked for": () => me.request(...restore(id)) },
      };
    },
  },
  {
    name: "trash: a folder is purged",
    async set(stage, me) {
      const { folders, files } = await tree(stage, me, "top/old/in/a.txt", "top/old/b.txt");
      const [[top = "", id = ""], [, file = ""]] = [folders, files];
      await trashed(me, file, id);
      return {
        act: (actor) => actor.request(...purge(id)),
        meanwhile: {
          "it is restored": () => me.request(...restore(id)),
          "it is restored and deleted again": async () => {
            await me.request(...restore(id));
            await me.request(...remove(id));
          },
          "others purge it": () => me.request(...purge(id)),
          "the one above is deleted": () => me.request(...remove(top)),
        },
        next: {
          "what was deleted before is restored": () => me.request(...restore(file)),
          "it is asked for": () => me.request(...restore(id)),
        },
      };
    },
  },
];

/** Until just before what is in the trash is due, and then past that, so that nobody has swept it yet. */
async function whenDue(stage: Stage): Promise<void> {
  await stage.pass(stage.plain.config.trashDays * DAY - HOUR);
  passTime(2 * HOUR);
}

const sweeps: Situation[] = [
  {
    name: "sweep: a file whose days in the trash are over",
    async set(stage, me) {
      const { files } = await tree(stage, me, "in/a.txt");
      const [id = ""] = files;
      await trashed(me, id);
      await whenDue(stage);
      return {
        act: (actor) => actor.sweep("trash"),
        meanwhile: {
          "it is restored": () => me.request(...restore(id)),
          "it is restored and deleted again": async () => {
            await me.request(...restore(id));
            await me.request(...remove(id));
          },
          "it is purged": () => me.request(...purge(id)),
          "another sweep runs": () => me.sweep("trash"),
        },
      };
    },
  },
  {
    name: "sweep: a folder whose days in the trash are over",
    async set(stage, me) {
      const { folders } = await tree(stage, me, "old/in/a.txt", "old/b.txt");
      const [id = ""] = folders;
      await trashed(me, id);
      await whenDue(stage);
      return {
        act: (actor) => actor.sweep("trash"),
        meanwhile: {
          "it is restored": () => me.request(...restore(id)),
          "it is restored and deleted again": async () => {
            await me.request(...restore(id));
            await me.request(...remove(id));
          },
          "it is purged": () => me.request(...purge(id)),
          "another sweep runs": () => me.sweep("trash"),
        },
      };
    },
  },
  {
    name: "sweep: a purged folder is taken apart",
    async set(stage, me) {
      const { folders, files } = await tree(stage, me, "old/in/er/a.txt", "old/b.txt", "old/in/c.txt");
      const [[id = "", inner = ""], [, file = ""]] = [folders, files];
      await trashed(me, file, id);
      await me.request(...purge(id));
      return {
        act: (actor) => actor.sweep("trash"),
        meanwhile: {
          "another sweep runs": () => me.sweep("trash"),
          "what was deleted before is restored": () => me.request(...restore(file)),
          "one in it is asked for": () => me.request(...patch(inner, { folder: "/" })),
        },
      };
    },
  },
  {
    name: "sweep: a purged folder is taken apart, which one is about to leave",
    async set(stage, me) {
      const { folders } = await tree(stage, me, "old/in/a.txt", "old/b.txt");
      const [id = "", inner = ""] = folders;
      const leaving = await stopBefore(stage, "change-folder: transact");
      const left = leaving.actor.request(...patch(inner, { folder: "/" }));
      await leaving.reached;
      await trashed(me, id);
      await me.request(...purge(id));
      // Past what any clock is behind, so that the sweep finds it.
      passTime(10 * SECOND);
      const goOn = () => {
        leaving.goOn();
        return left;
      };
      return {
        act: (actor) => actor.sweep("trash"),
        meanwhile: { "that one leaves it": goOn },
        next: { "that one leaves it": goOn },
      };
    },
  },
  {
    name: "sweep: a purged folder of more than is read at once is taken apart",
    at: "sweep-trash",
    async set(stage, me) {
      const { folders } = await tree(stage, me, "old/a.txt");
      const [id = ""] = folders;
      for (let nth = 0; nth < 60; nth++) await stage.world.addFile(stage.owner, `old/${nth}.txt`);
      await trashed(me, id);
      await me.request(...purge(id));
      return { act: (actor) => actor.sweep("trash") };
    },
  },
  {
    name: "sweep: versions past what is kept, of a file in the trash",
    async set(stage, me) {
      const { file_id: id } = await me.by.uploaded("a.txt", "first");
      for (const content of ["second", "third"]) await me.by.uploaded("a.txt", content);
      await stage.pass(90 * DAY - 2 * HOUR);
      await trashed(me, id);
      passTime(3 * HOUR);
      return {
        act: (actor) => actor.sweep("version"),
        meanwhile: {
          "it is restored": () => me.request(...restore(id)),
          "it is purged": () => me.request(...purge(id)),
        },
        next: { "it is restored": () => me.request(...restore(id)) },
      };
    },
  },
];

const reads: Situation[] = [
  {
    name: "read: the trash, page by page",
    async set(stage, me) {
      const { folders, files } = await tree(stage, me, "old/a.txt", "b.txt", "c.txt");
      await trashed(me, ...folders, ...files.slice(1));
      const all = `/v1/workspaces/${stage.owner.workspace_id}/trash?limit=2`;
      return {
        act: async (actor) => {
          const first = await actor.json(all);
          return [first, await actor.json(`${all}&cursor=${first["next_cursor"]}`)];
        },
      };
    },
  },
];

/** All that is done with what was deleted. */
export const trash: Situation[] = [...restorations, ...purges, ...sweeps, ...reads];
