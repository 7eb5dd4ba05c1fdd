import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { keys } from "#aws/keys.ts";
import { page } from "#contract/common.ts";
import type { Role } from "#contract/roles.ts";
import { grantWrites } from "#core/access/grant-writes.ts";
import { FIRST_ORGANIZATION, type GrantRecord } from "#core/access/records.ts";
import { group, groupMember } from "#core/groups/contract.ts";
import { newId } from "#core/kernel/ids.ts";
import { iso } from "#core/kernel/time.ts";
import { organization } from "#core/organizations/contract.ts";
import { type Client, read, refusal, startWorld, type World } from "#test/support/world.ts";
import { type Person, people } from "./people.ts";

let world: World;
let person: ReturnType<typeof people>;
let admin: Person;
let client: Client;
beforeAll(async () => {
  world = await startWorld();
  person = people(world);
  admin = await person("admin");
  client = await world.client("files:read", "files:write");
});
afterAll(() => world?.close());

const groups = page.of(group);
const members = page.of(groupMember);
const PUT = { method: "PUT" };
const DELETE = { method: "DELETE" };
/** Longer than DynamoDB knows a transaction by its token. */
const LATE_MS = 15 * 60_000;

async function made(name: string, by: Person = admin): Promise<string> {
  const answer = by.request("/v1/groups", { json: { name } });
  return (await read(group, answer)).group_id;
}

const put = (groupId: string, id: string, by: Person = admin) =>
  by.request(`/v1/groups/${groupId}/members/${id}`, PUT);

let grants = 0;

async function grantTo(
  principal_id: string,
  { further = false, role = "viewer" }: { further?: boolean; role?: Role } = {},
): Promise<string> {
  const grant: GrantRecord = {
    grant_id: newId("grt", world.deps.now()),
    principal_id,
    on: client.workspace_id,
    workspace_id: client.workspace_id,
    organization_id: FIRST_ORGANIZATION,
    role,
    created_at: iso(world.deps.now()),
    created_by: admin.id,
    // No two are the same.
    expires_ms: world.deps.now() + 86_400_000 + ++grants,
  };
  await world.deps.table.transact(grantWrites(grant, { further }));
  return grant.grant_id;
}

const files = async (by: Person) => (await by.request(`/v1/workspaces/${client.workspace_id}/files`)).status;
const memberIds = async (id: string) =>
  (await read(members, admin.request(`/v1/groups/${id}/members`))).items.map((one) => one.principal_id);

test("an admin puts nobody into a group that has more than a manager: an owner does", async () => {
  const owner = await person("owner");
  const id = await made("proprietors");
  await grantTo(id, { role: "owner" });
  const other = await person("guest");
  const refused = await put(id, other.id);
  expect(await refused.json()).toMatchObject({ status: 403, required_role: ["owner"] });
  expect(await memberIds(id)).toEqual([]);
  expect((await put(id, other.id, owner)).status).toBe(204);
  // One that has ended by itself is none.
  world.advance(2 * 86_400_000);
  expect((await put(id, (await person("guest")).id)).status).toBe(204);
});

test("who has left is brought back by no late copy of a call that was sent again", async () => {
  const id = await made("revolving door");
  const other = await person("guest");
  let lost = false;
  world.setFault(({ action }) => {
    if (action !== "TransactWriteItems" || lost) return undefined;
    lost = true;
    return { late: { afterMs: LATE_MS }, answered: false };
  });
  expect((await put(id, other.id)).status).toBe(503);
  world.setFault();
  expect((await put(id, other.id)).status).toBe(204);
  expect((await admin.request(`/v1/groups/${id}/members/${other.id}`, DELETE)).status).toBe(204);
  world.advance(LATE_MS);
  world.advanceServices(LATE_MS);
  await world.late.arrived();
  expect(lost).toBe(true);
  expect(await memberIds(id)).toEqual([]);
});

describe("a group", () => {
  test("is made, named in any script, listed, renamed and deleted", async () => {
    const id = await made("Prüfer 検査 🚢");
    expect(await read(group, admin.request(`/v1/groups/${id}`))).toMatchObject({
      group_id: id,
      organization_id: FIRST_ORGANIZATION,
      name: "Prüfer 検査 🚢",
    });
    const listed = async () =>
      (await read(groups, admin.request("/v1/groups?limit=100"))).items.map((one) => one.group_id);
    expect(await listed()).toContain(id);
    const renamed = admin.request(`/v1/groups/${id}`, { method: "PATCH", json: { name: "Nur Leser" } });
    expect((await read(group, renamed)).name).toBe("Nur Leser");
    for (let twice = 0; twice < 2; twice++)
      expect((await admin.request(`/v1/groups/${id}`, DELETE)).status).toBe(204);
    expect(await listed()).not.toContain(id);
    for (const [path, given] of [
      [`/v1/groups/${id}`, {}],
      [`/v1/groups/${id}`, { method: "PATCH", json: { name: "x" } }],
      [`/v1/groups/${id}/members`, {}],
      [`/v1/groups/${id}/members/${admin.id}`, PUT],
    ] as const)
      expect(await refusal(admin.request(path, given))).toEqual([404, "not_found"]);
  });

  test("lists in pages", async () => {
    const ids = [await made("a"), await made("b"), await made("c")];
    const found = [];
    let cursor: string | null = null;
    do {
      const path: string = `/v1/groups?limit=1${cursor === null ? "" : `&cursor=${cursor}`}`;
      const part = await read(groups, admin.request(path));
      found.push(...part.items.map((one) => one.group_id));
      cursor = part.next_cursor;
    } while (cursor !== null);
    expect(found).toEqual(expect.arrayContaining(ids));
    expect(found).toEqual([...new Set(found)].sort());
  });

  test.for([
    ["owner", 200, 200],
    ["admin", 200, 200],
    ["member", 200, 403],
    ["guest", 404, 404],
  ] as const)("%s: sees it %i, changes it %i", async ([role, sees, changes]) => {
    const [caller, id] = [await person(role), await made("seen")];
    expect((await caller.request(`/v1/groups/${id}`)).status).toBe(sees);
    expect((await caller.request(`/v1/groups/${id}/members`)).status).toBe(sees);
    const named = { method: "PATCH", json: { name: "changed" } };
    expect((await caller.request(`/v1/groups/${id}`, named)).status).toBe(changes);
    expect((await put(id, caller.id, caller)).status).toBe(changes === 200 ? 204 : changes);
  });

  test("another organization's isn't there", async () => {
    const stranger = await person("owner");
    const answer = stranger.request("/v1/orgs", { json: { name: "Theirs" } });
    const { organization_id } = await read(organization, answer);
    const theirs = await read(
      group,
      stranger.request("/v1/groups", { json: { name: "Theirs", organization: organization_id } }),
    );
    for (const given of [{}, { method: "PATCH", json: { name: "x" } }, DELETE])
      expect(await refusal(admin.request(`/v1/groups/${theirs.group_id}`, given))).toEqual([
        404,
        "not_found",
      ]);
    // And who isn't of its organization is nobody to it.
    expect(await refusal(put(theirs.group_id, admin.id, stranger))).toEqual([404, "not_found"]);
  });
});

