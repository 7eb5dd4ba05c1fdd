/** A whole organization is handed over: what could act in it is listed before, and ends with the claim. */
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import * as z from "zod";
import { keys } from "#aws/keys.ts";
import { page } from "#contract/common.ts";
import {
  FIRST_ORGANIZATION,
  memberRecord,
  organizationRecord,
  workspaceRecord,
} from "#core/access/records.ts";
import { issueToken } from "#core/accounts/issue-token.ts";
import { clientRecord } from "#core/accounts/records.ts";
import { type HookRecord, hookRecord } from "#core/attempts/records.ts";
import { matchEndpoints } from "#core/endpoints/match-endpoints.ts";
import { newId } from "#core/kernel/ids.ts";
import { sweepOrganizations } from "#core/revocation/sweep-organizations.ts";
import { sweepHandovers } from "#core/transfers/sweep-handovers.ts";
import { read, refusal } from "#test/support/world.ts";
import { type Asking, claim, for_, made, type Story, startTransfers, statusOf } from "./story.ts";

let story: Story;
let world: Story["world"];
beforeAll(async () => {
  story = await startTransfers();
  ({ world } = story);
});
afterAll(() => story?.world.close());

type Customer = Awaited<ReturnType<Story["customer"]>>;
const loose = z.looseObject({});
const text = (answer: Record<string, unknown>, name: string) => z.string().parse(answer[name]);
async function post(by: Asking, path: string, json: unknown) {
  const answer = await by.request(path, { json });
  const body = await read(loose, answer);
  expect([answer.status, path, body]).toEqual([expect.toBeOneOf([200, 201, 202]), path, body]);
  return body;
}
let names = 0;

/** What carries this token or key. */
const bearer = (token: string): Asking => ({
  request: (path, { headers, ...rest } = {}) =>
    world.request(path, { ...rest, headers: { authorization: `Bearer ${token}`, ...headers } }),
});

const offer = (by: Customer, given: object = {}) =>
  by.request("/v1/transfers", {
    json: { resource: { type: "organization", id: by.organization }, ...given },
  });
const offered = (by: Customer, given: object = {}) => read(made, offer(by, given));

/** A member by an invitation. */
async function member(of: Customer, role: string) {
  const one = await story.customer();
  const invitation = await post(of, `/v1/orgs/${of.organization}/invitations`, { email: one.email, role });
  const token = text(invitation, "accept_token");
  expect(await statusOf(one.request("/v1/invitations/accept", { json: { token } }))).toBe(200);
  return one;
}

/** A service client of an organization, with a token. */
async function client(of: Customer, given: object = {}) {
  const made = await post(of, "/v1/clients", {
    ...{ name: `ci-${++names}`, organization: of.organization, role: "guest" },
    ...{ scopes: ["files:read", "files:write", "webhooks:write", "locks:write"], ...given },
  });
  const [clientId, clientSecret] = [text(made, "client_id"), text(made, "client_secret")];
  const { access_token } = await issueToken(world.deps, { clientId, clientSecret });
  return { id: clientId, secret: clientSecret, token: access_token, ...bearer(access_token) };
}

/** An organization with a workspace, two files and a link. */
async function filled() {
  const owner = await story.customer();
  const organization = owner.organization;
  const { workspace_id } = await post(owner, "/v1/workspaces", { name: "reports", organization });
  const place = { client_id: owner.id, workspace_id: z.string().parse(workspace_id) };
  const file = await world.addFile(place, "a.txt");
  const deep = await world.addFile(place, "data/b.txt", "hello again");
  const { share_url } = await post(owner, `/v1/files/${file}/shares`, { expire_in: 86_400 });
  return { owner, organization, ...place, file, deep, share_url: String(share_url) };
}

/** The same once it may begin. */
async function tidiedLater(): Promise<void> {
  world.advance(61_000);
  await tidied();
}

/** The sweep's next runs. */
async function tidied(): Promise<void> {
  for (let run = 0; run < 3; run++) {
    await sweepOrganizations(world.deps);
    await sweepHandovers(world.deps);
  }
}

const see = (by: Asking, path: string) => statusOf(by.request(path));

