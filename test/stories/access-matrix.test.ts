/**
 * Every route of the contract, asked by everybody who has no right to what it is about: OWASP API1 (another's objects),
 * API3 (more of them than one may see) and API5 (functions that one may not use). A route that is added is asked too.
 */
import { afterAll, beforeAll, expect, test } from "vitest";
import * as z from "zod";
import type { Route } from "#contract/route.ts";
import { type Action, scopes as allScopes, holds, type Scope } from "#contract/scopes.ts";
import { FIRST_ORGANIZATION } from "#core/access/records.ts";
import { createClient } from "#core/accounts/create-client.ts";
import { allRoutes } from "#test/support/all-routes.ts";
import { type ApiClient, type ApiInit, createApiClient } from "#test/support/api-client.ts";
import { type Story, startStory } from "#test/support/story.ts";

const SCOPES = allScopes.filter((scope) => scope !== "admin");
const NOBODYS = "01JZZZZZZZZZZZZZZZZZZZZZZZ";
const OUTSIDERS = [
  ...(["other organization", "other workspace", "sibling folder", "folder below"] as const),
  ...(["expired grant", "guest"] as const),
];
const PRINCIPALS = [
  "no token",
  "wrong scope",
  "revoked key",
  "upload token",
  ...OUTSIDERS,
  "uploader",
  "viewer",
] as const;
type Principal = (typeof PRINCIPALS)[number] | "manager";

interface Asker extends ApiClient {
  id: string;
  /** Asked with instead of a token of its own. */
  credential?: string | null;
}

let story: Story;
let here: Awaited<ReturnType<typeof build>>;
let routes: Route[];
beforeAll(async () => {
  story = await startStory({ scopes: SCOPES, name: "owner" });
  routes = await allRoutes();
  here = await build();
});
afterAll(() => story?.stop());

const body = (text: string) => new TextEncoder().encode(text);
const answered = z.record(z.string(), z.unknown());

async function make(path: string, json: unknown, by: ApiClient = story): Promise<Record<string, string>> {
  const answer = await by.api(path, { json });
  if (!answer.ok) throw new Error(`${path}: ${answer.status} ${await answer.text()}`);
  return z.record(z.string(), z.string().catch("")).parse(await answer.json());
}