describe("membership", () => {
  test("gives and takes what the group was granted, at once", async () => {
    const [id, reader] = [await made("Readers"), await person("guest")];
    await grantTo(id);
    expect(await files(reader)).toBe(404);
    for (let twice = 0; twice < 2; twice++) expect((await put(id, reader.id)).status).toBe(204);
    expect(await files(reader)).toBe(200);
    expect(await memberIds(id)).toEqual([reader.id]);
    const path = `/v1/groups/${id}/members/${reader.id}`;
    for (let twice = 0; twice < 2; twice++) expect((await admin.request(path, DELETE)).status).toBe(204);
    expect(await files(reader)).toBe(404);
    expect(await memberIds(id)).toEqual([]);
    expect((await put(id, reader.id)).status).toBe(204);
    expect(await files(reader)).toBe(200);
    expect(await memberIds(id)).toEqual([reader.id]);
  });

  test("ends with the group, also of many grants", async () => {
    const [id, reader] = [await made("Readers"), await person("guest")];
    await put(id, reader.id);
    const given = [await grantTo(id)];
    for (let nth = 0; nth < 3; nth++) given.push(await grantTo(id, { further: true }));
    expect(await files(reader)).toBe(200);
    expect((await admin.request(`/v1/groups/${id}`, DELETE)).status).toBe(204);
    expect(await files(reader)).toBe(404);
    const stored = await world.deps.table.batchGet(given.map((one) => keys.grant(one)));
    expect(stored.every((item) => item["ended_at"] !== undefined)).toBe(true);
    const told = (await world.events("grant_ended")).map(({ data }) => [data["grant_id"], data["reason"]]);
    expect(told).toEqual(expect.arrayContaining(given.map((one) => [one, "left"])));
    const [record] = await world.deps.table.batchGet([keys.principal(reader.id)]);
    expect(record).toMatchObject({ groups: [] });
  });

  test("ends with that of the organization", async () => {
    const [id, reader] = [await made("Readers"), await person("member")];
    await grantTo(id);
    await put(id, reader.id);
    expect(await files(reader)).toBe(200);
    await admin.request(`/v1/orgs/${FIRST_ORGANIZATION}/members/${reader.id}`, DELETE);
    expect(await files(reader)).toBe(404);
    expect(await memberIds(id)).toEqual([]);
    expect(await refusal(put(id, reader.id))).toEqual([404, "not_found"]);
  });

  test("one is in 20 groups at most, also where more come at once", async () => {
    const joiner = await person("member");
    const ids = [];
    for (let nth = 0; nth < 22; nth++) ids.push(await made(`g${nth}`));
    for (const id of ids.slice(0, 19)) expect((await put(id, joiner.id)).status).toBe(204);
    const answers = await Promise.all(ids.slice(19).map((id) => put(id, joiner.id)));
    expect(answers.filter(({ status }) => status === 204)).toHaveLength(1);
    expect(answers.filter(({ status }) => status !== 204).map(({ status }) => status)).toEqual([429, 429]);
    const [record] = await world.deps.table.batchGet([keys.principal(joiner.id)]);
    expect(record?.["groups"]).toHaveLength(20);
  });

  test("is not for groups: there is one level", async () => {
    const [id, other] = [await made("outer"), await made("inner")];
    expect(await refusal(put(id, other))).toEqual([400, "invalid_request"]);
  });

  test("a group that is deleted while somebody comes in has nobody", async () => {
    const [id, joiner] = [await made("going"), await person("member")];
    const answer = await world.meanwhile(
      () => put(id, joiner.id),
      () => admin.request(`/v1/groups/${id}`, DELETE),
    );
    expect(answer.status).toBe(404);
    const [record] = await world.deps.table.batchGet([keys.principal(joiner.id)]);
    expect(record).toMatchObject({ groups: [] });
  });

  test("somebody who is removed from the organization meanwhile comes into no group", async () => {
    const [id, joiner] = [await made("late"), await person("member")];
    const answer = await world.meanwhile(
      () => put(id, joiner.id),
      () => admin.request(`/v1/orgs/${FIRST_ORGANIZATION}/members/${joiner.id}`, DELETE),
    );
    expect(answer.status).toBe(404);
    expect(await memberIds(id)).toEqual([]);
  });
});