/** An endpoint of somebody's, as it is registered. */
async function endpointOf(client_id: string, organization_id: string): Promise<string> {
  const now = new Date(world.deps.now()).toISOString();
  const webhook_id = newId("hook", world.deps.now());
  const record: HookRecord = {
    ...{ webhook_id, client_id, organization_id, workspace_id: organization_id, events: ["*"], folders: [] },
    ...{ url: "https://hooks.example.com/a", rate_per_second: 10, created_at: now, updated_at: now },
  };
  await world.deps.table.transact([
    { put: { ...keys.hook(webhook_id), ...record }, condition: "attribute_not_exists(#pk)" },
  ]);
  return webhook_id;
}

/** Whether an endpoint would be told of what happens to a file. */
async function hears(endpoint: string, { workspace_id, file }: { workspace_id: string; file: string }) {
  const event = {
    ...{ id: "evt_01JZZZZZZZZZZZZZZZZZZZZZZZ", type: "file_deleted" as const, workspace_id, file_id: file },
    ...{ occurred_at: new Date(world.deps.now()).toISOString(), request_id: "r" },
    ...{ actor: { type: "system" as const, id: "test" }, data: {} },
  };
  const told = await matchEndpoints(world.deps, [event as never]);
  return told.some(({ hook }) => hook.webhook_id === endpoint);
}

