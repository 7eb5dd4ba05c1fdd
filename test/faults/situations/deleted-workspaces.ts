/** Workspaces in the trash: deleted, restored and purged, by their owner or by the sweep. */
import { FIRST_ORGANIZATION } from "#core/access/records.ts";
import type { Situation } from "../situation.ts";
import type { Actor, Stage } from "../stage.ts";
import { DAY, HOUR, passTime } from "../time.ts";

const PATCH = (json: unknown) => ({ method: "PATCH", json });
const remove = (id: string) => [`/v1/workspaces/${id}`, { method: "DELETE" }] as const;
const restore = (id: string) => [`/v1/trash/${id}/restore`, { method: "POST" }] as const;
const purge = (id: string) => [`/v1/trash/${id}`, { method: "DELETE" }] as const;
const once = { "Idempotency-Key": "once" };

/** A workspace of the owner's with a file in it. */
async function made(stage: Stage, me: Actor): Promise<string> {
  const { workspace_id } = await me.json("/v1/workspaces", { json: { name: "work" } });
  await stage.world.addFile({ ...stage.owner, workspace_id: String(workspace_id) }, "in/a.txt");
  return String(workspace_id);
}

async function trashed(me: Actor, id: string): Promise<void> {
  await me.request(...remove(id));
  passTime(1_000);
}

const backAndForth = (me: Actor, id: string) => async () => {
  await me.request(...restore(id));
  await me.request(...remove(id));
};

/** All that is done with workspaces in the trash. What is told of them stands in their organization's log. */
export const deletedWorkspaces: Situation[] = [
  {
    name: "workspace: deleted",
    async set(stage: Stage, me: Actor) {
      const id = await made(stage, me);
      return {
        act: (actor: Actor) => actor.request(...remove(id)),
        meanwhile: {
          "others delete it": () => me.request(...remove(id)),
          "others delete and restore it": async () => {
            await me.request(...remove(id));
            await me.request(...restore(id));
          },
          "it is renamed": () => me.request(`/v1/workspaces/${id}`, PATCH({ name: "other" })),
        },
        next: {
          "asked again": () => me.request(...remove(id)),
          "its name is taken": () => me.request("/v1/workspaces", { json: { name: "work" } }),
          "it is restored": () => me.request(...restore(id)),
        },
      };
    },
  },
  {
    name: "workspace: restored",
    async set(stage: Stage, me: Actor) {
      const id = await made(stage, me);
      await trashed(me, id);
      const [route, given] = restore(id);
      const ask = (actor: Actor) => actor.request(route, { ...given, headers: once });
      return {
        act: ask,
        meanwhile: {
          "others restore it": () => me.request(...restore(id)),
          "others restore it and delete it again": backAndForth(me, id),
          "it is purged": () => me.request(...purge(id)),
          "its name is taken": () => me.request("/v1/workspaces", { json: { name: "work" } }),
        },
        next: { "asked again": () => ask(me), "it is deleted": () => me.request(...remove(id)) },
      };
    },
  },
  {
    name: "workspace: purged",
    async set(stage: Stage, me: Actor) {
      const id = await made(stage, me);
      await trashed(me, id);
      return {
        act: (actor: Actor) => actor.request(...purge(id)),
        meanwhile: {
          "it is restored": () => me.request(...restore(id)),
          "it is restored and deleted again": backAndForth(me, id),
          "others purge it": () => me.request(...purge(id)),
        },
        next: { "it is asked for": () => me.request(...restore(id)) },
      };
    },
  },
  {
    name: "sweep: a workspace whose days in the trash are over",
    async set(stage: Stage, me: Actor) {
      const id = await made(stage, me);
      await trashed(me, id);
      await stage.pass(stage.plain.config.trashDays * DAY - HOUR);
      passTime(2 * HOUR);
      return {
        act: (actor: Actor) => actor.sweep("trash"),
        meanwhile: {
          "it is restored": () => me.request(...restore(id)),
          "it is purged": () => me.request(...purge(id)),
          "another sweep runs": () => me.sweep("trash"),
        },
      };
    },
  },
  {
    name: "sweep: what was granted on a purged workspace ends",
    async set(stage: Stage, me: Actor) {
      const id = await made(stage, me);
      await trashed(me, id);
      await me.request(...purge(id));
      return {
        act: (actor: Actor) => actor.sweep("trash"),
        meanwhile: { "another sweep runs": () => me.sweep("trash") },
      };
    },
  },
  {
    name: "read: an organization's trash",
    async set(stage: Stage, me: Actor) {
      await trashed(me, await made(stage, me));
      const path = `/v1/orgs/${FIRST_ORGANIZATION}/trash`;
      return { act: (actor: Actor) => actor.request(path) };
    },
  },
].map((one) => ({ ...one, unordered: true }));
