/** Policies: set, seen, tried, and what they keep from the sweep. */
import { administerPolicy } from "#core/policies/set-policy.ts";
import type { Situation } from "../situation.ts";
import type { Actor, Stage } from "../stage.ts";
import { DAY, passTime } from "../time.ts";
import { own } from "./organizations.ts";

const DELETE = { method: "DELETE" };
const set = (json: object, headers: Record<string, string> = {}) => ({ method: "PUT", json, headers });
const two = { links: { max_ttl_seconds: 172_800 }, uploads: { denied_extensions: ["exe"] } };
const other = { links: { allow: "nobody" } };

/** An organization of the stage's client with a workspace. */
async function filled(stage: Stage, me: Actor) {
  await own(stage);
  const { organization_id } = await me.json("/v1/orgs", { json: { name: "Ours" } });
  const organization = String(organization_id);
  const { workspace_id } = await me.json("/v1/workspaces", { json: { name: "report", organization } });
  passTime(1);
  return {
    ...{ at: `/v1/orgs/${organization}`, workspace: `/v1/workspaces/${workspace_id}` },
    place: { ...stage.owner, workspace_id: String(workspace_id) },
  };
}

/** Told of in the organization's log. */
export const policies: Situation[] = [
  {
    name: "policy: of an organization, set",
    async set(stage: Stage, me: Actor) {
      const { at } = await filled(stage, me);
      const policy = `${at}/policy`;
      return {
        act: (actor: Actor) => actor.request(policy, set(two)),
        meanwhile: {
          "another sets the same": () => me.request(policy, set(two)),
          "another sets it otherwise": () => me.request(policy, set(other)),
          "it is renamed": () => me.request(at, { method: "PATCH", json: { name: "Theirs" } }),
          "it is closed": () => me.request(`${at}?name=Ours`, DELETE),
        },
        next: {
          seen: () => me.request(policy),
          "set otherwise": () => me.request(policy, set(other)),
          "all that were set": () => me.request(`${policy}/versions`),
        },
      };
    },
  },
  {
    name: "policy: set upon the one that was seen",
    async set(stage: Stage, me: Actor) {
      const { at } = await filled(stage, me);
      const policy = `${at}/policy`;
      await me.request(policy, set(other));
      return {
        act: (actor: Actor) => actor.request(policy, set(two, { "If-Match": '"1"' })),
        meanwhile: { "another is faster": () => me.request(policy, set({}, { "If-Match": '"1"' })) },
        next: { seen: () => me.request(policy) },
      };
    },
  },
  {
    name: "policy: of a workspace, set",
    async set(stage: Stage, me: Actor) {
      const { workspace } = await filled(stage, me);
      const policy = `${workspace}/policy`;
      return {
        act: (actor: Actor) => actor.request(policy, set(two)),
        meanwhile: {
          "another sets it otherwise": () => me.request(policy, set(other)),
          "it is renamed": () => me.request(workspace, { method: "PATCH", json: { name: "theirs" } }),
          "it is deleted": () => me.request(workspace, DELETE),
        },
        next: { seen: () => me.request(policy) },
      };
    },
  },
  {
    name: "policy: set by the administrator",
    async set(stage: Stage, me: Actor) {
      const { at } = await filled(stage, me);
      const of = at.replace("/v1/orgs/", "");
      return {
        act: (actor: Actor) => administerPolicy(actor.deps, { of, rules: two }),
        meanwhile: { "another sets it otherwise": () => me.request(`${at}/policy`, set(other)) },
        next: { seen: () => me.request(`${at}/policy`) },
      };
    },
  },
  {
    name: "read: policies, and what they would make of something",
    async set(stage: Stage, me: Actor) {
      const { at, workspace, place } = await filled(stage, me);
      await me.request(`${at}/policy`, set(two));
      const act = { action: "create_share", expire_in: 604_800 };
      return {
        act: async (actor: Actor) => [
          (await actor.request(`${at}/policy`)).status,
          (await actor.request(`${workspace}/policy`)).status,
          (await actor.request(`${at}/policy/versions`)).status,
          (
            await actor.request("/v1/policies/evaluate", {
              json: { workspace: place.workspace_id, act },
            })
          ).status,
        ],
      };
    },
  },
  {
    name: "sweep: what a legal hold keeps in the trash",
    async set(stage: Stage, me: Actor) {
      const { workspace, place } = await filled(stage, me);
      const file = await stage.world.addFile(place, "a.txt");
      await me.request(`/v1/files/${file}`, DELETE);
      await me.request(`${workspace}/policy`, set({ retention: { legal_hold: true } }));
      passTime(31 * DAY);
      return {
        act: (actor: Actor) => actor.sweep("trash"),
        meanwhile: {
          "another sweep runs": () => me.sweep("trash"),
          "it is restored": () => me.request(`/v1/trash/${file}/restore`, { method: "POST" }),
        },
        next: {
          "it is let go": async () => {
            await me.request(`${workspace}/policy`, set({}));
            passTime(2 * DAY);
            await me.sweep("trash");
          },
        },
      };
    },
  },
].map((one) => ({ ...one, unordered: true }));
