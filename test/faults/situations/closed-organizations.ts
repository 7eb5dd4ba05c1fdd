/** Organizations that are closed: by an owner, opened again, purged, and ended by the sweep with all that is in them. */
import { scopes as allScopes } from "#contract/scopes.ts";
import { createPerson } from "#core/organizations/create-person.ts";
import type { Situation } from "../situation.ts";
import type { Actor, Stage } from "../stage.ts";
import { DAY, HOUR, passTime } from "../time.ts";

const HELD = allScopes.filter((one) => one !== "admin");
const DELETE = { method: "DELETE" };
const once = { "Idempotency-Key": "once" };
const NAME = "Acme";

/** An organization of somebody's with a workspace, a file, a client, a group and another member. */
async function acme(stage: Stage, me: Actor) {
  const key = { scopes: HELD, days: 90 };
  const person = (email: string) => createPerson(stage.plain, { email, name: email, role: "member", key });
  const [owner, member] = [await person("ann@example.com"), await person("bob@example.com")];
  const headers = { authorization: `Bearer ${owner.api_key}` };
  const make = (path: string, json: object) => me.json(path, { json, headers });
  const { organization_id: organization } = await make("/v1/orgs", { name: NAME });
  const { workspace_id } = await make("/v1/workspaces", { name: "reports", organization });
  await stage.world.addFile({ ...stage.owner, workspace_id: String(workspace_id) }, "in/a.txt");
  const { client_id } = await make("/v1/clients", { name: "ci", scopes: ["files:read"], organization });
  const { group_id } = await make("/v1/groups", { name: "all", organization });
  await me.request(`/v1/groups/${group_id}/members/${client_id}`, { method: "PUT", json: {}, headers });
  const invitation = { email: "bob@example.com", role: "member" };
  const { accept_token: token } = await make(`/v1/orgs/${organization}/invitations`, invitation);
  const accepting = { authorization: `Bearer ${member.api_key}` };
  await me.json("/v1/invitations/accept", { json: { token }, headers: accepting });
  const id = String(organization);
  const ask = (path: string, given: object = {}, by: Actor = me) => {
    const { headers: more = {}, ...rest } = given as { headers?: Record<string, string> };
    return by.request(path, { ...rest, headers: { ...headers, ...more } });
  };
  return {
    ask,
    close: (by: Actor = me) => ask(`/v1/orgs/${id}?name=${NAME}`, DELETE, by),
    restore: (by: Actor = me, more = {}) =>
      ask(`/v1/trash/${id}/restore`, { method: "POST", headers: more }, by),
    purge: (by: Actor = me) => ask(`/v1/trash/${id}`, DELETE, by),
    see: () => ask(`/v1/orgs/${id}`),
    rename: () => ask(`/v1/orgs/${id}`, { method: "PATCH", json: { name: "Other" } }),
    work: () => ask("/v1/workspaces", { json: { name: "more", organization: id } }),
  };
}

/** All that is done with closed organizations. What is told of them stands in their own log. */
export const closedOrganizations: Situation[] = [
  {
    name: "organization: closed",
    async set(stage: Stage, me: Actor) {
      const { close, restore, rename, see } = await acme(stage, me);
      return {
        act: (actor: Actor) => close(actor),
        meanwhile: {
          "others close it": () => close(),
          "others close and restore it": async () => {
            await close();
            await restore();
          },
          "it is renamed": rename,
        },
        next: { "asked again": () => close(), "it is seen": see, "it is restored": () => restore() },
      };
    },
  },
  {
    name: "organization: restored",
    async set(stage: Stage, me: Actor) {
      const { close, restore, purge, see } = await acme(stage, me);
      await close();
      passTime(1_000);
      return {
        act: (actor: Actor) => restore(actor, once),
        meanwhile: {
          "others restore it": () => restore(),
          "it is purged": () => purge(),
          "others restore it and close it again": async () => {
            await restore();
            await close();
          },
        },
        next: { "asked again": () => restore(me, once), "it is seen": see },
      };
    },
  },
  {
    name: "organization: purged",
    async set(stage: Stage, me: Actor) {
      const { close, restore, purge } = await acme(stage, me);
      await close();
      passTime(1_000);
      return {
        act: (actor: Actor) => purge(actor),
        meanwhile: { "it is restored": () => restore(), "others purge it": () => purge() },
        next: { "it is asked for": () => restore() },
      };
    },
  },
  {
    name: "sweep: an organization whose days are over",
    mixed: true as const,
    async set(stage: Stage, me: Actor) {
      const { close, restore } = await acme(stage, me);
      await close();
      passTime(30 * DAY + HOUR);
      return {
        act: (actor: Actor) => actor.sweep("organization"),
        meanwhile: {
          "it is restored": () => restore(),
          "another sweep runs": () => me.sweep("organization"),
        },
        next: { "the sweep runs again": () => me.sweep("organization") },
      };
    },
  },
  {
    name: "sweep: what is in a purged organization",
    mixed: true as const,
    async set(stage: Stage, me: Actor) {
      const { close, purge } = await acme(stage, me);
      await close();
      await purge();
      passTime(1_000);
      return {
        act: (actor: Actor) => actor.sweep("organization"),
        meanwhile: { "another sweep runs": () => me.sweep("organization") },
        next: { "the sweep runs again": () => me.sweep("organization") },
      };
    },
  },
].map((one) => ({ ...one, unordered: true }));
