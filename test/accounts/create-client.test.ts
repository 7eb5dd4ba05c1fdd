import { afterAll, beforeAll, expect, test } from "vitest";
import { keys } from "#aws/keys.ts";
import type { MemberRole } from "#contract/roles.ts";
import type { Scope } from "#contract/scopes.ts";
import { ensureFirstOrganization } from "#core/access/ensure-first-organization.ts";
import { FIRST_ORGANIZATION, memberRecord, organizationRecord } from "#core/access/records.ts";
import { createClient } from "#core/accounts/create-client.ts";
import { clientRecord } from "#core/accounts/records.ts";
import { startWorld, type World } from "#test/support/world.ts";

let world: World;
beforeAll(async () => {
  world = await startWorld();
});
afterAll(() => world?.close());

const owners = async () =>
  (await world.deps.table.get(organizationRecord, keys.organization(FIRST_ORGANIZATION)))?.owners;

test("several that come first make one organization, and one of them owns it", async () => {
  const names = ["a", "b", "c", "d"];
  const made = await Promise.all(names.map((name) => createClient(world.deps, { name, scopes: ["admin"] })));
  expect(made.map(({ role }) => role).sort()).toEqual(["admin", "admin", "admin", "owner"]);
  expect(await owners()).toBe(1);
  expect(await ensureFirstOrganization(world.deps)).toMatchObject({ name: "default", owners: 1 });
});

test.for([
  [["files:read"], undefined, "guest"],
  [["files:read", "workspaces:write"], undefined, "member"],
  [["admin"], undefined, "admin"],
  [["admin"], "guest", "guest"],
  [["files:read"], "owner", "owner"],
] as const)("with scopes %j and --role %s it is %s", async ([scopes, role, expected]) => {
  const given: { name: string; scopes: readonly Scope[]; role: MemberRole | undefined } = {
    ...{ name: "made", scopes, role },
  };
  const before = (await owners()) ?? 0;
  const { client_id, workspace_id, organization_id, ...made } = await createClient(world.deps, given);
  expect([made.role, organization_id]).toEqual([expected, FIRST_ORGANIZATION]);
  const client = await world.deps.table.get(clientRecord, keys.client(client_id));
  expect(client).toMatchObject({ organizations: { [FIRST_ORGANIZATION]: expected }, groups: [] });
  expect(Object.values(client?.grants ?? {})).toEqual([{ on: workspace_id, workspace_id, role: "owner" }]);
  expect(client?.secrets[0]?.secret_id).toMatch(/^sec_/);
  expect(client?.makes_workspaces).toBeUndefined();
  const member = await world.deps.table.get(memberRecord, keys.member(FIRST_ORGANIZATION, client_id));
  expect(member).toMatchObject({ principal_id: client_id, role: expected });
  expect(await owners()).toBe(before + (expected === "owner" ? 1 : 0));
});

test("an organization that isn't there gets no client", async () => {
  const organization = "org_01JZZZZZZZZZZZZZZZZZZZZZZZ";
  await expect(createClient(world.deps, { name: "x", scopes: [], organization })).rejects.toMatchObject({
    code: "not_found",
  });
});