/** What is asked about, in a folder; and who asks, each with a grant that reaches everything but that. */
async function build() {
  const deps = { table: story.table, now: story.cloud.clock.now };
  const sent = (path: string, text: string) => story.upload(body(text), { filename: path });
  const first = await sent("projects/alpha/report.txt", "one");
  const second = await sent("projects/alpha/report.txt", "two");
  const [beta, inner, gone] = await Promise.all([
    sent("projects/beta/b.txt", "b"),
    sent("projects/alpha/inner/i.txt", "i"),
    sent("projects/alpha/gone.txt", "g"),
  ]);
  expect((await story.api(`/v1/files/${gone.file_id}`, { method: "DELETE" })).status).toBe(204);
  const other = await story.upload(body("o"), { filename: "o.txt", start: { workspace: "other" } });
  const file = first.file_id;
  const alpha = first.folder_id;
  const session = await make("/v1/uploads", { filename: "open.txt", size: 5, folder_id: alpha });
  const visit = await make("/v1/uploads", {
    ...{ filename: "visitors.txt", size: 5, folder_id: alpha, upload_token: true },
  });
  const lock = await make(`/v1/files/${file}/lock`, {});
  const key = await make("/v1/keys", {
    ...{ name: "mine", scopes: ["files:read"] },
    expires_at: new Date(story.cloud.clock.now() + 86_400_000).toISOString(),
  });
  const owners = await createClient(deps, { name: "boss", scopes: ["admin"], role: "owner" });
  const boss = createApiClient({
    ...{ origin: story.cloud.apiUrl, now: story.cloud.clock.now },
    ...{ clientId: owners.client_id, clientSecret: owners.client_secret },
  });
  const group = await make("/v1/groups", { name: "group" }, boss);
  const invitation = await make(
    `/v1/orgs/${FIRST_ORGANIZATION}/invitations`,
    { email: "zoe@example.com", role: "guest" },
    boss,
  );
  const elsewhere = await make("/v1/orgs", { name: "elsewhere" }, boss);
  const transfer = await make("/v1/transfers", {
    resource: { type: "file", id: file },
    to: { organization: elsewhere["organization_id"] },
  });
  const hook = { url: (await story.receiver()).url, events: ["*"] };
  const webhook = await make("/v1/webhooks", hook);

  async function client(
    name: string,
    given: Partial<Parameters<typeof createClient>[1]> = {},
  ): Promise<Asker> {
    const made = await createClient(deps, { name, scopes: SCOPES, role: "guest", ...given });
    const [clientId, clientSecret] = [made.client_id, made.client_secret];
    const { apiUrl, clock } = story.cloud;
    return { id: clientId, ...createApiClient({ origin: apiUrl, now: clock.now, clientId, clientSecret }) };
  }
  async function granted(name: string, on: string, role: string, more: object = {}): Promise<Asker> {
    const made = await client(name);
    const kind = on.startsWith("ws_") ? "workspaces" : "folders";
    await make(`/v1/${kind}/${on}/grants`, { principal_id: made.id, role, ...more });
    return made;
  }
  const soon = { expires_at: new Date(story.cloud.clock.now() + 60_000).toISOString() };
  const revoked = await granted("revoked", alpha, "manager");
  const dead = await make(
    "/v1/keys",
    {
      name: "dead",
      scopes: SCOPES,
      expires_at: new Date(story.cloud.clock.now() + 86_400_000).toISOString(),
    },
    revoked,
  );
  const narrow = await granted("narrow", alpha, "manager");
  const token = async (scope: Scope) =>
    String(
      answered.parse(
        await (
          await narrow.api("/v1/auth/token", {
            json: {
              grant_type: "urn:ietf:params:oauth:grant-type:token-exchange",
              subject_token: await narrow.token(),
              subject_token_type: "urn:ietf:params:oauth:token-type:access_token",
              scope,
            },
          })
        ).json(),
      )["access_token"],
    );
  const askers: Record<Principal, Asker> = {
    "no token": { ...story, id: "", credential: null },
    "wrong scope": narrow,
    "revoked key": { ...revoked, credential: dead["api_key"] ?? "" },
    "upload token": { ...story, id: "", credential: visit["upload_token"] ?? "" },
    "other organization": await client("stranger", { organization: elsewhere["organization_id"] ?? "" }),
    "other workspace": await granted("neighbour", other.workspace_id, "manager"),
    "sibling folder": await granted("sibling", beta.folder_id, "manager"),
    "folder below": await granted("below", inner.folder_id, "manager"),
    "expired grant": await granted("expired", alpha, "manager", soon),
    guest: await client("guest"),
    uploader: await granted("uploader", alpha, "uploader"),
    viewer: await granted("viewer", alpha, "viewer"),
    manager: await granted("manager", alpha, "manager"),
  };
  const grants = await (await story.api(`/v1/folders/${alpha}/grants`)).json();
  const [grant] = z.object({ items: z.array(z.object({ grant_id: z.string() })) }).parse(grants).items;
  expect((await revoked.api(`/v1/keys/${dead["key_id"]}`, { method: "DELETE" })).status).toBe(200);
  await story.advance(61_000);
  return {
    ...{ askers, wrong: { "locks:break": await token("locks:break"), other: await token("members:read") } },
    ...{
      workspace: first.workspace_id,
      otherWorkspace: other.workspace_id,
      alpha,
      beta: beta.folder_id,
      file,
      trashed: gone.file_id,
      version: first.version_id,
      current: second.version_id,
    },
    visit: { id: visit["upload_id"] ?? "", token: visit["upload_token"] ?? "" },
    ...{ session: session["upload_id"], share: first.share_id ?? "", lock_token: lock["lock_token"] ?? "" },
    ...{ transfer: transfer["transfer_id"], claim_token: transfer["claim_token"] ?? "" },
    ...{ invitation: invitation["invitation_id"], accept_token: invitation["accept_token"] },
    ...{ key: key["key_id"], group: group["group_id"], webhook: webhook["webhook_id"] },
    ...{ grant: grant?.grant_id, owner: story.clientId, hook, boss: { ...boss, id: owners.client_id } },
  };
}

