/** Folders: made, renamed, moved and deleted, whatever is in them and whoever else moves; and what stands at a path. */
import { disagreements } from "../agree.ts";
import type { Outcome, Situation } from "../situation.ts";
import type { Actor, Stage } from "../stage.ts";
import { MINUTE, passTime } from "../time.ts";
import { otherWorkspace } from "./other-workspace.ts";

const all = ({ owner }: Stage) => `/v1/workspaces/${owner.workspace_id}/folders`;
const path = (id: string) => `/v1/folders/${id}`;
const patch = (id: string, json: unknown) => [path(id), { method: "PATCH", json }] as const;
const remove = (id: string) => [path(id), { method: "DELETE" }] as const;
const restore = (id: string) => [`/v1/trash/${id}/restore`, { method: "POST" }] as const;
const once = { "Idempotency-Key": "once" };
/** Goes further down than what is there: levels and bytes. */
const DEEP = `deep/er/${"long".repeat(30)}.txt`;

async function folder(stage: Stage, me: Actor, at: string): Promise<string> {
  return String((await me.json(all(stage), { json: { path: at } }))["folder_id"]);
}

/** Folders and a file of this path; the ids of the folders, the first one's first. */
async function tree({ owner }: Stage, me: Actor, file: string): Promise<string[]> {
  await me.by.uploaded(file, "first");
  const segments = file.split("/").slice(0, -1);
  const ids: string[] = [];
  for (const level of segments.keys()) {
    const at = encodeURIComponent(segments.slice(0, level + 1).join("/"));
    ids.push(String((await me.json(`/v1/workspaces/${owner.workspace_id}/resolve?path=${at}`))["folder_id"]));
  }
  return ids;
}

/** What a change said is what a read says. */
async function isTold(me: Actor, id: string, { status, body }: Outcome): Promise<string[]> {
  if (status !== 200) return [];
  const { name, parent_id, path: at } = body as Record<string, unknown>;
  return disagreements(await me.json(path(id)), { name, parent_id, path: at });
}

const made: Situation[] = [
  {
    name: "folder: made by its path",
    // Made by one whose clock is behind, it is told of before what was told earlier.
    unordered: true,
    async set(stage, me) {
      const make = (actor: Actor) => actor.request(all(stage), { json: { path: "in/new" }, headers: once });
      return {
        act: make,
        meanwhile: {
          "others make it": () => me.request(all(stage), { json: { path: "in/new" } }),
          "a file gets its name": () => me.by.uploaded("in/new", "first"),
          "an upload makes it": () => me.by.uploaded("in/new/a.txt", "first"),
        },
        next: { "asked again": () => make(me) },
      };
    },
  },
  {
    name: "folder: made in its parent",
    async set(stage, me) {
      const parent_id = await folder(stage, me, "above/parent");
      const make = (actor: Actor) =>
        actor.request(all(stage), { json: { parent_id, name: `new ${"long".repeat(30)}` } });
      return {
        act: make,
        meanwhile: {
          "others make it": () => make(me),
          "its parent is renamed": () => me.request(...patch(parent_id, { name: "other" })),
          "its parent is moved": () => me.request(...patch(parent_id, { folder: "elsewhere/far" })),
          "its parent is deleted": () => me.request(...remove(parent_id)),
        },
        next: { "its parent is moved": () => me.request(...patch(parent_id, { folder: "elsewhere" })) },
      };
    },
  },
  {
    name: "folder: its name is taken",
    async set(stage, me) {
      await folder(stage, me, "taken");
      return { act: (actor) => actor.request(all(stage), { json: { path: "taken" } }) };
    },
  },
];

