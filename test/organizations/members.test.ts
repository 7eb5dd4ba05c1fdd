import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { keys } from "#aws/keys.ts";
import { TransactionFailed } from "#aws/table.ts";
import { page, problem } from "#contract/common.ts";
import type { MemberRole } from "#contract/roles.ts";
import { grantWrites } from "#core/access/grant-writes.ts";
import { memberWrite, ownerGained } from "#core/access/organization-writes.ts";
import { FIRST_ORGANIZATION, type GrantRecord, grantRecord, memberRecord } from "#core/access/records.ts";
import { newId } from "#core/kernel/ids.ts";
import { iso } from "#core/kernel/time.ts";
import { member, organization as organizationSchema } from "#core/organizations/contract.ts";
import { type Client, read, refusal, startWorld, type World } from "#test/support/world.ts";
import { type Person, people } from "./people.ts";

let world: World;
let person: ReturnType<typeof people>;
/** An organization's first owner, and what each test has of its own beside it. */
let owner: Person;
let client: Client;
beforeAll(async () => {
  world = await startWorld();
  person = people(world);
  owner = await person("owner");
  client = await world.client("files:read", "files:write");
});
afterAll(() => world?.close());

const MEMBERS = `/v1/orgs/${FIRST_ORGANIZATION}/members`;
const list = page.of(member);
const give = (role: MemberRole) => ({ method: "PATCH", json: { role } });
const REMOVE = { method: "DELETE" };
const at = (id: string, members = MEMBERS) => `${members}/${id}`;

/** An organization of its own, with an owner. */
async function ownOrganization() {
  const first = await person("owner");
  const answer = first.request("/v1/orgs", { json: { name: "Own" } });
  const { organization_id } = await read(organizationSchema, answer);
  return { first, organization: organization_id, members: `/v1/orgs/${organization_id}/members` };
}

let grants = 0;

/** A grant on a client's workspace, as somebody gave it. */
async function grantOn(workspace_id: string, principal_id: string, further = false): Promise<string> {
  const grant: GrantRecord = {
    grant_id: newId("grt", world.deps.now()),
    principal_id,
    on: workspace_id,
    workspace_id,
    organization_id: FIRST_ORGANIZATION,
    role: "viewer",
    created_at: iso(world.deps.now()),
    created_by: owner.id,
    // No two are the same.
    expires_ms: world.deps.now() + 86_400_000 + ++grants,
  };
  await world.deps.table.transact(grantWrites(grant, { further }));
  return grant.grant_id;
}

const files = (by: Person) => by.request(`/v1/workspaces/${client.workspace_id}/files`);

describe("the list", () => {
  test("has clients and persons with their roles, in pages, and by role", async () => {
    const one = await person("member");
    const rows = [];
    let cursor: string | null = null;
    do {
      const after: string = cursor === null ? "" : `&cursor=${cursor}`;
      const part = await read(list, owner.request(`${MEMBERS}?limit=1${after}`));
      rows.push(...part.items);
      cursor = part.next_cursor;
    } while (cursor !== null);
    expect(rows).toEqual(
      expect.arrayContaining([
        expect.objectContaining({ principal_id: client.client_id, type: "client", role: "guest" }),
        expect.objectContaining({
          ...{ principal_id: one.id, type: "person", name: one.name, email: one.email, role: "member" },
        }),
      ]),
    );
    expect(rows.map(({ principal_id }) => principal_id)).toEqual(
      rows.map(({ principal_id }) => principal_id).sort(),
    );
    const owners = await read(list, owner.request(`${MEMBERS}?role=owner`));
    expect(new Set(owners.items.map(({ role }) => role))).toEqual(new Set(["owner"]));
    expect(await refusal(owner.request(`${MEMBERS}?role=king`))).toEqual([400, "invalid_request"]);
  });

  test("a guest may not see it, a member may, and nobody without the scope", async () => {
    expect(await refusal((await person("guest")).request(MEMBERS))).toEqual([403, "forbidden"]);
    expect((await (await person("member")).request(MEMBERS)).status).toBe(200);
    const without = await person("owner", { scopes: ["files:read"] });
    expect(await refusal(without.request(MEMBERS))).toEqual([403, "forbidden"]);
  });
});

