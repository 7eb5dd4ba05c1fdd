/** Transfers: offered, seen, claimed, withdrawn, and what the sweep ends of before. */
import { keys } from "#aws/keys.ts";
import { scopes as allScopes } from "#contract/scopes.ts";
import { createPerson } from "#core/organizations/create-person.ts";
import type { Situation } from "../situation.ts";
import type { Actor, Stage } from "../stage.ts";
import { DAY, passTime } from "../time.ts";
import { own } from "./organizations.ts";

const DELETE = { method: "DELETE" };
const HELD = allScopes.filter((one) => one !== "admin");
const once = { "Idempotency-Key": "once" };

/** A workspace of the stage's client with a file below a folder, and who owns another organization. */
export async function report(stage: Stage, me: Actor) {
  await own(stage);
  const { workspace_id } = await me.json("/v1/workspaces", { json: { name: "report" } });
  const workspace = String(workspace_id);
  const file = await stage.world.addFile({ ...stage.owner, workspace_id: workspace }, "in/a.txt");
  const key = { scopes: HELD, days: 90 };
  const zoe = await createPerson(stage.plain, { email: "zoe@example.com", name: "Zoë", role: "member", key });
  const headers = by(zoe);
  const { organization_id } = await me.json("/v1/orgs", { json: { name: "Theirs" }, headers });
  passTime(1);
  return { workspace, file, zoe, organization: String(organization_id) };
}
type Report = Awaited<ReturnType<typeof report>>;

export const by = ({ api_key }: { api_key: string }) => ({ authorization: `Bearer ${api_key}` });

const offering = ({ workspace }: Report, terms: object = {}) => ({
  resource: { type: "workspace", id: workspace },
  ...terms,
});

export async function offered(
  me: Actor,
  all: Report,
  terms: object = {},
  headers: Record<string, string> = {},
) {
  const made = await me.json("/v1/transfers", { json: offering(all, terms), headers });
  passTime(1);
  return { path: `/v1/transfers/${made["transfer_id"]}`, claim: `/v1/claims/${made["claim_token"]}` };
}

/** The stage's client becomes a member of the organization that is to have it, where it may delete no workspace. */
async function joined({ plain, owner }: Stage, { organization }: Report): Promise<void> {
  await plain.table.transact([
    {
      key: keys.client(owner.client_id),
      update: { set: { [`organizations.${organization}`]: "member" } },
      condition: "attribute_exists(#pk)",
    },
    { key: keys.member(organization, owner.client_id), update: { set: { role: "member" } } },
  ]);
}

export const claiming = ({ zoe, organization }: Report, headers: Record<string, string> = {}) => ({
  method: "POST",
  json: { organization },
  headers: { ...by(zoe), ...headers },
});