const moves: Situation[] = [
  {
    name: "folder: renamed",
    async set(stage, me) {
      const [top = "", id = "", inner = ""] = await tree(stage, me, "top/old/in/a.txt");
      return {
        act: (actor) => actor.request(...patch(id, { name: "new" })),
        meanwhile: {
          "it gets a third name": () => me.request(...patch(id, { name: "third" })),
          "it gets that name": () => me.request(...patch(id, { name: "new" })),
          "it is moved": () => me.request(...patch(id, { folder: "elsewhere" })),
          "the one above is renamed": () => me.request(...patch(top, { name: "other" })),
          "the one in it is moved out": () => me.request(...patch(inner, { folder: "/" })),
          "a file has the name": () => me.by.uploaded("top/new", "other"),
          "a file comes far down in it": () => me.by.uploaded(`top/old/in/${DEEP}`, "other"),
          "it is deleted": () => me.request(...remove(id)),
          "it is deleted and restored": async () => {
            await me.request(...remove(id));
            await me.request(...restore(id));
          },
        },
        next: {
          "it gets its old name back": () => me.request(...patch(id, { name: "old" })),
          "a folder of the new name is asked for": () =>
            me.request(all(stage), { json: { path: "top/new" } }),
        },
        check: (outcome) => isTold(me, id, outcome),
      };
    },
  },
  {
    name: "folder: named as it is",
    async set(stage, me) {
      const [id = ""] = await tree(stage, me, "same/a.txt");
      return {
        act: (actor) => actor.request(...patch(id, { name: "same", folder: "/" })),
        meanwhile: { "others rename it": () => me.request(...patch(id, { name: "other" })) },
      };
    },
  },
  {
    name: "folder: moved by its target's id",
    async set(stage, me) {
      const [id = "", inner = ""] = await tree(stage, me, "what/in/a.txt");
      const [above = "", to = ""] = await tree(stage, me, "above/to/b.txt");
      return {
        act: (actor) => actor.request(...patch(id, { folder: to, name: "what it is now" })),
        meanwhile: {
          "others move it elsewhere": () => me.request(...patch(id, { folder: "elsewhere" })),
          "others move it there": () => me.request(...patch(id, { folder: to, name: "what it is now" })),
          "its target is moved": () => me.request(...patch(to, { folder: "far/away" })),
          "its target's is moved": () => me.request(...patch(above, { folder: "far" })),
          "its target is deleted": () => me.request(...remove(to)),
          "its target is purged and taken apart": async () => {
            await me.request(...remove(to));
            await me.request(`/v1/trash/${to}`, { method: "DELETE" });
            await me.sweep("trash");
          },
          "its target's is deleted": () => me.request(...remove(above)),
          "it is deleted": () => me.request(...remove(id)),
          "a file comes far down in it": () => me.by.uploaded(`what/in/${DEEP}`, "other"),
          "a file comes far down beside it": () => me.by.uploaded(`above/to/${DEEP}`, "other"),
          "the one in it is moved there": () => me.request(...patch(inner, { folder: to })),
        },
        next: {
          "it is moved back": () => me.request(...patch(id, { folder: "/", name: "what" })),
          "its target is deleted": () => me.request(...remove(to)),
        },
        check: (outcome) => isTold(me, id, outcome),
      };
    },
  },
  {
    name: "folder: moved to a path that isn't there",
    async set(stage, me) {
      const [id = ""] = await tree(stage, me, "what/in/a.txt");
      const [there = ""] = await tree(stage, me, "there/b.txt");
      return {
        act: (actor) => actor.request(...patch(id, { folder: "there/new/er" })),
        meanwhile: {
          "an upload makes it": () => me.by.uploaded("there/new/er/b.txt", "other"),
          "a file has the name": () => me.by.uploaded("there/new", "other"),
          "the one that is there is renamed": () => me.request(...patch(there, { name: "where" })),
          "the one that is there is deleted": () => me.request(...remove(there)),
          "others move it there": () => me.request(...patch(id, { folder: "there/new/er" })),
          "a file comes far down in it": () => me.by.uploaded(`what/in/${DEEP}`, "other"),
        },
        next: { "it is moved back": () => me.request(...patch(id, { folder: "/" })) },
        check: (outcome) => isTold(me, id, outcome),
      };
    },
  },
  {
    name: "folder: moved into one that is moved into it",
    async set(stage, me) {
      const [one = "", inOne = ""] = await tree(stage, me, "one/in/a.txt");
      const [two = "", inTwo = ""] = await tree(stage, me, "two/in/b.txt");
      const [three = ""] = await tree(stage, me, "three/c.txt");
      return {
        act: (actor) => actor.request(...patch(one, { folder: inTwo })),
        meanwhile: {
          "that one is moved into it": () => me.request(...patch(two, { folder: one })),
          "that one is moved far into it": () => me.request(...patch(two, { folder: inOne })),
          "that one is moved into another, which is moved into it": async () => {
            await me.request(...patch(two, { folder: three }));
            await me.request(...patch(three, { folder: inOne }));
          },
        },
        check: (outcome) => isTold(me, one, outcome),
      };
    },
  },
  {
    name: "folder: moved out of one that is deleted",
    async set(stage, me) {
      const [above = "", id = ""] = await tree(stage, me, "above/what/a.txt");
      return {
        act: (actor) => actor.request(...patch(id, { folder: "out" })),
        meanwhile: {
          "the one above is deleted": () => me.request(...remove(above)),
          "the one above is purged": async () => {
            await me.request(...remove(above));
            await me.request(`/v1/trash/${above}`, { method: "DELETE" });
          },
          "the one above is purged and taken apart": async () => {
            await me.request(...remove(above));
            await me.request(`/v1/trash/${above}`, { method: "DELETE" });
            await me.sweep("trash");
          },
        },
        check: (outcome) => isTold(me, id, outcome),
      };
    },
  },
];

