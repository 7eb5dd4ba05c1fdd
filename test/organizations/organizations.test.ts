import { afterAll, beforeAll, expect, test } from "vitest";
import * as z from "zod";
import { page } from "#contract/common.ts";
import { FIRST_ORGANIZATION } from "#core/access/records.ts";
import { organization } from "#core/organizations/contract.ts";
import { createApp } from "#http/app.ts";
import { fileRoutes } from "#lambdas/api/routes.ts";
import { read, refusal, startWorld, type World } from "#test/support/world.ts";
import { type Person, people } from "./people.ts";

let world: World;
let owner: Person;
let guest: Person;
let person: ReturnType<typeof people>;
beforeAll(async () => {
  world = await startWorld();
  person = people(world);
  owner = await person("owner");
  guest = await person("guest");
});
afterAll(() => world?.close());

const list = page.of(organization);
const make = (by: Person, name: string, headers: Record<string, string> = {}) =>
  by.request("/v1/orgs", { json: { name }, headers });

test("an owner of one makes another, owns it, and finds it among its own", async () => {
  const maker = await person("owner");
  const answer = await make(maker, "Hafen & Söhne 日本");
  expect(answer.status).toBe(201);
  const made = await read(organization, answer);
  expect(made).toMatchObject({ name: "Hafen & Söhne 日本", role: "owner" });
  const first = await read(list, maker.request("/v1/orgs?limit=1"));
  expect(first.items.map(({ organization_id }) => organization_id)).toEqual([FIRST_ORGANIZATION]);
  const rest = await read(list, maker.request(`/v1/orgs?cursor=${first.next_cursor}`));
  expect(rest).toEqual({ items: [made], next_cursor: null });
  expect(await read(organization, maker.request(`/v1/orgs/${made.organization_id}`))).toEqual(made);
  const told = (await world.events("member_joined")).at(-1);
  expect(told).toMatchObject({
    organization_id: made.organization_id,
    actor: { type: "person", id: maker.id },
    data: { principal_id: maker.id, role: "owner" },
  });
  expect(told).not.toHaveProperty("workspace_id");
});

test("another's organization isn't there, whatever is asked of it", async () => {
  const maker = await person("owner");
  const { organization_id: id } = await read(organization, make(maker, "Verborgen"));
  const member = `/v1/orgs/${id}/members/${maker.id}`;
  const asked: [string, object][] = [
    [`/v1/orgs/${id}`, {}],
    [`/v1/orgs/${id}`, { method: "PATCH", json: { name: "x" } }],
    [`/v1/orgs/${id}/members`, {}],
    [member, { method: "PATCH", json: { role: "guest" } }],
    [member, { method: "DELETE" }],
    [`/v1/groups?organization=${id}`, {}],
    ["/v1/groups", { json: { name: "x", organization: id } }],
  ];
  for (const [path, given] of asked)
    expect(await refusal(owner.request(path, given)), path).toEqual([404, "not_found"]);
});

test("it is renamed by who administers it, and by nobody else", async () => {
  const path = `/v1/orgs/${FIRST_ORGANIZATION}`;
  const named = (name: string) => ({ method: "PATCH", json: { name } });
  expect(await read(organization, owner.request(path, named("Kai\u0308")))).toMatchObject({
    name: "Ka\u00ef",
  });
  expect(await read(organization, owner.request(path, named("Kaï")))).toMatchObject({ name: "Kaï" });
  for (const role of ["member", "guest"] as const)
    expect(await refusal((await person(role)).request(path, named("x")))).toEqual([403, "forbidden"]);
  const admin = await person("admin");
  expect((await admin.request(path, named("Acme Inc."))).status).toBe(200);
  expect(await read(organization, guest.request(path))).toMatchObject({ name: "Acme Inc.", role: "guest" });
});

test("names given at once: one of them stays, and no late copy brings back an older", async () => {
  const path = `/v1/orgs/${FIRST_ORGANIZATION}`;
  const names = Array.from({ length: 4 }, (_, nth) => `Name ${nth}`);
  const statuses = await Promise.all(
    names.map(async (name) => (await owner.request(path, { method: "PATCH", json: { name } })).status),
  );
  expect(statuses).toContain(200);
  expect(statuses.every((status) => status === 200 || status === 409)).toBe(true);
  expect(names).toContain((await read(organization, owner.request(path))).name);
});

test.for([
  ["nothing", ""],
  ["a space at its end", "Acme "],
  ["what shows nothing", "Ac\u200bme"],
  ["a line end", "Ac\nme"],
  ["256 bytes", "ü".repeat(128)],
] as const)("no name: %s", async ([, name]) => {
  expect(await refusal(make(owner, name))).toEqual([400, "invalid_request"]);
});

test("a repeat under the same Idempotency-Key makes no second one", async () => {
  const maker = await person("owner");
  const key = { "Idempotency-Key": "5f0c3c1e-once" };
  const [first, again] = [await make(maker, "Once", key), await make(maker, "Once", key)];
  expect(await again.json()).toEqual(await first.json());
  expect((await read(list, maker.request("/v1/orgs"))).items).toHaveLength(2);
});

test("one belongs to 20 at most", async () => {
  const maker = await person("owner");
  for (let nth = 1; nth < 20; nth++) expect((await make(maker, `No ${nth}`)).status).toBe(201);
  expect(await refusal(make(maker, "One more"))).toEqual([429, "grant_limit"]);
});

test.for([
  ["admin", { owner: 201, admin: 201, member: 403, guest: 403 }],
  ["member", { owner: 201, admin: 201, member: 201, guest: 403 }],
  ["nobody", { owner: 403, admin: 403, member: 403, guest: 403 }],
] as const)("where orgCreation is %s", async ([orgCreation, expected]) => {
  const app = createApp({ ...world.deps, orgCreation }, fileRoutes);
  for (const role of ["owner", "admin", "member", "guest"] as const) {
    const { api_key } = await person(role);
    const headers = { authorization: `Bearer ${api_key}` };
    const answer = await world.request("/v1/orgs", { json: { name: "New" }, headers }, app);
    expect([role, answer.status]).toEqual([role, expected[role]]);
  }
});

test("with admin, a key without that scope makes none", async () => {
  const maker = await person("owner", { scopes: ["members:write"] });
  expect(await refusal(make(maker, "New"))).toEqual([403, "forbidden"]);
});

test("who belongs to several says which one is meant", async () => {
  const maker = await person("owner");
  await make(maker, "Second");
  expect(await refusal(maker.request("/v1/groups"))).toEqual([409, "conflict"]);
  const groups = await maker.request(`/v1/groups?organization=${FIRST_ORGANIZATION}`);
  expect(await read(page.of(z.unknown()), groups)).toMatchObject({ next_cursor: null });
});
