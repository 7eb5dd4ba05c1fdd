/** Organizations, members and groups on the bundles that are deployed, with the rights that their role has. */
import { afterAll, beforeAll, expect, test } from "vitest";
import * as z from "zod";
import { keys } from "#aws/keys.ts";
import { page } from "#contract/common.ts";
import { FIRST_ORGANIZATION } from "#core/access/records.ts";
import { group, groupMember } from "#core/groups/contract.ts";
import { acceptance, invitation, newInvitation } from "#core/invitations/contract.ts";
import { member, organization } from "#core/organizations/contract.ts";
import { createPerson } from "#core/organizations/create-person.ts";
import { workspace } from "#core/workspaces/contract.ts";
import { eventually } from "#test/support/eventually.ts";
import { type Story, startStory } from "#test/support/story.ts";

let story: Story;
beforeAll(async () => {
  story = await startStory({ scopes: ["admin"], name: "boss" });
});
afterAll(() => story?.stop());

const MEMBERS = `/v1/orgs/${FIRST_ORGANIZATION}/members`;
const DELETE = { method: "DELETE" };

async function person(name: string, role: "member" | "guest" | "owner") {
  const deps = { table: story.table, now: story.cloud.clock.now };
  const email = `${name}@example.com`;
  const key = { scopes: ["files:read", "members:read"] as const, days: 1 };
  const { person_id, api_key } = await createPerson(deps, { email, name, role, key });
  const status = async (path: string) => (await story.api(path, { token: api_key })).status;
  return { id: person_id, status };
}

test("a team is put together, gets its rights as a group, and loses them one by one", async () => {
  const files = `/v1/workspaces/${story.workspaceId}/files`;
  const [zoe, ida] = [await person("zoe", "guest"), await person("ida", "guest")];
  const { group_id } = await story.json(group, "/v1/groups", { json: { name: "Prüfer" } });
  const grant = { principal_id: group_id, role: "viewer" };
  expect((await story.api(`/v1/workspaces/${story.workspaceId}/grants`, { json: grant })).status).toBe(201);
  const place = (id: string) => `/v1/groups/${group_id}/members/${id}`;
  for (const { id } of [zoe, ida]) expect((await story.api(place(id), { method: "PUT" })).status).toBe(204);
  expect([await zoe.status(files), await ida.status(files)]).toEqual([200, 200]);
  const inIt = await story.json(page.of(groupMember), `/v1/groups/${group_id}/members`);
  expect(inIt.items.map(({ name }) => name)).toEqual(["zoe", "ida"]);

  expect((await story.api(place(zoe.id), DELETE)).status).toBe(204);
  expect([await zoe.status(files), await ida.status(files)]).toEqual([404, 200]);
  expect((await story.api(`/v1/groups/${group_id}`, DELETE)).status).toBe(204);
  expect([await zoe.status(files), await ida.status(files)]).toEqual([404, 404]);
  expect(await story.json(page.of(group), "/v1/groups")).toMatchObject({ items: [] });
});

test("a member is promoted, and removed with what it was granted", async () => {
  const mia = await person("mia", "guest");
  const files = `/v1/workspaces/${story.workspaceId}/files`;
  const grant = { principal_id: mia.id, role: "viewer" };
  await story.api(`/v1/workspaces/${story.workspaceId}/grants`, { json: grant });
  expect([await mia.status(files), await mia.status(MEMBERS)]).toEqual([200, 403]);
  const path = `${MEMBERS}/${mia.id}`;
  const promoted = await story.json(member, path, { method: "PATCH", json: { role: "member" } });
  expect(promoted).toMatchObject({ principal_id: mia.id, role: "member", email: "mia@example.com" });
  expect(await mia.status(MEMBERS)).toBe(200);
  expect((await story.api(path, DELETE)).status).toBe(204);
  expect([await mia.status(files), await mia.status(MEMBERS)]).toEqual([404, 404]);
  const left = await story.json(page.of(member), `${MEMBERS}?limit=100`);
  expect(left.items.map(({ principal_id }) => principal_id)).not.toContain(mia.id);
});