const deletions: Situation[] = [
  {
    name: "folder: deleted",
    async set(stage, me) {
      const [top = "", id = "", inner = ""] = await tree(stage, me, "top/old/in/a.txt");
      const { file_id } = await me.by.uploaded("top/old/b.txt", "other");
      return {
        act: (actor) => actor.request(...remove(id)),
        meanwhile: {
          "others delete it": () => me.request(...remove(id)),
          "it is renamed": () => me.request(...patch(id, { name: "new" })),
          "it is moved": () => me.request(...patch(id, { folder: "elsewhere" })),
          "it is renamed and gets its name back": async () => {
            await me.request(...patch(id, { name: "new" }));
            await me.request(...patch(id, { name: "old" }));
          },
          "the one above is renamed": () => me.request(...patch(top, { name: "other" })),
          "the one above is deleted": () => me.request(...remove(top)),
          "the one in it is moved out": () => me.request(...patch(inner, { folder: "/" })),
          "the one in it is deleted": () => me.request(...remove(inner)),
          "a file in it is deleted": () => me.request(`/v1/files/${file_id}`, { method: "DELETE" }),
          "a file comes far down in it": () => me.by.uploaded(`top/old/${DEEP}`, "other"),
        },
        next: {
          "it is restored": () => me.request(...restore(id)),
          "it is used": () => me.by.uploaded("top/old/c.txt", "other"),
        },
      };
    },
  },
];

const uploads: Situation[] = [
  {
    name: "folder: an upload into it is finalized",
    async set(stage, me) {
      const [top = "", id = ""] = await tree(stage, me, "top/to/a.txt");
      const { upload_id } = await me.by.upload(`${"long".repeat(30)}.txt`, "hello", { folder_id: id });
      return {
        act: (actor) => actor.by.finalize(upload_id, { share: false }),
        meanwhile: {
          "it is renamed": () => me.request(...patch(id, { name: "other" })),
          "it is moved": () => me.request(...patch(id, { folder: "else/where" })),
          "it is deleted": () => me.request(...remove(id)),
          "the one above is deleted": () => me.request(...remove(top)),
          "it is deleted and restored": async () => {
            await me.request(...remove(id));
            await me.request(...restore(id));
          },
        },
        next: {
          "it is deleted": () => me.request(...remove(id)),
          "it is restored": () => me.request(...restore(id)),
        },
      };
    },
  },
  {
    name: "folder: an upload makes folders in it",
    async set(stage, me) {
      const [top = "", id = ""] = await tree(stage, me, "top/to/a.txt");
      const { upload_id } = await me.by.upload(`top/to/${DEEP}`, "hello");
      return {
        act: (actor) => actor.by.finalize(upload_id, { share: false }),
        meanwhile: {
          "it is moved": () => me.request(...patch(id, { folder: "else/where" })),
          "it is deleted": () => me.request(...remove(id)),
          "the one above is renamed": () => me.request(...patch(top, { name: "other" })),
          "others make them": () => me.by.uploaded(`top/to/deep/er/b.txt`, "other"),
        },
      };
    },
  },
  {
    name: "folder: an upload to its new path mends the hints",
    async set(stage, me) {
      const [top = "", id = "", inner = ""] = await tree(stage, me, "top/old/in/a.txt");
      await me.request(...patch(id, { name: "new" }));
      const json = { path: "top/new/in", filename: "b.txt", size: 5 };
      return {
        act: (actor) => actor.request("/v1/uploads", { json }),
        meanwhile: {
          "it is renamed once more": () => me.request(...patch(id, { name: "newer" })),
          "the one above is renamed": () => me.request(...patch(top, { name: "other" })),
          "the one in it is moved out": () => me.request(...patch(inner, { folder: "/" })),
          "it is deleted": () => me.request(...remove(id)),
        },
        next: { "a file comes there": () => me.by.uploaded("top/new/in/c.txt", "other") },
      };
    },
  },
];