/** All that is done with transfers. What is told of them stands in the logs of two organizations. */
export const transfers: Situation[] = [
  {
    name: "transfer: offered",
    async set(stage: Stage, me: Actor) {
      const all = await report(stage, me);
      const ask = (actor: Actor, headers = {}) =>
        actor.request("/v1/transfers", { json: offering(all, { message: "As agreed." }), headers });
      return {
        act: (actor: Actor) => ask(actor, once),
        meanwhile: {
          "another offers it too": () => ask(me),
          "it is deleted": () => me.request(`/v1/workspaces/${all.workspace}`, DELETE),
        },
        next: {
          "asked again": () => ask(me, once),
          listed: () => me.request("/v1/transfers"),
        },
      };
    },
  },
  {
    name: "transfer: withdrawn",
    async set(stage: Stage, me: Actor) {
      const all = await report(stage, me);
      const { path, claim } = await offered(me, all);
      return {
        act: (actor: Actor) => actor.request(path, DELETE),
        meanwhile: {
          "it is claimed": () => me.request(claim, claiming(all)),
          "others withdraw it": () => me.request(path, DELETE),
        },
        next: {
          "it is seen": () => me.request(path),
          "it is claimed": () => me.request(claim, claiming(all)),
        },
      };
    },
  },
  {
    name: "transfer: ended with the key that made it",
    async set(stage: Stage, me: Actor) {
      const all = await report(stage, me);
      const expires_at = new Date(stage.plain.now() + 10 * DAY).toISOString();
      const { key_id, api_key } = await me.json("/v1/keys", {
        json: { name: "offers", scopes: HELD, expires_at },
      });
      const { path, claim } = await offered(me, all, {}, by({ api_key: String(api_key) }));
      return {
        act: (actor: Actor) => actor.request(`/v1/keys/${key_id}`, DELETE),
        meanwhile: {
          "it is claimed": () => me.request(claim, claiming(all)),
          "it is withdrawn": () => me.request(path, DELETE),
        },
        next: {
          "it is claimed": () => me.request(claim, claiming(all)),
          "it is seen": () => me.request(path),
        },
      };
    },
  },
  {
    name: "read: transfers",
    async set(stage: Stage, me: Actor) {
      const { path } = await offered(me, await report(stage, me));
      return {
        act: async (actor: Actor) => [
          (await actor.request(path)).status,
          (await actor.request("/v1/transfers")).status,
        ],
      };
    },
  },
  {
    name: "transfer: seen before it is claimed",
    async set(stage: Stage, me: Actor) {
      const all = await report(stage, me);
      const { claim } = await offered(me, all);
      return { act: (actor: Actor) => actor.request(claim, { headers: by(all.zoe) }) };
    },
  },
  ...(["none", "viewer"] as const).map((residual_role) => ({
    name: `claim: a workspace, of which ${residual_role} is left`,
    async set(stage: Stage, me: Actor) {
      const all = await report(stage, me);
      const { path, claim } = await offered(me, all, { residual_role });
      const second = await offered(me, all);
      const at = `/v1/workspaces/${all.workspace}`;
      return {
        act: (actor: Actor) => actor.request(claim, claiming(all, once)),
        meanwhile: {
          "others claim it": () => me.request(claim, claiming(all)),
          "another transfer of it is claimed": () => me.request(second.claim, claiming(all)),
          "it is withdrawn": () => me.request(path, DELETE),
          "it is deleted": () => me.request(at, DELETE),
          "it is deleted and restored": async () => {
            await me.request(at, DELETE);
            await me.request(`/v1/trash/${all.workspace}/restore`, { method: "POST" });
          },
          "it is renamed": () => me.request(at, { method: "PATCH", json: { name: "other" } }),
          "the claimer makes one of its name": () =>
            me.request("/v1/workspaces", {
              json: { name: "report", organization: all.organization },
              headers: by(all.zoe),
            }),
        },
        next: {
          "claimed again": () => me.request(claim, claiming(all, once)),
          "who had it asks": () => me.request(at),
          "who has it asks": () => me.request(at, { headers: by(all.zoe) }),
          "the sweep tidies up": () => me.sweep("handover"),
        },
      };
    },
  })),
  {
    name: "claim: a folder, of which a viewer is left",
    async set(stage: Stage, me: Actor) {
      const all = await report(stage, me);
      const headers = by(all.zoe);
      const { workspace_id } = await me.json("/v1/workspaces", {
        ...{ json: { name: "inbox", organization: all.organization }, headers },
      });
      const { folder_id } = await me.json(`/v1/workspaces/${all.workspace}/resolve?path=in`);
      const { path, claim } = await offered(me, all, {
        ...{ resource: { type: "folder", id: folder_id }, residual_role: "viewer", keep: { shares: false } },
      });
      const into = { method: "POST", json: { workspace: workspace_id, folder: "to" } };
      const folder = `/v1/folders/${folder_id}`;
      const whole = await offered(me, all);
      let seen: boolean | undefined;
      return {
        act: (actor: Actor) => actor.request(claim, { ...into, headers: { ...headers, ...once } }),
        meanwhile: {
          "others claim it": () => me.request(claim, { ...into, headers }),
          "it is withdrawn": () => me.request(path, DELETE),
          "it is deleted": () => me.request(folder, DELETE),
          async "its workspace is claimed"() {
            await me.request(whole.claim, claiming(all));
            seen = (await me.json(`/v1/files/${all.file}`, { headers }))["workspace_id"] === all.workspace;
          },
          "it is renamed": () => me.request(folder, { method: "PATCH", json: { name: "other" } }),
        },
        next: {
          "claimed again": () => me.request(claim, { ...into, headers: { ...headers, ...once } }),
          "who had it asks": () => me.request(`/v1/files/${all.file}`),
          "it arrives": async () => {
            passTime(120_000);
            await me.sweep("move");
          },
        },
        seen: () => ({ seen }),
      };
    },
  },
  {
    name: "claim: a file, of which a viewer is left",
    async set(stage: Stage, me: Actor) {
      const all = await report(stage, me);
      const headers = by(all.zoe);
      const { workspace_id } = await me.json("/v1/workspaces", {
        ...{ json: { name: "inbox", organization: all.organization }, headers },
      });
      const { path, claim } = await offered(me, all, {
        ...{ resource: { type: "file", id: all.file }, residual_role: "viewer", keep: { shares: false } },
      });
      const into = { method: "POST", json: { workspace: workspace_id, folder: "in" } };
      const file = `/v1/files/${all.file}`;
      const whole = await offered(me, all);
      let seen: boolean | undefined;
      return {
        act: (actor: Actor) => actor.request(claim, { ...into, headers: { ...headers, ...once } }),
        meanwhile: {
          "others claim it": () => me.request(claim, { ...into, headers }),
          "it is withdrawn": () => me.request(path, DELETE),
          "it is deleted": () => me.request(file, DELETE),
          async "its workspace is claimed"() {
            await me.request(whole.claim, claiming(all));
            seen = (await me.json(file, { headers }))["workspace_id"] === all.workspace;
          },
          "it is renamed": () => me.request(file, { method: "PATCH", json: { name: "other.txt" } }),
          "it is locked": () => me.request(`${file}/lock`, { json: {} }),
          "a link to it is made": () => me.request(`${file}/shares`, { json: {} }),
          "another takes its name there": () =>
            stage.world.addFile({ ...stage.owner, workspace_id: String(workspace_id) }, "in/a.txt"),
        },
        next: {
          "claimed again": () => me.request(claim, { ...into, headers: { ...headers, ...once } }),
          "who had it asks": () => me.request(file),
          "who has it asks": () => me.request(file, { headers }),
        },
        seen: () => ({ seen }),
      };
    },
  },
  ...(
    [
      ["deleted", DELETE],
      ["opened to members", { method: "PATCH", json: { member_access: "editor" } }],
    ] as const
  ).map(([how, asked]) => ({
    name: `workspace: ${how} as it is claimed`,
    async set(stage: Stage, me: Actor) {
      const all = await report(stage, me);
      const { claim } = await offered(me, all);
      const at = `/v1/workspaces/${all.workspace}`;
      return {
        act: (actor: Actor) => actor.request(at, asked),
        meanwhile: { "it is claimed": () => me.request(claim, claiming(all)) },
        next: { "who has it asks": () => me.request(at, { headers: by(all.zoe) }) },
      };
    },
  })),
  {
    name: "workspace: deleted as an organization of who deletes it claims it",
    async set(stage: Stage, me: Actor) {
      const all = await report(stage, me);
      await joined(stage, all);
      const { claim } = await offered(me, all);
      const at = `/v1/workspaces/${all.workspace}`;
      await me.request(`/v1/orgs/${all.organization}`);
      return {
        act: (actor: Actor) => actor.request(at, DELETE),
        meanwhile: { "it is claimed": () => me.request(claim, claiming(all)) },
        next: { "who has it asks": () => me.request(at, { headers: by(all.zoe) }) },
      };
    },
  },
  {
    name: "sweep: a workspace that was handed over",
    mixed: true as const,
    async set(stage: Stage, me: Actor) {
      const all = await report(stage, me);
      await me.request(`/v1/files/${all.file}/lock`, { json: { ttl_seconds: 3_600 } });
      const { claim } = await offered(me, all);
      await me.request(claim, claiming(all));
      return {
        act: (actor: Actor) => actor.sweep("handover"),
        meanwhile: {
          "another sweep runs": () => me.sweep("handover"),
          "it is deleted": () =>
            me.request(`/v1/workspaces/${all.workspace}`, { ...DELETE, headers: by(all.zoe) }),
          "its new owner locks the file": () =>
            me.request(`/v1/files/${all.file}/lock`, { json: {}, headers: by(all.zoe) }),
        },
      };
    },
  },
].map((one) => ({ ...one, unordered: true }));
