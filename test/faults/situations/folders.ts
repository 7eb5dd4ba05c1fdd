/** Folders that are made by a call of their own, and what stands at a path. */
import type { Situation } from "../situation.ts";
import type { Actor, Stage } from "../stage.ts";

const path = ({ owner }: Stage) => `/v1/workspaces/${owner.workspace_id}/folders`;
const once = { "Idempotency-Key": "once" };

async function folder(stage: Stage, me: Actor, at: string): Promise<string> {
  return String((await me.json(path(stage), { json: { path: at } }))["folder_id"]);
}

/** All that is done with folders. */
export const folders: Situation[] = [
  {
    name: "folder: made by its path",
    // Made by one whose clock is behind, it is told of before what was told earlier.
    unordered: true,
    async set(stage, me) {
      const make = (actor: Actor) => actor.request(path(stage), { json: { path: "in/new" }, headers: once });
      return {
        act: make,
        meanwhile: {
          "others make it": () => me.request(path(stage), { json: { path: "in/new" } }),
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
      const parent_id = await folder(stage, me, "parent");
      const make = (actor: Actor) => actor.request(path(stage), { json: { parent_id, name: "new" } });
      return {
        act: make,
        meanwhile: { "others make it": () => make(me) },
        next: { "a file comes into it": () => me.by.uploaded("parent/new/a.txt", "first") },
      };
    },
  },
  {
    name: "folder: its name is taken",
    async set(stage, me) {
      await folder(stage, me, "taken");
      return { act: (actor) => actor.request(path(stage), { json: { path: "taken" } }) };
    },
  },
  {
    name: "path: what stands there",
    async set({ owner }, me) {
      await me.by.uploaded("there/a.txt", "first");
      const at = `/v1/workspaces/${owner.workspace_id}/resolve?path=there/a.txt`;
      return { act: (actor) => actor.request(at) };
    },
  },
];