describe("an organization", () => {
  test("is its claimer's with all that it has; who offered it keeps nothing", async () => {
    const { owner, organization, workspace_id, file, deep, share_url } = await filled();
    const zoe = await story.customer();
    const { claim_token, preview, residual_role } = await offered(owner, { to: { email: zoe.email } });
    expect(residual_role).toBe("none");
    expect(preview).toMatchObject({
      ...{ organization_id: organization, workspaces: 1, folders: 1, files: 2, bytes: 16, links: 1 },
      ...{ endpoints: 0, complete: true },
    });
    expect(preview.acting?.map(({ type, of }) => [type, of])).toEqual(
      expect.arrayContaining([
        ["person", undefined],
        ["key", owner.id],
      ]),
    );
    expect(await see(await story.customer(), `/v1/claims/${claim_token}`)).toBe(404);
    const shown = await read(loose, zoe.request(`/v1/claims/${claim_token}`));
    expect(shown).toMatchObject({ resource: { type: "organization", id: organization }, state: "pending" });
    const claimed = await read(loose, claim(claim_token, zoe));
    expect(claimed).toMatchObject({ organization: { organization_id: organization, role: "owner" } });

    const ways = [
      ...[`/v1/files/${file}`, `/v1/files/${deep}`, `/v1/workspaces/${workspace_id}`],
      ...[`/v1/workspaces/${workspace_id}/files`, `/v1/orgs/${organization}`],
      ...[`/v1/orgs/${organization}/members`, `/v1/clients?organization=${organization}`],
      `/v1/groups?organization=${organization}`,
    ];
    const statuses = (by: Asking) => Promise.all(ways.map((path) => see(by, path)));
    expect(await statuses(zoe)).toEqual(ways.map(() => 200));
    expect(await statuses(owner)).toEqual(ways.map(() => 404));
    expect(await statusOf(world.request(share_url))).toBe(302);
    const members = await read(page.of(loose), zoe.request(`/v1/orgs/${organization}/members`));
    expect(members.items.map(({ principal_id, role }) => [principal_id, role])).toEqual([[zoe.id, "owner"]]);
    const me = await read(z.looseObject({ organizations: z.array(loose) }), owner.request("/v1/me"));
    expect(me.organizations.map(({ organization_id }) => organization_id)).not.toContain(organization);

    // Nobody takes it back.
    const again = offer(owner);
    expect(await refusal(again)).toEqual([404, "not_found"]);
    expect(await refusal(claim(claim_token, owner))).toEqual([404, "not_found"]);
    expect(await refusal(claim(claim_token, zoe))).toEqual([410, "transfer_gone"]);
    // And it works on for its new owner, who owns what is in it.
    const gone = zoe.request(`/v1/workspaces/${workspace_id}`, { method: "DELETE" });
    expect(await statusOf(gone)).toBe(204);
    await post(zoe, `/v1/trash/${workspace_id}/restore`, {});
    const fresh = await post(zoe, "/v1/workspaces", { name: "reports", organization });
    expect(fresh["organization_id"]).toBe(organization);
    const kim = await member({ ...zoe, organization }, "admin");
    expect(await see(kim, `/v1/files/${deep}`)).toBe(200);
  });

  test("is claimed by one of fifty", async () => {
    const { owner, organization, file } = await filled();
    const { claim_token } = await offered(owner);
    const many = await Promise.all(Array.from({ length: 50 }, () => story.customer()));
    const statuses = await Promise.all(many.map((one) => statusOf(claim(claim_token, one))));
    expect(statuses.filter((status) => status === 200)).toHaveLength(1);
    expect(new Set(statuses)).toEqual(new Set([200, 410]));
    const sees = await Promise.all(many.map((one) => see(one, `/v1/files/${file}`)));
    expect(sees.filter((status) => status === 200)).toHaveLength(1);
    const record = await world.deps.table.get(organizationRecord, keys.organization(organization));
    expect(record).toMatchObject({ epoch: 1, owners: 1 });
  });

  test("leaves nobody a name of the other side's workspaces, once the sweep has passed", async () => {
    const { owner, organization, workspace_id } = await filled();
    const thrown = await post(owner, "/v1/workspaces", { name: "thrown", organization });
    const kept = await client(owner, { role: "admin", scopes: ["workspaces:write"] });
    const its = await post(kept, "/v1/workspaces", { name: "its-own", organization });
    expect(
      await statusOf(owner.request(`/v1/workspaces/${thrown["workspace_id"]}`, { method: "DELETE" })),
    ).toBe(204);
    const elsewhere = await post(owner, "/v1/orgs", { name: "Elsewhere" });
    const own = { organization: elsewhere["organization_id"] };
    const plans = await post(owner, "/v1/workspaces", { name: "plans", ...own });
    const { claim_token } = await offered(owner);
    const zoe = await story.customer();
    expect(await statusOf(claim(claim_token, zoe, { keep: [kept.id] }))).toBe(200);
    await post(zoe, `/v1/trash/${thrown["workspace_id"]}/restore`, {});
    world.advance(61_000);
    await tidied();
    const rename = (by: Asking, id: unknown, name: string) =>
      statusOf(by.request(`/v1/workspaces/${String(id)}`, { method: "PATCH", json: { name } }));
    expect(await rename(zoe, workspace_id, "plans")).toBe(200);
    expect(await rename(zoe, workspace_id, "reports")).toBe(200);
    for (const name of ["reports", "thrown"])
      expect((await post(owner, "/v1/workspaces", { name, ...own }))["name"]).toBe(name);
    expect(await rename(owner, plans["workspace_id"], "thrown")).toBe(409);
    // Who was kept calls its own by name still, and has one of a name.
    const more = kept.request("/v1/workspaces", { json: { name: "its-own", organization } });
    expect(await refusal(more)).toEqual([409, "name_taken"]);
    expect(await rename(zoe, its["workspace_id"], "its-own")).toBe(200);
  });

  test("takes back whoever left with it by an invitation, before the sweep and after it", async () => {
    for (const first of [true, false]) {
      const { owner, organization, file } = await filled();
      const kim = await member(owner, "admin");
      const { claim_token } = await offered(owner);
      const zoe = await story.customer();
      expect(await statusOf(claim(claim_token, zoe))).toBe(200);
      if (first) await tidiedLater();
      expect(await see(kim, `/v1/files/${file}`)).toBe(404);
      const at = `/v1/orgs/${organization}`;
      const invitation = await post(zoe, `${at}/invitations`, { email: kim.email, role: "member" });
      const json = { token: text(invitation, "accept_token") };
      expect(await statusOf(kim.request("/v1/invitations/accept", { json }))).toBe(200);
      const again = zoe.request(`${at}/invitations`, { json: { email: kim.email, role: "member" } });
      expect(await refusal(again)).toEqual([409, "conflict"]);
      await tidiedLater();
      const members = await read(page.of(loose), zoe.request(`${at}/members`));
      expect(members.items.map(({ principal_id, role }) => [principal_id, role])).toEqual(
        expect.arrayContaining([
          [zoe.id, "owner"],
          [kim.id, "member"],
        ]),
      );
      // What it was before is no part of that.
      expect(await see(kim, at)).toBe(200);
      expect(await see(kim, `/v1/files/${file}`)).toBe(404);
    }
  });

  test("goes back and forth, and each time what was given before is none", async () => {
    const { owner, organization, file } = await filled();
    const zoe = await story.customer();
    const kim = await member(owner, "admin");
    let [from, to] = [owner, { ...zoe, organization }];
    for (let turn = 0; turn < 3; turn++) {
      const { claim_token } = await offered(from);
      expect(await statusOf(claim(claim_token, to))).toBe(200);
      expect(await see(to, `/v1/files/${file}`)).toBe(200);
      for (const one of [from, kim]) expect(await see(one, `/v1/files/${file}`)).toBe(404);
      [from, to] = [to, from];
    }
  });

  test.each([
    ["viewer", { residual_role: "viewer" }, "/residual_role"],
    ["of webhooks without admin", { keep: { webhooks: true } }, "/keep/webhooks"],
    ["to an organization", { to: { organization: FIRST_ORGANIZATION } }, "/to/organization"],
  ])("isn't offered with what doesn't fit it: %s", async (_, given, pointer) => {
    const { owner } = await filled();
    const answer = await offer(owner, given);
    expect(answer.status).toBe(400);
    expect(await answer.json()).toMatchObject({ errors: [{ pointer }] });
  });

  test("isn't handed over by who doesn't own it, nor by a token that lacks what it takes", async () => {
    const { owner, organization } = await filled();
    const admin = await member(owner, "admin");
    expect(await refusal(offer({ ...admin, organization }))).toEqual([403, "forbidden"]);
    expect(await refusal(offer({ ...(await story.customer()), organization }))).toEqual([404, "not_found"]);
    const narrow = await post(owner, "/v1/keys", {
      ...{ name: "narrow", scopes: ["workspaces:write"] },
      expires_at: new Date(world.deps.now() + 86_400_000).toISOString(),
    });
    const weak = { ...owner, ...bearer(text(narrow, "api_key")) };
    expect(await refusal(offer(weak))).toEqual([403, "forbidden"]);
    const { claim_token } = await offered(owner);
    const kim = await story.customer();
    const short = await post(kim, "/v1/keys", {
      ...{ name: "short", scopes: ["workspaces:write"] },
      expires_at: new Date(world.deps.now() + 86_400_000).toISOString(),
    });
    expect(await refusal(claim(claim_token, bearer(text(short, "api_key"))))).toEqual([403, "forbidden"]);
    const program = await world.client("admin");
    expect(await refusal(claim(claim_token, program))).toEqual([403, "forbidden"]);
    expect(await refusal(claim(claim_token, owner))).toEqual([409, "conflict"]);
    expect(await refusal(claim(claim_token, kim, { workspace: "mine" }))).toEqual([400, "invalid_request"]);
    expect(
      await refusal(claim(claim_token, kim, { keep: [kim.id, admin.id, "cli_01JZZZZZZZZZZZZZZZZZZZZZZZ"] })),
    ).toEqual([400, "invalid_request"]);
  });

  test("that the deployment begins with stays whose it is", async () => {
    const first = await world.client("admin");
    await world.deps.table.transact([
      {
        key: keys.client(first.client_id),
        update: { set: { [`organizations.${FIRST_ORGANIZATION}`]: "owner" } },
        condition: "attribute_exists(#pk)",
      },
    ]);
    const asked = first.request("/v1/transfers", {
      json: { resource: { type: "organization", id: FIRST_ORGANIZATION } },
    });
    expect(await refusal(asked)).toEqual([409, "conflict"]);
  });

  test("that was closed, or whose owner offered it and left, can't be claimed", async () => {
    const { owner, organization } = await filled();
    const zoe = await story.customer();
    const { claim_token } = await offered(owner);
    const { name } = await read(
      z.looseObject({ name: z.string() }),
      owner.request(`/v1/orgs/${organization}`),
    );
    const close = owner.request(`/v1/orgs/${organization}?name=${encodeURIComponent(name)}`, {
      method: "DELETE",
    });
    expect(await statusOf(close)).toBe(204);
    expect(await refusal(claim(claim_token, zoe))).toEqual([410, "transfer_gone"]);

    const other = await filled();
    const second = await member(other.owner, "owner");
    const given = await offered(other.owner);
    const leave = second.request(`/v1/orgs/${other.organization}/members/${other.owner.id}`, {
      method: "DELETE",
    });
    expect(await statusOf(leave)).toBe(204);
    expect(await refusal(claim(given.claim_token, zoe))).toEqual([410, "transfer_gone"]);
  });
});