describe("roles", () => {
  const allowed: Record<MemberRole, (from: MemberRole, to: MemberRole) => boolean> = {
    owner: () => true,
    admin: (from, to) => from !== "owner" && to !== "owner",
    member: () => false,
    guest: () => false,
  };
  const all = ["owner", "admin", "member", "guest"] as const;
  test.for(all.flatMap((by) => all.flatMap((from) => all.map((to) => [by, from, to] as const))))(
    "%s changes %s to %s",
    async ([by, from, to]) => {
      const [caller, other] = [await person(by), await person(from)];
      const answer = await caller.request(at(other.id), give(to));
      expect(answer.status).toBe(allowed[by](from, to) ? 200 : 403);
      const after = await read(member, owner.request(at(other.id), give(allowed[by](from, to) ? to : from)));
      expect(after.role).toBe(allowed[by](from, to) ? to : from);
    },
  );

  test("a change counts from the next call on, and is told once", async () => {
    const other = await person("guest");
    const told = async () =>
      (await world.events("member_changed")).filter(({ data }) => data["principal_id"] === other.id);
    expect((await other.request(MEMBERS)).status).toBe(403);
    for (let twice = 0; twice < 2; twice++) await owner.request(at(other.id), give("member"));
    expect((await other.request(MEMBERS)).status).toBe(200);
    const [event, ...more] = await told();
    expect(more).toEqual([]);
    expect(event).toMatchObject({
      organization_id: FIRST_ORGANIZATION,
      actor: { type: "person", id: owner.id },
      data: { principal_id: other.id, role: "member", from: "guest" },
    });
  });

  test("changes at once: record and list say the same, and each is told as it was", async () => {
    const other = await person("guest");
    const answers = await Promise.all(
      (["admin", "member", "owner", "guest"] as const).map((role) => owner.request(at(other.id), give(role))),
    );
    expect(answers.every(({ status }) => status === 200 || status === 409)).toBe(true);
    const row = await world.deps.table.get(memberRecord, keys.member(FIRST_ORGANIZATION, other.id));
    const [record] = await world.deps.table.batchGet([keys.principal(other.id)]);
    expect(record?.["organizations"]).toEqual({ [FIRST_ORGANIZATION]: row?.role });
    const told = (await world.events("member_changed")).filter(
      ({ data }) => data["principal_id"] === other.id,
    );
    // Each begins where another ended.
    const ends = told.map(({ data }) => data["role"]);
    for (const { data } of told) expect(["guest", ...ends]).toContain(data["from"]);
  });

  test("one that isn't there, a group and nonsense", async () => {
    expect(await refusal(owner.request(at("usr_01JZZZZZZZZZZZZZZZZZZZZZZZ"), give("guest")))).toEqual([
      404,
      "not_found",
    ]);
    for (const id of ["grp_01JZZZZZZZZZZZZZZZZZZZZZZZ", "me"])
      expect(await refusal(owner.request(at(id), give("guest")))).toEqual([400, "invalid_request"]);
  });

  test("a revoked client becomes no owner", async () => {
    const gone = await world.client("files:read");
    const { client_id } = gone;
    await world.deps.table.update({
      ...{ key: keys.client(client_id), update: { set: { revoked_at: iso(world.deps.now()) } } },
      blind: "seeded",
    });
    expect(await refusal(owner.request(at(client_id), give("owner")))).toEqual([409, "conflict"]);
  });
});

describe("the last owner", () => {
  test("neither leaves nor becomes less", async () => {
    const { first, members } = await ownOrganization();
    for (const given of [REMOVE, give("admin")])
      expect(await refusal(first.request(at(first.id, members), given))).toEqual([409, "conflict"]);
    expect((await first.request(members)).status).toBe(200);
  });

  test.for([
    ["leave", REMOVE],
    ["become guests", give("guest")],
  ] as const)("two owners %s at once: one of them stays", async ([, given]) => {
    const { first, members } = await ownOrganization();
    const second = await person("guest");
    // As an invitation would do it.
    await joinAs(second.id, "owner", members.split("/")[3] ?? "");
    const answers = await Promise.all([first, second].map((one) => one.request(at(one.id, members), given)));
    expect(answers.map(({ status }) => status).filter((status) => status < 300)).toHaveLength(1);
    const statuses = await Promise.all(
      [first, second].map(async (one) => (await one.request(members)).status),
    );
    expect(statuses.filter((status) => status === 200)).toHaveLength(1);
  });
});

/** Makes somebody a member, as it becomes one that accepts an invitation. */
async function joinAs(principal: string, role: MemberRole, organization: string): Promise<void> {
  await world.deps.table.transact([
    memberWrite(world.deps.now(), { organization, principal, role }),
    {
      key: keys.principal(principal),
      update: { set: { [`organizations.${organization}`]: role } },
      condition: "attribute_exists(#pk)",
    },
    ...(role === "owner" ? [ownerGained(organization, 0)] : []),
  ]);
}