/** A folder with folders and files, a link in it and a lock, and another workspace. */
async function leaving(stage: Stage, me: Actor) {
  const [top = "", inner = ""] = await tree(stage, me, "top/in/a.txt");
  const { file_id } = await me.by.uploaded("top/b.txt", "second");
  const { share_url } = await me.json(`/v1/files/${file_id}/shares`, { json: {} });
  const workspace = await otherWorkspace(me);
  const go = (actor: Actor, more: object = {}) =>
    actor.request(...patch(top, { workspace, folder: "into", name: "new", ...more }));
  return { top, inner, file: String(file_id), share_url: String(share_url), workspace, go };
}

const toOthers: Situation[] = [
  {
    name: "folder: sent to another workspace",
    unordered: true,
    async set(stage, me) {
      const { top, inner, file, workspace, go } = await leaving(stage, me);
      return {
        act: (actor) => go(actor),
        meanwhile: {
          "others send it there": () => go(me),
          "it is renamed": () => me.request(...patch(top, { name: "other" })),
          "it is deleted": () => me.request(...remove(top)),
          "one in it is renamed": () => me.request(...patch(inner, { name: "other" })),
          "its name is taken there": () =>
            me.request(`/v1/workspaces/${workspace}/folders`, { json: { path: "/into/new" } }),
        },
        next: {
          "a file in it is asked for": () => me.request(`/v1/files/${file}`),
          "it arrives": async () => {
            passTime(2 * MINUTE);
            await me.sweep("move");
          },
        },
      };
    },
  },
  {
    name: "sweep: a folder on its way to another workspace",
    unordered: true,
    mixed: true,
    async set(stage, me) {
      const { top, inner, file, share_url, workspace, go } = await leaving(stage, me);
      await me.request(`/v1/files/${file}/lock`, { json: { ttl_seconds: 30 } });
      await go(me);
      passTime(2 * MINUTE);
      return {
        act: (actor) => actor.sweep("move"),
        meanwhile: {
          "another sweep runs": () => me.sweep("move"),
          "its name is taken there": () =>
            me.request(`/v1/workspaces/${workspace}/folders`, { json: { path: "/into/new" } }),
          "its target is deleted": async () => {
            const at = `/v1/workspaces/${workspace}/resolve?path=into`;
            await me.request(...remove(String((await me.json(at))["folder_id"])));
          },
          "a lock in it is tidied up": () => me.sweep("lock"),
        },
        next: {
          "the sweep runs again": () => me.sweep("move"),
          "its link is opened": () => me.anonymous(share_url),
          "one in it is renamed": () => me.request(...patch(inner, { name: "other" })),
          "it goes on": () => me.request(...patch(top, { name: "last" })),
        },
      };
    },
  },
];

const reads: Situation[] = [
  {
    name: "path: what stands there",
    async set({ owner }, me) {
      await me.by.uploaded("there/a.txt", "first");
      const at = `/v1/workspaces/${owner.workspace_id}/resolve?path=there/a.txt`;
      return { act: (actor) => actor.request(at) };
    },
  },
  {
    name: "read: a folder",
    async set(stage, me) {
      const [top = "", id = ""] = await tree(stage, me, "top/in/a.txt");
      return {
        act: (actor) => actor.request(path(id)),
        meanwhile: {
          "it is renamed": () => me.request(...patch(id, { name: "new" })),
          "it is moved": () => me.request(...patch(id, { folder: "else/where" })),
          "the one above is renamed": () => me.request(...patch(top, { name: "other" })),
          "the one above is deleted": () => me.request(...remove(top)),
        },
      };
    },
  },
  {
    name: "read: a folder that is renamed as it is decided about",
    async set(stage, me) {
      const [, id = ""] = await tree(stage, me, "top/in/a.txt");
      return {
        act: (actor) => actor.request(path(id)),
        amid: { before: "standing: get NODE", run: () => me.request(...patch(id, { name: "new" })) },
        check: (outcome) => isTold(me, id, outcome),
      };
    },
  },
];

/** All that is done with folders. */
export const folders: Situation[] = [...made, ...moves, ...toOthers, ...deletions, ...uploads, ...reads];