describe("back doors", () => {
  test("are listed before, and none works after the claim", async () => {
    const { owner, organization, workspace_id, file, deep, share_url } = await filled();
    const mallory = await story.customer();
    const on = `/v1/workspaces/${workspace_id}/grants`;
    const tomorrow = new Date(world.deps.now() + 86_400_000).toISOString();
    // 1 a client with a grant, 2 its key, 3 a token that was exchanged for a narrower one
    const scopes = ["files:read", "files:write", "locks:write", "clients:write"];
    const grants = [{ resource_id: workspace_id, role: "manager" }];
    const ci = await client(owner, { role: "admin", scopes, grants });
    const key = await post(ci, "/v1/keys", { name: "spare", scopes: ["files:read"], expires_at: tomorrow });
    const exchanged = await post(ci, "/v1/auth/token", {
      grant_type: "urn:ietf:params:oauth:grant-type:token-exchange",
      ...{ subject_token: ci.token, subject_token_type: "urn:ietf:params:oauth:token-type:access_token" },
      scope: "files:read",
    });
    // 4 an admin, 5 a second owner
    const [admin, second] = [await member(owner, "admin"), await member(owner, "owner")];
    // 6 an invitation that is open
    const invited = await story.customer();
    const invitation = await post(owner, `/v1/orgs/${organization}/invitations`, {
      ...{ email: invited.email, role: "owner" },
    });
    // 7 an endpoint
    const hook = await endpointOf(owner.id, organization);
    expect(await hears(hook, { workspace_id, file })).toBe(true);
    // 8 a transfer of its workspace, 9 another of itself
    const report = { resource: { type: "workspace", id: workspace_id } };
    const away = await read(made, owner.request("/v1/transfers", { json: report }));
    const spare = await offered(owner);
    // 10 a group with a grant, and somebody in it
    const group = await post(owner, "/v1/groups", { name: "friends", organization });
    const friend = await client(owner);
    const into = `/v1/groups/${group["group_id"]}/members/${friend.id}`;
    expect(await statusOf(owner.request(into, { method: "PUT", json: {} }))).toBeLessThan(300);
    await post(owner, on, { principal_id: group["group_id"], role: "editor" });
    // 11 a grant on one file
    const reader = await client(owner);
    await post(owner, `/v1/files/${deep}/grants`, { principal_id: reader.id, role: "viewer" });
    // 12 a session with an upload token, 13 a lock
    const session = await post(ci, "/v1/uploads", {
      ...{ filename: "late.txt", size: 5, workspace: workspace_id, upload_token: true },
    });
    const { lock_token } = await post(ci, `/v1/files/${file}/lock`, { ttl_seconds: 3_600 });
    // 14 what a handover left to who had another workspace before
    const before = await story.report();
    await story.handOver(before.workspace_id, owner, { residual_role: "manager" });
    const agent = story.agent;

    const { claim_token, preview } = await offered(owner, { keep: { shares: false } });
    const listed = new Map(preview.acting?.map((one) => [one.id, one]));
    const ids = [
      ...[ci.id, key["key_id"], admin.id, second.id, invitation["invitation_id"], hook],
      ...[away.transfer_id, spare.transfer_id, group["group_id"], friend.id, reader.id],
    ];
    expect(ids.filter((id) => !listed.has(String(id)))).toEqual([]);
    expect(listed.get(owner.id)?.can_be_kept).toBe(false);
    expect(listed.get(String(key["key_id"]))?.expires_at).toBe(tomorrow);
    expect(listed.get(second.id)).not.toHaveProperty("expires_at");
    expect(preview.acting).toContainEqual(
      expect.objectContaining({ type: "grant", of: agent.client_id, can_be_kept: false }),
    );
    expect(preview).toMatchObject({ complete: true, workspaces: 2 });

    const zoe = await story.customer();
    expect(await statusOf(claim(claim_token, zoe))).toBe(200);
    const tries: [string, Promise<number>][] = [
      ["a client", see(ci, `/v1/files/${file}`)],
      [
        "its next token",
        issueToken(world.deps, { clientId: ci.id, clientSecret: ci.secret }).then(({ access_token }) =>
          see(bearer(access_token), `/v1/files/${file}`),
        ),
      ],
      ["a key", see(bearer(text(key, "api_key")), `/v1/files/${file}`)],
      ["a narrower token", see(bearer(text(exchanged, "access_token")), `/v1/files/${file}`)],
      ["an admin", see(admin, `/v1/workspaces/${workspace_id}/files`)],
      ["an admin of members", see(admin, `/v1/orgs/${organization}/members`)],
      ["a second owner", see(second, `/v1/orgs/${organization}`)],
      [
        "a second owner's change",
        statusOf(second.request(`/v1/orgs/${organization}`, { method: "PATCH", json: { name: "mine" } })),
      ],
      [
        "a workspace of its own",
        statusOf(second.request("/v1/workspaces", { json: { name: "mine", organization } })),
      ],
      [
        "an invitation",
        statusOf(invited.request("/v1/invitations/accept", { json: { token: invitation["accept_token"] } })),
      ],
      ["a transfer of a workspace", statusOf(claim(away.claim_token, mallory, for_(mallory)))],
      ["another transfer", statusOf(claim(spare.claim_token, mallory))],
      ["a group", see(friend, `/v1/workspaces/${workspace_id}/files`)],
      ["a grant on a file", see(reader, `/v1/files/${deep}`)],
      [
        "an upload token",
        statusOf(
          bearer(text(session, "upload_token")).request(`/v1/uploads/${session["upload_id"]}/finalize`, {
            json: {},
          }),
        ),
      ],
      ["a session", see(ci, `/v1/uploads/${session["upload_id"]}`)],
      ["a lock", statusOf(ci.request(`/v1/files/${file}/lock/renew`, { json: { lock_token } }))],
      ["what an earlier handover left", see(agent, `/v1/files/${before.file}`)],
      [
        "an endpoint's management",
        statusOf(owner.request(`/v1/orgs/${organization}/members/${mallory.id}`, { method: "DELETE" })),
      ],
      ["the trash", see(owner, `/v1/orgs/${organization}/trash`)],
      ["a restored organization", statusOf(owner.request(`/v1/trash/${organization}/restore`, { json: {} }))],
      ["closing it", statusOf(owner.request(`/v1/orgs/${organization}?name=x`, { method: "DELETE" }))],
    ];
    const results = await Promise.all(tries.map(async ([what, status]) => [what, await status] as const));
    expect(results.filter(([, status]) => status !== 404 && status !== 410)).toEqual([]);
    expect(await statusOf(world.request(share_url))).toBe(410);
    expect(await hears(hook, { workspace_id, file })).toBe(false);
    // The lock holds nobody up.
    const free = zoe.request(`/v1/files/${file}`, { method: "PATCH", json: { tags: ["mine"] } });
    expect(await statusOf(free)).toBe(200);

    // The sweep tidies up, and nothing of it comes back.
    world.advance(61_000);
    await tidied();
    for (const { id } of [ci, friend, reader])
      expect((await world.deps.table.get(clientRecord, keys.client(id)))?.revoked_at).toBeDefined();
    const row = await world.deps.table.get(memberRecord, keys.member(organization, admin.id));
    expect(row?.left_at).toBeDefined();
    const { items } = await read(page.of(loose), zoe.request(`${on}?limit=100`));
    expect(items).toEqual([]);
    const open = await read(
      page.of(loose),
      zoe.request(`/v1/orgs/${organization}/invitations?state=pending`),
    );
    expect(open.items).toEqual([]);
    const record = await world.deps.table.get(organizationRecord, keys.organization(organization));
    expect(record?.tidying).toBeUndefined();
    expect(await see(zoe, `/v1/files/${file}`)).toBe(200);
  });
});