/** The request of each route that needs more than a path. */
const requests: Record<string, () => ApiInit & { query?: string }> = {
  startUpload: () => ({ json: { filename: "new.txt", size: 3, folder_id: here.alpha } }),
  startUploads: () => ({ json: { files: [{ filename: "new.txt", size: 3, folder_id: here.alpha }] } }),
  finalizeUploads: () => ({ json: { upload_ids: [here.session] } }),
  changeFiles: () => ({ json: { tag: [{ file_id: here.file, tags: ["theirs"] }] } }),
  uploadFile: () => ({ method: "POST", body: formOf({ folder_id: here.alpha }) }),
  signParts: () => ({ json: { first: 1, count: 1 } }),
  sendChunk: () => ({ body: "x" }),
  finalizeUpload: () => ({ json: {} }),
  changeFolder: () => ({ json: { name: "alpha-2" } }),
  createFolder: () => ({ json: { parent_id: here.alpha, name: "new" } }),
  resolvePath: () => ({ query: "?path=projects/alpha/report.txt" }),
  listFiles: () => ({ query: `?folder=${here.alpha}&recursive=true` }),
  copyFile: () => ({ json: { folder: here.alpha, name: "copy.txt" } }),
  changeFile: () => ({ json: { description: "changed" } }),
  restoreVersion: () => ({ json: {} }),
  acquireLock: () => ({ json: {} }),
  waitForLock: () => ({ json: { wait_seconds: 1 } }),
  renewLock: () => ({ json: { lock_token: here.lock_token } }),
  releaseLock: () => ({ headers: { "Lock-Token": here.lock_token } }),
  breakLock: () => ({ json: { reason: "mine" } }),
  lockBatch: () => ({ json: { file_ids: [here.file] } }),
  createShare: () => ({ json: {} }),
  grantOnWorkspace: () => ({ json: { principal_id: here.owner, role: "viewer" } }),
  grantOnFolder: () => ({ json: { principal_id: here.owner, role: "viewer" } }),
  grantOnFile: () => ({ json: { principal_id: here.owner, role: "viewer" } }),
  listEvents: () => ({ query: `?workspace=${here.workspace}` }),
  registerWebhook: () => ({ json: { ...here.hook, folders: [here.alpha] } }),
  changeWebhook: () => ({ json: { description: "mine" } }),
  enableWebhook: () => ({ json: {} }),
  rotateWebhookSecret: () => ({ json: {} }),
  promoteWebhookSecret: () => ({ json: {} }),
  disableWebhook: () => ({ json: {} }),
  testWebhook: () => ({ json: {} }),
  redeliver: () => ({ json: {} }),
  recover: () => ({ json: { since: "2026-01-01T00:00:00.000Z" } }),
  createOrganization: () => ({ json: { name: "mine" } }),
  changeOrganization: () => ({ json: { name: "mine" } }),
  changeMember: () => ({ json: { role: "guest" } }),
  createInvitation: () => ({ json: { email: "mine@example.com", role: "guest" } }),
  acceptInvitation: () => ({ json: { token: here.accept_token } }),
  createGroup: () => ({ json: { name: "mine", organization: FIRST_ORGANIZATION } }),
  changeGroup: () => ({ json: { name: "mine" } }),
  addGroupMember: () => ({ json: {} }),
  listGroups: () => ({ query: `?organization=${FIRST_ORGANIZATION}` }),
  createClient: () => ({ json: { name: "mine", scopes: ["files:read"], organization: FIRST_ORGANIZATION } }),
  listClients: () => ({ query: `?organization=${FIRST_ORGANIZATION}` }),
  changeClient: () => ({ json: { name: "mine" } }),
  addClientSecret: () => ({ json: {} }),
  createKey: () => ({
    json: {
      ...{ name: "theirs", scopes: ["files:read"], client: here.owner },
      expires_at: new Date(story.cloud.clock.now() + 3_600_000).toISOString(),
    },
  }),
  listKeys: () => ({ query: `?client=${here.owner}` }),
  createWorkspace: () => ({ json: { name: "mine", organization: FIRST_ORGANIZATION } }),
  changeWorkspace: () => ({ json: { name: "mine" } }),
  closeOrganization: () => ({ query: "?name=default" }),
  createTransfer: () => ({ json: { resource: { type: "file", id: here.file } } }),
  acceptClaim: () => ({ json: { workspace: here.otherWorkspace } }),
  putOrganizationPolicy: () => ({ json: {} }),
  putWorkspacePolicy: () => ({ json: {} }),
  evaluatePolicy: () => ({ json: { workspace: here.workspace, act: { action: "delete" } } }),
};

function formOf(fields: Record<string, string>): FormData {
  const form = new FormData();
  form.set("file", new Blob(["x"]), "small.txt");
  for (const [name, value] of Object.entries(fields)) form.set(name, value);
  return form;
}