describe("whoever is removed", () => {
  test("may nothing more from the next call on, and is told of once", async () => {
    const other = await person("member");
    const grant = await grantOn(client.workspace_id, other.id);
    expect((await files(other)).status).toBe(200);
    expect((await other.request(MEMBERS)).status).toBe(200);
    for (let twice = 0; twice < 2; twice++)
      expect((await owner.request(at(other.id), REMOVE)).status).toBe(204);
    expect(await refusal(files(other))).toEqual([404, "not_found"]);
    expect(await refusal(other.request(MEMBERS))).toEqual([404, "not_found"]);
    expect((await world.deps.table.get(grantRecord, keys.grant(grant)))?.ended_at).toBeDefined();
    const listed = await read(list, owner.request(`${MEMBERS}?limit=100`));
    expect(listed.items.map(({ principal_id }) => principal_id)).not.toContain(other.id);
    const told = (await world.events("member_left")).filter(({ data }) => data["principal_id"] === other.id);
    expect(told.map(({ data }) => data["role"])).toEqual(["member"]);
    expect(await refusal(owner.request(at(other.id), give("admin")))).toEqual([404, "not_found"]);
  });

  test("loses what its record has no room for too, and keeps what is another organization's", async () => {
    const { first, organization } = await ownOrganization();
    const other = await person("guest");
    await joinAs(other.id, "guest", organization);
    const elsewhere = await world.client("files:read");
    await world.deps.table.update({
      ...{ key: keys.workspace(elsewhere.workspace_id), blind: "seeded" },
      update: { set: { organization_id: organization } },
    });
    const kept = [await grantOn(elsewhere.workspace_id, other.id)];
    const lost = [await grantOn(client.workspace_id, other.id)];
    for (let nth = 0; nth < 45; nth++) lost.push(await grantOn(client.workspace_id, other.id, true));
    kept.push(await grantOn(elsewhere.workspace_id, other.id, true));
    expect((await owner.request(at(other.id), REMOVE)).status).toBe(204);
    const [record] = await world.deps.table.batchGet([keys.principal(other.id)]);
    expect(record).toMatchObject({ organizations: { [organization]: "guest" }, more_grants: 1 });
    expect(Object.keys(Object(record?.["grants"]))).toEqual(kept.slice(0, 1));
    const stored = await world.deps.table.batchGet([...kept, ...lost].map((id) => keys.grant(id)));
    const ended = stored.filter((item) => item["ended_at"] !== undefined).map((item) => item["grant_id"]);
    expect(new Set(ended)).toEqual(new Set(lost));
    expect(await refusal(files(other))).toEqual([404, "not_found"]);
    const path = `/v1/workspaces/${elsewhere.workspace_id}/files`;
    expect((await other.request(path)).status).toBe(200);
    expect((await first.request(`/v1/orgs/${organization}`)).status).toBe(200);
  });

  test("where the call breaks off, another finishes it", async () => {
    const other = await person("member");
    const given = [await grantOn(client.workspace_id, other.id)];
    for (let nth = 0; nth < 3; nth++) given.push(await grantOn(client.workspace_id, other.id, true));
    let transactions = 0;
    world.setFault(({ action }) =>
      action === "TransactWriteItems" && ++transactions > 1 ? "before" : undefined,
    );
    expect((await owner.request(at(other.id), REMOVE)).status).toBeGreaterThanOrEqual(500);
    world.setFault();
    expect((await owner.request(at(other.id), REMOVE)).status).toBe(204);
    const stored = await world.deps.table.batchGet(given.map((id) => keys.grant(id)));
    expect(stored.every((item) => item["ended_at"] !== undefined)).toBe(true);
    expect(await refusal(files(other))).toEqual([404, "not_found"]);
  });

  test("what is granted in the same moment goes too", async () => {
    const other = await person("member");
    const leave = () => owner.request(at(other.id), REMOVE);
    let grant = "";
    const answer = await world.meanwhile(leave, async () => {
      grant = await grantOn(client.workspace_id, other.id);
    });
    expect(answer.status).toBe(204);
    expect((await world.deps.table.get(grantRecord, keys.grant(grant)))?.ended_at).toBeDefined();
    expect(await refusal(files(other))).toEqual([404, "not_found"]);
  });

  test("is granted nothing by a call that began before", async () => {
    const other = await person("member");
    await owner.request(at(other.id), REMOVE);
    await expect(grantOn(client.workspace_id, other.id)).rejects.toThrow(TransactionFailed);
    await expect(grantOn(client.workspace_id, other.id, true)).rejects.toThrow(TransactionFailed);
  });

  test.for([
    ["owner", "owner", 204],
    ["admin", "owner", 403],
    ["admin", "admin", 204],
    ["member", "guest", 403],
    ["guest", "guest", 403],
  ] as const)("%s removes %s: %i", async ([by, role, status]) => {
    const [caller, other] = [await person(by), await person(role)];
    expect((await caller.request(at(other.id), REMOVE)).status).toBe(status);
  });

  test("everybody may leave, but a client its own organization", async () => {
    const guest = await person("guest");
    expect((await guest.request(at(guest.id), REMOVE)).status).toBe(204);
    const own = await world.client("members:write");
    for (const by of [own, owner]) {
      const answer = await by.request(at(own.client_id), REMOVE);
      const { code, detail } = await read(problem, answer);
      expect([answer.status, code]).toEqual([409, "conflict"]);
      expect(detail).toContain(`DELETE /v1/clients/${own.client_id}`);
    }
  });
});