test("what is to end after a claim ends though the organization was closed and restored meanwhile", async () => {
  const { owner, organization, workspace_id } = await filled();
  const ci = await client(owner);
  const trashed = await post(owner, "/v1/workspaces", { name: "old", organization });
  const old = text(trashed, "workspace_id");
  await post(owner, `/v1/workspaces/${old}/grants`, { principal_id: ci.id, role: "viewer" });
  expect(await statusOf(owner.request(`/v1/workspaces/${old}`, { method: "DELETE" }))).toBe(204);
  const { claim_token } = await offered(owner);
  const zoe = await story.customer();
  expect(await statusOf(claim(claim_token, zoe))).toBe(200);
  const { name } = await read(z.looseObject({ name: z.string() }), zoe.request(`/v1/orgs/${organization}`));
  const close = `/v1/orgs/${organization}?name=${encodeURIComponent(name)}`;
  expect(await statusOf(zoe.request(close, { method: "DELETE" }))).toBe(204);
  world.advance(61_000);
  await tidied();
  expect((await world.deps.table.get(clientRecord, keys.client(ci.id)))?.revoked_at).toBeUndefined();
  await post(zoe, `/v1/trash/${organization}/restore`, {});
  await post(zoe, `/v1/trash/${old}/restore`, {});
  await tidied();
  expect((await world.deps.table.get(clientRecord, keys.client(ci.id)))?.revoked_at).toBeDefined();
  for (const workspace of [workspace_id, old]) {
    const { items } = await read(page.of(loose), zoe.request(`/v1/workspaces/${workspace}/grants`));
    expect(items).toEqual([]);
    const record = await world.deps.table.get(workspaceRecord, keys.workspace(workspace));
    expect(record?.tidying).toBeUndefined();
  }
});