test("another organization is made, named and seen by who is in it alone", async () => {
  const made = await story.json(organization, "/v1/orgs", { json: { name: "Werft" } });
  const path = `/v1/orgs/${made.organization_id}`;
  const renamed = await story.json(organization, path, { method: "PATCH", json: { name: "Werft & Söhne" } });
  expect(await story.json(organization, path)).toEqual(renamed);
  const all = await story.json(page.of(z.object({ name: z.string() })), "/v1/orgs");
  expect(all.items.map(({ name }) => name)).toEqual(["default", "Werft & Söhne"]);
  expect(await (await person("eva", "owner")).status(path)).toBe(404);
  const groups = `/v1/groups?organization=${made.organization_id}`;
  expect(await story.json(page.of(group), groups)).toEqual({ items: [], next_cursor: null });
});

test("somebody is invited, accepts, sees what was granted, and is removed for good", async () => {
  const made = await story.json(organization, "/v1/orgs", { json: { name: "Prüfung" } });
  const { workspace_id } = await story.json(workspace, "/v1/workspaces", {
    json: { name: "audit", organization: made.organization_id },
  });
  const path = `/v1/orgs/${made.organization_id}`;
  const deps = { table: story.table, now: story.cloud.clock.now };
  const mail = { email: "Nora@bücher.example", name: "Nora" };
  const nora = await createPerson(deps, {
    ...{ ...mail, role: "guest" },
    key: { scopes: ["files:read", "members:write"], days: 1 },
  });
  const terms = { role: "guest", grants: [{ resource_id: workspace_id, role: "viewer" }] };
  const invited = await story.json(newInvitation, `${path}/invitations`, {
    json: { email: "nora@xn--bcher-kva.example", ...terms },
  });
  const files = `/v1/workspaces/${workspace_id}/files`;
  const token = nora.api_key;
  expect((await story.api(files, { token })).status).toBe(404);
  const json = { token: invited.accept_token };
  expect((await story.api(invited.accept_url, { json })).status).toBe(403);
  const joined = await story.json(acceptance, invited.accept_url, { json, token });
  expect(joined).toMatchObject({ organization_id: made.organization_id, role: "guest" });
  expect((await story.api(files, { token })).status).toBe(200);
  expect((await story.api(invited.accept_url, { json, token })).status).toBe(410);
  const listed = await story.json(page.of(invitation), `${path}/invitations`);
  expect(listed.items).toMatchObject([{ state: "accepted", accepted_by: nora.person_id }]);
  expect((await story.api(`${path}/members/${nora.person_id}`, DELETE)).status).toBe(204);
  expect((await story.api(files, { token })).status).toBe(404);

  // Another is revoked, and one expires, which the sweep makes room for.
  const again = { email: mail.email, ...terms, expires_in: 60 };
  const second = await story.json(newInvitation, `${path}/invitations`, { json: again });
  expect((await story.api(`/v1/invitations/${second.invitation_id}`, DELETE)).status).toBe(204);
  const third = await story.json(newInvitation, `${path}/invitations`, { json: again });
  await story.advance(121_000);
  await story.cloud.waitForIdle();
  const over = await story.json(invitation, `/v1/invitations/${third.invitation_id}`);
  expect(over).toMatchObject({ state: "expired", ended_at: third.expires_at });
  await eventually(async () => {
    const [count] = await story.table.batchGet([keys.invitationCount(made.organization_id)]);
    expect(count?.["open"]).toBe(0);
  });
  const told = await story.api(`/v1/events?organization=${made.organization_id}&limit=100`);
  const text = await told.text();
  for (const type of ["invitation_created", "invitation_accepted", "invitation_revoked"])
    expect(text).toContain(type);
  expect(text).not.toContain("whi_");
});
