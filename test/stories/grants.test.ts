/** Who may do what, over HTTP on the local cloud, whose roles hold each function to its part of the table. */
import { afterAll, beforeAll, expect, test } from "vitest";
import * as z from "zod";
import { page, problem } from "#contract/common.ts";
import type { Scope } from "#contract/scopes.ts";
import { fileDetail } from "#core/files/contract.ts";
import { accessAnswer } from "#core/grants/access-contract.ts";
import { grant } from "#core/grants/contract.ts";
import { me } from "#core/grants/me-contract.ts";
import { share } from "#core/links/contract.ts";
import { createPerson } from "#core/organizations/create-person.ts";
import { workspace } from "#core/workspaces/contract.ts";
import type { ApiClient } from "#test/support/api-client.ts";
import { type Story, startStory } from "#test/support/story.ts";

const OWNING: readonly Scope[] = [
  ...(["files:read", "files:write", "files:delete", "grants:write", "workspaces:write"] as const),
  ...(["locks:write", "shares:write"] as const),
];
const DAY = 86_400_000;

let story: Story;
beforeAll(async () => {
  story = await startStory({ scopes: OWNING });
});
afterAll(() => story?.stop());

const put = async (filename: string) =>
  (await story.upload(Buffer.from("hello"), { filename, start: { content_type: "text/plain" } })).file_id;
const folderOf = async (fileId: string) => (await story.json(fileDetail, `/v1/files/${fileId}`)).folder_id;
const status = async (by: ApiClient, path: string) => (await by.api(path)).status;
const give = (place: string, json: unknown, by: ApiClient = story) =>
  by.json(grant, `/v1/${place}/grants`, { json });
const end = async (id: string, by: ApiClient = story) =>
  (await by.api(`/v1/grants/${id}`, { method: "DELETE" })).status;

test("a contractor gets one folder for a month", async () => {
  const plan = await put("plans/bridge/plan.txt");
  const salaries = await put("people/salaries.txt");
  const contractor = await story.client("contractor", ["files:read", "files:write"]);
  expect(await status(contractor, `/v1/files/${plan}`)).toBe(404);
  const folder = await folderOf(plan);
  const expires_at = new Date(story.cloud.clock.now() + 30 * DAY).toISOString();
  const given = await give(`folders/${folder}`, {
    ...{ principal_id: contractor.clientId, role: "contributor", expires_at },
  });

  expect(await status(contractor, `/v1/files/${plan}`)).toBe(200);
  expect(await status(contractor, `/v1/files/${salaries}`)).toBe(404);
  expect(await status(contractor, `/v1/workspaces/${story.workspaceId}/files?path=/people`)).toBe(404);
  const { file_id } = await contractor.upload(Buffer.from("span 120 m"), {
    filename: "notes.txt",
    start: { folder_id: folder },
  });
  expect(await folderOf(file_id)).toBe(folder);
  // Its own record says so, and who granted it can tell why.
  expect((await contractor.json(me, "/v1/me")).grants).toContainEqual({
    ...{ grant_id: given.grant_id, resource: given.resource, workspace_id: story.workspaceId },
    ...{ role: "contributor", expires_at },
  });
  const why = await story.json(accessAnswer, `/v1/files/${plan}/access?principal=${contractor.clientId}`);
  expect(why).toEqual({
    principal_id: contractor.clientId,
    actions: ["list", "read", "create"],
    because: [
      {
        on: folder,
        actions: ["list", "read", "create"],
        grant_id: given.grant_id,
        role: "contributor",
        expires_at,
      },
    ],
  });

  story.advance(31 * DAY);
  expect(await status(contractor, `/v1/files/${plan}`)).toBe(404);
  await story.eventually(async () => {
    const events = z.object({ items: z.array(z.looseObject({ type: z.string() })) });
    const { items } = await story.json(events, "/v1/events?type=grant_ended");
    expect(items).toMatchObject([
      { data: { grant_id: given.grant_id, reason: "expired", folder_id: folder } },
    ]);
  });
});

test("a grant that ends is refused at the very next call", async () => {
  const file = await put("shared/report.txt");
  const reader = await story.client("reader", ["files:read"]);
  const given = await give(`files/${file}`, { principal_id: reader.clientId, role: "viewer" });
  expect(await status(reader, `/v1/files/${file}`)).toBe(200);
  expect(await end(given.grant_id)).toBe(204);
  expect(await status(reader, `/v1/files/${file}`)).toBe(404);
  expect(await end(given.grant_id)).toBe(404);
});

test("a group's grant is its members', as long as they are members", async () => {
  const admin = await story.client("admin", ["admin"]);
  const file = await put("reviews/thesis.txt");
  const reviewer = await story.client("reviewer", ["files:read", "files:write"]);
  const group = await admin.json(z.object({ group_id: z.string() }), "/v1/groups", {
    json: { name: "Prüfer" },
  });
  const place = `/v1/groups/${group.group_id}/members/${reviewer.clientId}`;
  expect((await admin.api(place, { method: "PUT" })).ok).toBe(true);
  const given = await give(`workspaces/${story.workspaceId}`, {
    principal_id: group.group_id,
    role: "viewer",
  });

  expect(await status(reviewer, `/v1/files/${file}`)).toBe(200);
  const mine = await reviewer.json(page.of(z.looseObject({ grant_id: z.string() })), "/v1/me/grants");
  expect(mine.items).toContainEqual(
    expect.objectContaining({ grant_id: given.grant_id, via: group.group_id, workspace_name: "ci" }),
  );
  expect((await reviewer.json(accessAnswer, `/v1/files/${file}/access`)).because).toMatchObject([
    { grant_id: given.grant_id, via_group: group.group_id, on: story.workspaceId },
  ]);
  const asked = `/v1/files/${file}/access?principal=${group.group_id}`;
  expect((await story.json(accessAnswer, asked)).actions).toEqual(["list", "read"]);
  // A member sees it, and can't give it up for all.
  const leaver = await story.client("leaver", ["files:read", "grants:write"]);
  expect((await admin.api(place.replace(reviewer.clientId, leaver.clientId), { method: "PUT" })).ok).toBe(
    true,
  );
  expect(await status(leaver, `/v1/grants/${given.grant_id}`)).toBe(200);
  expect(await end(given.grant_id, leaver)).toBe(404);

  expect((await admin.api(place, { method: "DELETE" })).ok).toBe(true);
  expect(await status(reviewer, `/v1/files/${file}`)).toBe(404);
  expect(await end(given.grant_id)).toBe(204);
  expect(await status(leaver, `/v1/files/${file}`)).toBe(404);
});

