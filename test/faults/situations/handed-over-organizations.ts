/** Organizations that are handed over: claimed, what is done in them just then, and what the sweep ends of before. */
import { scopes as allScopes } from "#contract/scopes.ts";
import { issueToken } from "#core/accounts/issue-token.ts";
import { createPerson } from "#core/organizations/create-person.ts";
import type { Situation } from "../situation.ts";
import type { Actor, Stage } from "../stage.ts";
import { DAY, passTime } from "../time.ts";
import { own } from "./organizations.ts";

const DELETE = { method: "DELETE" };
const HELD = allScopes.filter((one) => one !== "admin");
const once = { "Idempotency-Key": "once" };
const by = ({ api_key }: { api_key: string }) => ({ authorization: `Bearer ${api_key}` });

/** An organization of the stage's client with a workspace, a member and a client, and who is to have it. */
async function filled(stage: Stage, me: Actor) {
  await own(stage);
  const { organization_id } = await me.json("/v1/orgs", { json: { name: "Ours" } });
  const organization = String(organization_id);
  const { workspace_id } = await me.json("/v1/workspaces", { json: { name: "report", organization } });
  const workspace = String(workspace_id);
  const file = await stage.world.addFile({ ...stage.owner, workspace_id: workspace }, "in/a.txt");
  const key = { scopes: HELD, days: 90 };
  const zoe = await createPerson(stage.plain, { email: "zoe@example.com", name: "Zoë", role: "member", key });
  const kim = await createPerson(stage.plain, {
    ...{ email: "kim@example.com", name: "Kim", role: "owner", key, organization },
  });
  const client = await me.json("/v1/clients", {
    json: { name: "build", scopes: ["files:read"], role: "member", organization },
  });
  passTime(1);
  const at = `/v1/orgs/${organization}`;
  return { organization, workspace, file, zoe, kim, client: String(client["client_id"]), at };
}
type Filled = Awaited<ReturnType<typeof filled>>;

async function offered(me: Actor, { organization: id }: Filled, terms: object = {}) {
  const json = { resource: { type: "organization", id }, ...terms };
  const made = await me.json("/v1/transfers", { json });
  passTime(1);
  return { path: `/v1/transfers/${made["transfer_id"]}`, claim: `/v1/claims/${made["claim_token"]}` };
}

const claiming = ({ zoe }: Filled, keep: readonly string[] = [], headers: Record<string, string> = {}) => ({
  method: "POST",
  json: { keep },
  headers: { ...by(zoe), ...headers },
});

/** What somebody of before does in it as it is claimed: either before that, or not at all. */
const asItIsClaimed: readonly [string, (actor: Actor, all: Filled) => Promise<unknown>][] = [
  [
    "organization: renamed",
    (actor, { at }) => actor.request(at, { method: "PATCH", json: { name: "Mine" } }),
  ],
  ["organization: closed", (actor, { at }) => actor.request(`${at}?name=Ours`, DELETE)],
  [
    "member: given another role",
    (actor, { at, client }) =>
      actor.request(`${at}/members/${client}`, { method: "PATCH", json: { role: "owner" } }),
  ],
  ["member: removed", (actor, { at, kim }) => actor.request(`${at}/members/${kim.person_id}`, DELETE)],
  ["workspace: deleted", (actor, { workspace }) => actor.request(`/v1/workspaces/${workspace}`, DELETE)],
];

/** The same, which leaves behind what is nobody's. */
const behindIt: typeof asItIsClaimed = [
  [
    "workspace: made",
    (actor, { organization }) => actor.request("/v1/workspaces", { json: { name: "late", organization } }),
  ],
  [
    "client: made",
    (actor, { organization }) =>
      actor.request("/v1/clients", { json: { name: "late", scopes: ["files:read"], organization } }),
  ],
  [
    "group: made",
    (actor, { organization }) => actor.request("/v1/groups", { json: { name: "late", organization } }),
  ],
  [
    "grant: given",
    (actor, { workspace, client }) =>
      actor.request(`/v1/workspaces/${workspace}/grants`, { json: { principal_id: client, role: "viewer" } }),
  ],
];