describe("what the claimer keeps by id", () => {
  test("goes on with its role and grants, and nothing else does", async () => {
    const { owner, organization, workspace_id, file } = await filled();
    const tomorrow = new Date(world.deps.now() + 86_400_000).toISOString();
    const scopes = ["files:read", "clients:write"];
    const grants = [{ resource_id: workspace_id, role: "viewer" }];
    const [ci, other] = [await client(owner, { grants }), await client(owner, { grants })];
    const robot = await client(owner, { role: "admin", scopes });
    const [kim, lee] = [await member(owner, "admin"), await member(owner, "admin")];
    const keyOf = async (by: Asking, name: string) => {
      const made = await post(by, "/v1/keys", { name, scopes: ["files:read"], expires_at: tomorrow });
      return { id: text(made, "key_id"), ...bearer(text(made, "api_key")) };
    };
    const [good, spare] = [await keyOf(robot, "good"), await keyOf(robot, "spare")];
    const [heard, deaf] = [await endpointOf(kim.id, organization), await endpointOf(kim.id, organization)];
    const own = (await read(page.of(z.looseObject({ key_id: z.string() })), kim.request("/v1/keys"))).items;
    const { claim_token, preview } = await offered(owner);
    expect(preview.acting).toContainEqual(
      expect.objectContaining({ id: good.id, of: robot.id, can_be_kept: true }),
    );
    const zoe = await story.customer();
    for (const keep of [[spare.id], [heard], [owner.id], ["key_01JZZZZZZZZZZZZZZZZZZZZZZZ", robot.id]]) {
      const refused = await claim(claim_token, zoe, { keep });
      expect([keep, refused.status, await refused.json()]).toMatchObject([
        keep,
        400,
        { errors: [{ pointer: "/keep/0" }] },
      ]);
    }
    const keep = [ci.id, robot.id, good.id, kim.id, heard, ...own.map(({ key_id }) => key_id)];
    expect(await statusOf(claim(claim_token, zoe, { keep }))).toBe(200);

    const sees = (all: readonly Asking[]) => Promise.all(all.map((by) => see(by, `/v1/files/${file}`)));
    expect(await sees([zoe, ci, robot, good, kim])).toEqual([200, 200, 200, 200, 200]);
    expect(await sees([owner, other, spare, lee])).toEqual([404, 404, 404, 404]);
    expect([await hears(heard, { workspace_id, file }), await hears(deaf, { workspace_id, file })]).toEqual([
      true,
      false,
    ]);

    world.advance(61_000);
    await tidied();
    expect(await sees([zoe, ci, robot, good, kim])).toEqual([200, 200, 200, 200, 200]);
    expect(await sees([owner, spare, lee])).toEqual([404, 401, 404]);
    const disabled = async (id: string) =>
      (await world.deps.table.get(hookRecord, keys.hook(id)))?.disabled_reason;
    expect([await disabled(heard), await disabled(deaf)]).toEqual([undefined, "no_access"]);
    expect(await see(other, `/v1/files/${file}`)).toBe(401);
    const clients = await read(
      page.of(z.looseObject({ client_id: z.string() })),
      zoe.request(`/v1/clients?organization=${organization}`),
    );
    expect(clients.items.map(({ client_id }) => client_id).sort()).toEqual([ci.id, robot.id].sort());
    const given = await read(page.of(loose), zoe.request(`/v1/workspaces/${workspace_id}/grants`));
    expect(given.items.map(({ principal_id }) => principal_id)).toEqual([ci.id]);

    // Handed on without them, they end too.
    const next = await offered({ ...zoe, organization });
    const last = await story.customer();
    expect(await statusOf(claim(next.claim_token, last, { keep: [ci.id] }))).toBe(200);
    expect(await sees([last, ci])).toEqual([200, 200]);
    expect(await sees([zoe, robot, good, kim])).toEqual([404, 404, 404, 404]);
    expect(await hears(heard, { workspace_id, file })).toBe(false);
  });

  test("isn't widened by a key that wasn't kept: what that makes is no better", async () => {
    const { owner, organization, workspace_id, file } = await filled();
    const [kim, robot] = [
      await member(owner, "owner"),
      await client(owner, { role: "admin", scopes: ["files:read", "clients:write"] }),
    ];
    const { claim_token } = await offered(owner);
    const expires_at = new Date(world.deps.now() + 86_400_000).toISOString();
    const keyBy = async (by: Asking, given: object = {}) => {
      const scopes = ["files:read", "clients:write"];
      const made = await post(by, "/v1/keys", { name: "another", scopes, expires_at, ...given });
      return bearer(text(made, "api_key"));
    };
    const spare = await keyBy(robot);
    const zoe = await story.customer();
    expect(await statusOf(claim(claim_token, zoe, { keep: [kim.id, robot.id] }))).toBe(200);
    const again = await keyBy(kim);
    const third = await keyBy(again);
    const robots = await keyBy(spare);
    for (const by of [kim, again, third, spare, robots])
      for (const path of [`/v1/files/${file}`, `/v1/orgs/${organization}`])
        expect([path, await see(by, path)]).toEqual([path, 404]);
    // By the client's own secret, which was kept with it, and by what its new owner makes, all is well.
    expect(await see(robot, `/v1/workspaces/${workspace_id}/files`)).toBe(200);
    expect(await see(await keyBy(robot), `/v1/files/${file}`)).toBe(200);
    const given = await keyBy(zoe, { client: robot.id, scopes: ["files:read"] });
    expect(await see(given, `/v1/files/${file}`)).toBe(200);
  });

  test("outlives who made it", async () => {
    const { owner, workspace_id, file } = await filled();
    const scopes = ["files:read", "clients:write", "grants:write"];
    const agent = await client(owner, { role: "admin", scopes });
    const grants = [{ resource_id: workspace_id, role: "viewer" }];
    const made = await client({ ...owner, ...agent }, { scopes: ["files:read"], grants });
    const { claim_token } = await offered(owner);
    const zoe = await story.customer();
    expect(await statusOf(claim(claim_token, zoe, { keep: [made.id] }))).toBe(200);
    world.advance(61_000);
    await tidied();
    expect((await world.deps.table.get(clientRecord, keys.client(agent.id)))?.revoked_at).toBeDefined();
    expect(await see(made, `/v1/files/${file}`)).toBe(200);
  });

  test("isn't needed of an issuer that stays an admin: by the key of its offer alone, or by all it has", async () => {
    for (const webhooks of [false, true]) {
      const { owner, organization, workspace_id, file } = await filled();
      const tomorrow = new Date(world.deps.now() + 86_400_000).toISOString();
      const spare = await post(owner, "/v1/keys", {
        name: "spare",
        scopes: ["files:read"],
        expires_at: tomorrow,
      });
      const hook = await endpointOf(owner.id, organization);
      const { claim_token } = await offered(owner, { residual_role: "admin", keep: { webhooks } });
      const zoe = await story.customer();
      expect(await statusOf(claim(claim_token, zoe))).toBe(200);
      expect(await see(owner, `/v1/files/${file}`)).toBe(200);
      expect(await see(bearer(text(spare, "api_key")), `/v1/files/${file}`)).toBe(webhooks ? 200 : 404);
      expect(await hears(hook, { workspace_id, file })).toBe(webhooks);
      expect(await refusal(offer(owner))).toEqual([403, "forbidden"]);
      const at = `/v1/orgs/${organization}/members/${owner.id}`;
      expect(await statusOf(zoe.request(at, { method: "DELETE" }))).toBe(204);
      expect(await see(owner, `/v1/files/${file}`)).toBe(404);
    }
  });
});