test("nobody passes on more than they were given", async () => {
  const file = await put("delegated/a.txt");
  const lead = await story.client("lead", [...OWNING, "webhooks:write", "locks:break"]);
  const guest = await story.client("guest", ["files:read"]);
  await give(`files/${file}`, { principal_id: lead.clientId, actions: ["list", "read", "grant"] });
  await give(`files/${file}`, { principal_id: guest.clientId, role: "viewer" }, lead);
  expect(await status(guest, `/v1/files/${file}`)).toBe(200);
  const answer = await lead.api(`/v1/files/${file}/grants`, {
    json: { principal_id: guest.clientId, role: "editor" },
  });
  expect(problem.parse(await answer.json())).toMatchObject({
    ...{ status: 403, code: "forbidden", required_action: "create" },
  });
});

test("a member that may only look on is told who could grant more, and a guest isn't", async () => {
  const file = await put("looked-at/a.txt");
  const deps = { table: story.table, now: story.cloud.clock.now };
  const who = async (role: "member" | "guest") => {
    const { person_id, api_key } = await createPerson(deps, {
      ...{ email: `${role}@example.com`, name: role, role },
      key: { scopes: ["files:read", "files:delete", "members:read"], days: 1 },
    });
    await give(`files/${file}`, { principal_id: person_id, role: "viewer" });
    return story.api(`/v1/files/${file}`, { method: "DELETE", token: api_key });
  };
  const lead = await story.client("head", [...OWNING, "files:delete"]);
  await give(`files/${file}`, { principal_id: lead.clientId, actions: ["list", "read", "delete", "grant"] });
  const told = problem.extend({ grantors: z.array(z.string()) }).parse(await (await who("member")).json());
  expect(told.grantors[0]).toBe(lead.clientId);
  expect(told).toMatchObject({
    status: 403,
    required_action: "delete",
    grantors: expect.arrayContaining([story.clientId]),
  });
  expect(Object.keys((await (await who("guest")).json()) as object)).not.toContain("grantors");
});

test("a manager lists the links of one who has left, and revokes them", async () => {
  const file = await put("linked/a.txt");
  const partner = await story.client("partner", ["files:read", "shares:write"]);
  const given = await give(`files/${file}`, { principal_id: partner.clientId, actions: ["read", "share"] });
  const shares = `/v1/files/${file}/shares`;
  const link = await partner.json(share, shares, { json: {} });
  await story.json(share, shares, { json: {} });
  expect(await end(given.grant_id)).toBe(204);

  const open = () => fetch(link.share_url, { headers: { Accept: "application/json" }, redirect: "manual" });
  expect((await open()).status).toBe(302);
  const { items } = await story.json(page.of(share), `${shares}?created_by=${partner.clientId}`);
  expect(items.map(({ share_id, created_by }) => [share_id, created_by])).toEqual([
    [link.share_id, partner.clientId],
  ]);
  expect((await story.api(`/v1/shares/${link.share_id}`, { method: "DELETE" })).status).toBe(204);
  expect((await open()).status).toBe(410);
});

test("a workspace is made, opened to members, renamed, and taken from nobody meanwhile", async () => {
  const member = await story.client("colleague", OWNING);
  const made = await story.json(workspace, "/v1/workspaces", { json: { name: "launch" } });
  const { file_id } = await story.upload(Buffer.from("x"), {
    filename: "a.txt",
    start: { workspace: "launch" },
  });
  expect(await status(member, `/v1/files/${file_id}`)).toBe(404);
  const path = `/v1/workspaces/${made.workspace_id}`;
  await story.json(workspace, path, { method: "PATCH", json: { member_access: "viewer" } });
  expect(await status(member, `/v1/files/${file_id}`)).toBe(200);
  await story.json(workspace, path, { method: "PATCH", json: { name: "launched" } });
  for (const by of [story, member]) expect(await status(by, "/v1/workspaces/launched/files")).toBe(200);
  expect(await member.json(workspace, path)).toMatchObject({ name: "launched", member_access: "viewer" });
});

test("more than a record holds stand beside it, and end there", async () => {
  const many = await story.client("many", ["files:read"]);
  const file = await put("many/last.txt");
  const [principal_id, role, other] = [many.clientId, "viewer", await put("many/others.txt")];
  for (let n = 1; n < 50; n++) {
    const expires_at = new Date(story.cloud.clock.now() + n * DAY).toISOString();
    await give(`files/${other}`, { principal_id, role, expires_at });
  }
  const last = await give(`files/${file}`, { principal_id: many.clientId, role: "viewer" });
  expect((await many.json(me, "/v1/me")).more_grants).toBe(true);
  expect(await status(many, `/v1/files/${file}`)).toBe(200);
  expect(await end(last.grant_id)).toBe(204);
  expect(await status(many, `/v1/files/${file}`)).toBe(404);
});