function pathOf({ path, id }: Route): string {
  const ids: Record<string, string | undefined> = {
    ...{ files: here.file, folders: here.alpha, workspaces: here.workspace, uploads: here.session },
    ...{ shares: here.share, webhooks: here.webhook, clients: here.owner, orgs: FIRST_ORGANIZATION },
    ...{ trash: here.trashed, groups: here.group, grants: here.grant, keys: here.key },
    ...{ invitations: here.invitation, transfers: here.transfer },
  };
  const [, , kind = ""] = path.split("/");
  const rest: Record<string, string> = {
    token: here.claim_token,
    ...{ v: here.version, principal: here.owner, sid: `sec_${NOBODYS}` },
    ...{ delivery_id: `dlv_${NOBODYS}`, job_id: `job_${NOBODYS}` },
  };
  return path.replaceAll(/\{(\w+)\}/g, (_, name: string) => {
    const value = name === "id" || name === "ws" ? ids[kind] : rest[name];
    if (value === undefined) throw new Error(`${id}: say what {${name}} is`);
    return value;
  });
}

async function ask(principal: Principal | Asker, route: Route): Promise<{ status: number; text: string }> {
  const asker = typeof principal === "string" ? here.askers[principal] : principal;
  const { query = "", ...init } = requests[route.id]?.() ?? {};
  const narrow = here.wrong[passes(route, "locks:break") ? "other" : "locks:break"];
  const token = principal === "wrong scope" ? narrow : asker.credential;
  const answer = await asker.api(`${pathOf(route)}${query}`, {
    ...init,
    method: route.method,
    ...(token === undefined ? {} : { token }),
  });
  const text = await answer.text();
  // Of one item, which is refused as its own route refuses.
  const item = answer.status === 422 && refusedBatch.safeParse(JSON.parse(text)).data?.items[0];
  return { status: item ? item.status : answer.status, text };
}

const refusedBatch = z.object({
  code: z.literal("batch_failed"),
  items: z.array(z.object({ status: z.int() })),
});

const passes = ({ scopes }: Route, scope: Scope) =>
  scopes === "public" || scopes.length === 0 || scopes.some((one) => holds(new Set([scope]), one));

/** Where whoever has nothing there gets an answer all the same, which tells nothing of it. */
const OPEN: Record<string, number> = {
  ...{ listOrganizations: 200, listWorkspaces: 200, listWebhooks: 200, listEventTypes: 200 },
  ...{ showMe: 200, listMyGrants: 200, listUploads: 200, listTransfers: 200 },
  // Names the folders that are no such.
  registerWebhook: 400,
};
/** Whose grants are in the workspace hears of nothing else there. */
const IN_WORKSPACE: ReadonlySet<Principal> = new Set([
  "sibling folder",
  "folder below",
  "uploader",
  "viewer",
]);
const SEEN: ReadonlySet<Action> = new Set(["list", "read"]);

/** The statuses that one may get. */
function expected(principal: Principal, { id, access, scopes, uploadToken }: Route): readonly number[] {
  if ("public" in access) return [];
  // Of another session; what is no session's isn't for it at all.
  if (principal === "upload token") return uploadToken === true ? [404] : [403];
  if (principal === "no token" || principal === "revoked key") return [401];
  if (principal === "wrong scope") return scopes.length === 0 ? [] : [403];
  const open = OPEN[id];
  if (open !== undefined) return [open];
  if (id === "listEvents") return IN_WORKSPACE.has(principal) ? [200] : [404];
  if ("organization" in access) return organizational(principal, id);
  if ("own" in access) return [403, 404];
  const action = access.action;
  const isWorkspace = ["listTrash", "evaluatePolicy"].includes(id) || id.includes("Workspace");
  const isSession = ("on" in access && access.on === "upload") || id === "finalizeUploads";
  if (principal === "viewer" && !isWorkspace && !isSession) {
    if (["getGrant", "endGrant", "showTransfer", "revokeTransfer"].includes(id)) return [403, 404];
    return SEEN.has(action) && id !== "copyFile" ? [200, 302, 307] : [403];
  }
  if (principal === "uploader" && CREATING.has(id)) return [200, 201];
  return [404];
}

const CREATING = new Set(["startUpload", "startUploads", "uploadFile"]);

/** All here are guests of the organization, but for the stranger, for whom it isn't there. */
function organizational(principal: Principal, id: string): readonly number[] {
  if (principal === "other organization") return [404];
  return id === "showOrganization" ? [200] : [403, 404];
}