export const handedOverOrganizations: Situation[] = [
  ...(["none", "admin"] as const).map((residual_role) => ({
    name: `claim: an organization, of which ${residual_role} is left`,
    async set(stage: Stage, me: Actor) {
      const all = await filled(stage, me);
      const { path, claim } = await offered(me, all, { residual_role });
      const second = await offered(me, all);
      const member = `${all.at}/members/${all.kim.person_id}`;
      const keep = [all.kim.person_id, all.kim.key_id];
      const zoe = { headers: by(all.zoe) };
      return {
        act: (actor: Actor) => actor.request(claim, claiming(all, keep, once)),
        meanwhile: {
          "others claim it": () => me.request(claim, claiming(all)),
          "another transfer of it is claimed": () => me.request(second.claim, claiming(all)),
          "it is withdrawn": () => me.request(path, DELETE),
          "it is closed": () => me.request(`${all.at}?name=Ours`, DELETE),
          "it is renamed": () => me.request(all.at, { method: "PATCH", json: { name: "Other" } }),
          "who is kept leaves": () => me.request(member, DELETE),
          "who is kept gets another role": () =>
            me.request(member, { method: "PATCH", json: { role: "member" } }),
          "who offers it becomes less": () =>
            me.request(`${all.at}/members/${stage.owner.client_id}`, {
              ...{ method: "PATCH", json: { role: "member" }, headers: by(all.kim) },
            }),
        },
        next: {
          "claimed again": () => me.request(claim, claiming(all, keep, once)),
          "who had it asks": () => me.request(`/v1/files/${all.file}`),
          "who has it asks": () => me.request(`${all.at}/members`, zoe),
          "who was kept asks": () => me.request(`/v1/files/${all.file}`, { headers: by(all.kim) }),
          "the sweep tidies up": async () => {
            passTime(120_000);
            await me.sweep("organization");
            await me.sweep("handover");
          },
        },
      };
    },
  })),
  ...[...asItIsClaimed, ...behindIt].map(([what, ask]) => ({
    name: `${what} as its organization is claimed`,
    async set(stage: Stage, me: Actor) {
      const all = await filled(stage, me);
      const { claim } = await offered(me, all);
      const zoe = { headers: by(all.zoe) };
      return {
        act: (actor: Actor) => ask(actor, all),
        meanwhile: { "it is claimed": () => me.request(claim, claiming(all)) },
        next: {
          "who has it asks": async () => [
            (await me.request(all.at, zoe)).status,
            (await me.request(`${all.at}/members`, zoe)).status,
            (await me.request(`/v1/workspaces/${all.workspace}`, zoe)).status,
          ],
          "who had it asks": () => me.request(`/v1/workspaces/${all.workspace}`),
        },
      };
    },
  })),
  {
    name: "sweep: an organization that was handed over",
    mixed: true as const,
    async set(stage: Stage, me: Actor) {
      const all = await filled(stage, me);
      await me.request("/v1/groups", { json: { name: "all", organization: all.organization } });
      await me.request(`${all.at}/invitations`, { json: { email: "lee@example.com", role: "admin" } });
      const { claim } = await offered(me, all);
      await me.request(claim, claiming(all));
      passTime(61_000);
      return {
        act: (actor: Actor) => actor.sweep("organization"),
        meanwhile: {
          "another sweep runs": () => me.sweep("organization"),
          "a member is invited": () =>
            me.request(`${all.at}/invitations`, {
              ...{ json: { email: "ann@example.com", role: "member" }, headers: by(all.zoe) },
            }),
        },
      };
    },
  },
  {
    name: "invitation: accepted by who was a member before its organization was handed over",
    mixed: true as const,
    async set(stage: Stage, me: Actor) {
      const all = await filled(stage, me);
      const { claim } = await offered(me, all);
      await me.request(claim, claiming(all));
      const invited = await me.json(`${all.at}/invitations`, {
        ...{ json: { email: "kim@example.com", role: "member" }, headers: by(all.zoe) },
      });
      const accepting = {
        ...{ method: "POST", json: { token: invited["accept_token"] } },
        headers: { ...by(all.kim), ...once },
      };
      const accept = (actor: Actor) => actor.request("/v1/invitations/accept", accepting);
      passTime(61_000);
      return {
        act: accept,
        meanwhile: {
          "the sweep tidies up": () => me.sweep("organization"),
          "it is revoked": () =>
            me.request(`/v1/invitations/${invited["invitation_id"]}`, { ...DELETE, headers: by(all.zoe) }),
        },
        next: {
          "accepted again": () => accept(me),
          "who has it asks": () => me.request(`${all.at}/members`, { headers: by(all.zoe) }),
        },
      };
    },
  },
  {
    name: "sweep: what a kept client had in an organization that was handed over",
    mixed: true as const,
    async set(stage: Stage, me: Actor) {
      const all = await filled(stage, me);
      const client = await me.json("/v1/clients", {
        json: { name: "agent", scopes: HELD, role: "admin", organization: all.organization },
      });
      const id = String(client["client_id"]);
      const asked = { clientId: id, clientSecret: String(client["client_secret"]) };
      const headers = by({ api_key: (await issueToken(stage.plain, asked)).access_token });
      const receiver = await stage.receiver();
      const expires_at = new Date(stage.plain.now() + 10 * DAY).toISOString();
      await me.json("/v1/keys", { json: { name: "spare", scopes: ["files:read"], expires_at }, headers });
      await me.json("/v1/webhooks", { json: { url: receiver.url, events: ["*"] }, headers });
      const { claim } = await offered(me, all);
      await me.request(claim, claiming(all, [id]));
      await stage.work();
      passTime(61_000);
      return {
        act: (actor: Actor) => actor.sweep("organization"),
        meanwhile: {
          "another sweep runs": () => me.sweep("organization"),
          "the client is revoked": () => me.request(`/v1/clients/${id}`, { ...DELETE, headers: by(all.zoe) }),
        },
      };
    },
  },
].map((one) => ({ ...one, unordered: true }));
