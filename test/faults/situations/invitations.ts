/** Invitations: made, accepted, revoked, expired, and ended with the key that made them. */
import { scopes as allScopes } from "#contract/scopes.ts";
import { createPerson } from "#core/organizations/create-person.ts";
import type { Situation } from "../situation.ts";
import type { Actor, Stage } from "../stage.ts";
import { HOUR, passTime } from "../time.ts";
import { own } from "./organizations.ts";

const DELETE = { method: "DELETE" };
const ACCEPT = "/v1/invitations/accept";
const HELD = allScopes.filter((one) => one !== "admin");

/** Another organization of the stage's client, with a workspace, and an admin; and who is in neither. */
async function team(stage: Stage, me: Actor) {
  await own(stage);
  const { organization_id } = await me.json("/v1/orgs", { json: { name: "Team" } });
  const organization = String(organization_id);
  const workspace = { name: "audit", organization };
  const { workspace_id } = await me.json("/v1/workspaces", { json: workspace });
  const key = { scopes: HELD, days: 90 };
  const admin = await createPerson(stage.plain, {
    ...{ email: "ada@example.com", name: "Ada", organization, role: "admin", key },
  });
  // No two are told of in one moment.
  passTime(1);
  const zoe = await createPerson(stage.plain, { email: "zoe@example.com", name: "Zoë", role: "guest", key });
  const members = `/v1/orgs/${organization}/members`;
  return { organization, members, workspace: String(workspace_id), admin, zoe };
}
type Team = Awaited<ReturnType<typeof team>>;

const by = ({ api_key }: { api_key: string }) => ({ authorization: `Bearer ${api_key}` });

/** Zoë is invited by the admin. */
function invite({ organization, admin, workspace }: Team, terms: object = {}) {
  const grants = [{ resource_id: workspace, role: "viewer" }];
  const json = { email: "zoe@example.com", role: "guest", grants, ...terms };
  return [`/v1/orgs/${organization}/invitations`, { json, headers: by(admin) }] as const;
}

/** Her invitation. */
async function invited(me: Actor, all: Team, terms: object = {}) {
  const made = await me.json(...invite(all, terms));
  const { invitation_id, accept_token } = made;
  return { path: `/v1/invitations/${invitation_id}`, token: accept_token };
}

export const invitations: Situation[] = [
  {
    name: "invitation: made",
    async set(stage, me) {
      const { organization, admin } = await team(stage, me);
      const path = `/v1/orgs/${organization}/invitations`;
      const json = { email: "zoe@example.com", role: "guest" };
      const ask = (actor: Actor) =>
        actor.request(path, { json, headers: { ...by(admin), "Idempotency-Key": "once" } });
      return {
        act: ask,
        meanwhile: {
          "another invites the same": () => me.request(path, { json: { ...json, role: "member" } }),
        },
        next: { "asked again": () => ask(me), listed: () => me.request(path) },
      };
    },
  },
  {
    name: "invitation: accepted, with a grant",
    // The events stand in the logs of the organization and of the workspace.
    unordered: true,
    async set(stage, me) {
      const all = await team(stage, me);
      const { zoe, admin, members } = all;
      const { path, token } = await invited(me, all);
      const accept = (actor: Actor, key?: string) =>
        actor.request(ACCEPT, {
          json: { token },
          headers: { ...by(zoe), ...(key === undefined ? {} : { "Idempotency-Key": key }) },
        });
      return {
        act: (actor) => accept(actor, "once"),
        meanwhile: {
          "it is revoked": () => me.request(path, DELETE),
          "another call accepts it": () => accept(me),
          "its maker is one no longer": () =>
            me.request(`${members}/${admin.person_id}`, { method: "PATCH", json: { role: "member" } }),
          "its maker's key is ended": () =>
            me.request(`/v1/keys/${admin.key_id}`, { ...DELETE, headers: by(admin) }),
        },
        next: {
          "she is removed": () => me.request(`${members}/${zoe.person_id}`, DELETE),
          "and accepts once more": () => accept(me),
          "she is not there": () => me.request(`/v1/workspaces/${all.workspace}/files`, { headers: by(zoe) }),
        },
      };
    },
  },
  {
    name: "invitation: accepted by somebody who was a member before",
    unordered: true,
    async set(stage, me) {
      const all = await team(stage, me);
      const { zoe, members } = all;
      const first = await invited(me, all);
      const accept = (actor: Actor, token: unknown) =>
        actor.request(ACCEPT, { json: { token }, headers: by(zoe) });
      await accept(me, first.token);
      await me.request(`${members}/${zoe.person_id}`, DELETE);
      const { token } = await invited(me, all, { role: "member" });
      return {
        act: (actor) => accept(actor, token),
        meanwhile: { "the first is tried again": () => accept(me, first.token) },
        next: { "she is removed": () => me.request(`${members}/${zoe.person_id}`, DELETE) },
      };
    },
  },
  {
    name: "invitation: revoked",
    async set(stage, me) {
      const all = await team(stage, me);
      const { path, token } = await invited(me, all);
      return {
        act: (actor) => actor.request(path, { ...DELETE, headers: by(all.admin) }),
        meanwhile: {
          "it is accepted": () => me.request(ACCEPT, { json: { token }, headers: by(all.zoe) }),
          "another revokes it": () => me.request(path, DELETE),
        },
        next: { "she is invited anew": () => me.request(...invite(all, { role: "member" })) },
      };
    },
  },
  {
    name: "sweep: an invitation that has expired",
    async set(stage, me) {
      const all = await team(stage, me);
      const { path } = await invited(me, all, { expires_in: HOUR / 1000 });
      passTime(2 * HOUR);
      return {
        act: (actor) => actor.sweep("invitation"),
        meanwhile: {
          "another sweep runs": () => me.sweep("invitation"),
          "she is invited anew": () => me.request(...invite(all)),
        },
        next: { "she is invited anew": () => me.request(...invite(all)), seen: () => me.request(path) },
      };
    },
  },
  {
    name: "read: invitations",
    async set(stage, me) {
      const all = await team(stage, me);
      const { path } = await invited(me, all);
      return {
        act: async (actor) => [
          (await actor.request(path)).status,
          (await actor.request(`/v1/orgs/${all.organization}/invitations`)).status,
        ],
      };
    },
  },
];