test("asked about what is another's, every route says so, or that there is nothing", async () => {
  const wrong: unknown[] = [];
  let asked = 0;
  for (const route of routes) {
    for (const principal of PRINCIPALS) {
      const allowed = expected(principal, route);
      if (allowed.length === 0) continue;
      const { status, text } = await ask(principal, route);
      asked += 1;
      const tells = principal !== "viewer" && status < 400 && text.includes(here.file);
      if (!allowed.includes(status) || tells)
        wrong.push([route.id, principal, status, allowed, text.slice(0, 300)]);
    }
  }
  expect(wrong).toEqual([]);
  expect(asked).toBeGreaterThan(700);
}, 60_000);

test("asked to take what is one's own there, the target says as little", async () => {
  const asker = here.askers["other workspace"];
  const sent = { method: "POST", body: formOf({ workspace: here.otherWorkspace }) };
  const { file_id } = await answered.parseAsync(await (await asker.api("/v1/files/upload", sent)).json());
  for (const json of [
    { workspace: here.workspace },
    { workspace: here.workspace, folder: here.alpha },
    { workspace: here.workspace, folder: "/projects/alpha" },
    { workspace: here.workspace, folder: `fld_${NOBODYS}` },
  ]) {
    const { status } = await asker.api(`/v1/files/${file_id}`, { method: "PATCH", json });
    expect([status, json]).toEqual([404, json]);
  }
});

test("asked with a restricted token of whoever owns all, no route makes or changes anything", async () => {
  const restricted = await here.boss.api("/v1/auth/token", {
    json: {
      grant_type: "urn:ietf:params:oauth:grant-type:token-exchange",
      subject_token: await here.boss.token(),
      subject_token_type: "urn:ietf:params:oauth:token-type:access_token",
      authorization_details: [{ type: "file_access", actions: ["list", "read"], folder: here.beta }],
    },
  });
  const { access_token } = z.object({ access_token: z.string() }).parse(await restricted.json());
  const asker = { ...here.boss, credential: access_token };
  const made: unknown[] = [];
  const changing = routes.filter(({ method, access }) => method !== "GET" && !("public" in access));
  for (const route of changing) {
    const { status, text } = await ask(asker, route);
    if (![400, 403, 404].includes(status)) made.push([route.id, status, text.slice(0, 200)]);
  }
  expect(made).toEqual([]);
  expect(changing.length).toBeGreaterThan(45);
});

test("asked by whoever manages the folder, each of these does what it says", async () => {
  const order = ({ method }: Route) => ["GET", "PATCH", "PUT", "POST", "DELETE"].indexOf(method);
  const about = routes
    .filter(({ access }) => "on" in access && access.on !== "workspace" && access.on !== "upload")
    .filter(({ id }) => id !== "deleteFolder")
    .toSorted((a, b) => order(a) - order(b));
  const refused: unknown[] = [];
  for (const route of about) {
    const { status, text } = await ask("manager", route);
    if ([401, 403].includes(status) || (status === 404 && !text.includes("No version")))
      refused.push([route.id, status, text]);
    if (route.id === "deleteFile") break;
  }
  expect(refused).toEqual([]);
  expect(about.length).toBeGreaterThan(20);
  // With all that is in it, so that it comes last.
  const removing = { method: "DELETE" } as const;
  expect((await here.askers.manager.api(`/v1/folders/${here.alpha}`, removing)).status).toBe(204);
  expect((await here.askers.manager.api(`/v1/trash/${here.alpha}/restore`, { method: "POST" })).status).toBe(
    200,
  );
});

test("asked with an upload token, the routes of its own session answer, and they alone say that they do", async () => {
  const flagged = routes.filter(({ uploadToken }) => uploadToken === true);
  expect(flagged.map(({ id }) => id).sort()).toEqual([
    ...["abortUpload", "finalizeUpload", "getUpload", "sendChunk", "signParts"],
  ]);
  const order = ["getUpload", "signParts", "sendChunk", "finalizeUpload", "abortUpload"];
  const refused: unknown[] = [];
  for (const route of flagged.toSorted((a, b) => order.indexOf(a.id) - order.indexOf(b.id))) {
    const { query = "", ...init } = requests[route.id]?.() ?? {};
    const path = route.path.replace("{id}", here.visit.id);
    const { method } = route;
    const answer = await story.api(`${path}${query}`, { ...init, method, token: here.visit.token });
    if ([401, 403, 404].includes(answer.status)) refused.push([route.id, answer.status, await answer.text()]);
  }
  expect(refused).toEqual([]);
});
