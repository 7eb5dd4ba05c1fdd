import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { keys, under } from "#aws/keys.ts";
import { page, problem } from "#contract/common.ts";
import type { Scope } from "#contract/scopes.ts";
import { FIRST_ORGANIZATION } from "#core/access/records.ts";
import { grant } from "#core/grants/contract.ts";
import { me } from "#core/grants/me-contract.ts";
import { newId } from "#core/kernel/ids.ts";
import { workspace } from "#core/workspaces/contract.ts";
import { workspaceNamed } from "#core/workspaces/workspace-named.ts";
import { callerOf } from "#test/support/caller.ts";
import { uploader } from "#test/support/uploads.ts";
import { type Client, type Given, read, refusal, startWorld, type World } from "#test/support/world.ts";

let world: World;
let admin: Client;
let member: Client;

/** All that is stored but for tokens, which end by themselves. */
const lasting = async () => (await world.dump()).filter(({ sk }) => !String(sk).startsWith(under.tokens));
/** Longer than DynamoDB knows a transaction by its token. */
const LATE_MS = 15 * 60_000;
const MEMBER: Scope[] = ["files:read", "files:write", "workspaces:write", "grants:write"];

beforeAll(async () => {
  world = await startWorld();
  admin = await world.client("admin");
  member = await world.client(...MEMBER);
});
afterAll(() => world.close());

const make = (name: string, more: Record<string, unknown> = {}, by: Pick<Client, "request"> = member) =>
  by.request("/v1/workspaces", { json: { name, ...more } });
const made = (name: string, more: Record<string, unknown> = {}, by?: Client) =>
  read(workspace, make(name, more, by));
const change = (id: string, json: Record<string, unknown>, by: Pick<Client, "request"> = member) =>
  by.request(`/v1/workspaces/${id}`, { method: "PATCH", json });
const filesIn = async (by: Client, ref: string) => (await by.request(`/v1/workspaces/${ref}/files`)).status;
const share = (id: string, principal_id: string, by: Client = member, role = "viewer") =>
  read(grant, by.request(`/v1/workspaces/${id}/grants`, { json: { principal_id, role } }));
const idsOf = async (by: Client) => {
  const ids: string[] = [];
  for (let cursor = ""; ; ) {
    const some = await read(page.of(workspace), by.request(`/v1/workspaces?limit=3${cursor}`));
    ids.push(...some.items.map(({ workspace_id }) => workspace_id));
    if (some.next_cursor === null) return ids;
    cursor = `&cursor=${some.next_cursor}`;
  }
};

describe("making", () => {
  test("gives its maker all of it, and nobody else anything", async () => {
    const answer = await make("made");
    expect(answer.status).toBe(201);
    const { workspace_id, ...rest } = await read(workspace, answer);
    expect(rest).toEqual({
      ...{ name: "made", organization_id: FIRST_ORGANIZATION, member_access: "none", is_default: false },
    });
    const another = await world.client(...MEMBER);
    for (const [by, status] of [
      [member, 200],
      [admin, 200],
      [another, 404],
    ] as const) {
      expect(await filesIn(by, workspace_id)).toBe(status);
      expect((await by.request(`/v1/workspaces/${workspace_id}`)).status).toBe(status);
      expect((await idsOf(by)).includes(workspace_id)).toBe(status === 200);
    }
    expect(await filesIn(member, "made")).toBe(200);
    expect((await read(me, member.request("/v1/me"))).grants).toContainEqual(
      expect.objectContaining({ workspace_name: "made", role: "owner", workspace_id }),
    );
  });

  test("takes a name once of each maker", async () => {
    await made("once");
    expect(await read(problem, make("once"))).toMatchObject({
      ...{ status: 409, code: "name_taken", name: "once", kind: "workspace" },
    });
    expect((await make("once", {}, await world.client(...MEMBER))).status).toBe(201);
  });

  test("by many at once makes one", async () => {
    const answers = await Promise.all(Array.from({ length: 5 }, () => make("at-once")));
    expect(answers.map(({ status }) => status).sort()).toEqual([201, 409, 409, 409, 409]);
  });

  test("is for members, in an organization of theirs, with a token of no restriction", async () => {
    const guest = await world.client("files:read", "files:write");
    const scoped: Given = { json: { name: "x" } };
    expect(await refusal(guest.request("/v1/workspaces", scoped))).toEqual([403, "forbidden"]);
    const stranger = newId("org", world.deps.now());
    expect(await refusal(make("elsewhere", { organization: stranger }))).toEqual([404, "not_found"]);
    expect((await make("named", { organization: FIRST_ORGANIZATION })).status).toBe(201);
  });

  test.for(["", "ws_x", "a b", "ä", "a#b", "a/b", "-a", "a".repeat(65)])(
    "refuses the name %j",
    async (name) => {
      expect(await refusal(make(name))).toEqual([400, "invalid_request"]);
    },
  );

  test("under an Idempotency-Key makes one, and answers it again", async () => {
    const send = () =>
      member.request("/v1/workspaces", {
        json: { name: "keyed" },
        headers: { "idempotency-key": "ws-keyed" },
      });
    const first = await read(workspace, send());
    expect(await read(workspace, send())).toEqual(first);
  });

  test("goes on beyond the 50 that a record holds, by id and by name", async () => {
    const many = await world.client(...MEMBER);
    for (let n = 0; n < 51; n++) await made(`many-${n}`, {}, many);
    const last = await made("many-last", {}, many);
    expect(await filesIn(many, last.workspace_id)).toBe(200);
    expect(await filesIn(many, "many-last")).toBe(200);
    expect(
      (await uploader(many).start({ filename: "a", size: 1, workspace: "many-last" })).workspace_id,
    ).toBe(last.workspace_id);
    const ids = await idsOf(many);
    expect(ids).toHaveLength(53);
    expect(ids).toEqual([...new Set(ids)].sort());
    // One more by an upload's name.
    const { workspace_id } = await uploader(many).start({ filename: "a", size: 1, workspace: "by-upload" });
    expect(await filesIn(many, workspace_id)).toBe(200);
  });
});

describe("members' access", () => {
  test.for([
    ["none", 404, 404],
    ["viewer", 200, 403],
    ["editor", 200, 200],
  ] as const)("%s: list %i, change %i", async ([member_access, list, write]) => {
    const { workspace_id } = await made(`access-${member_access}`, { member_access });
    const file = await world.addFile({ client_id: member.client_id, workspace_id }, "a.txt");
    const [another, guest] = [await world.client(...MEMBER), await world.client("files:read", "files:write")];
    expect(await filesIn(another, workspace_id)).toBe(list);
    expect((await idsOf(another)).includes(workspace_id)).toBe(list === 200);
    const patch = { method: "PATCH", json: { description: "x" } };
    expect((await another.request(`/v1/files/${file}`, patch)).status).toBe(write);
    expect(await filesIn(guest, workspace_id)).toBe(404);
    // By its name, which only who lists it knows.
    expect(await filesIn(another, `access-${member_access}`)).toBe(list);
    expect(await filesIn(guest, `access-${member_access}`)).toBe(404);
  });

  test("changes at once, where it is listed too", async () => {
    const { workspace_id } = await made("opened");
    const another = await world.client(...MEMBER);
    expect(await filesIn(another, workspace_id)).toBe(404);
    expect((await read(workspace, change(workspace_id, { member_access: "viewer" }))).member_access).toBe(
      "viewer",
    );
    expect(await filesIn(another, "opened")).toBe(200);
    expect(await idsOf(another)).toContain(workspace_id);
    await change(workspace_id, { member_access: "none" });
    expect(await filesIn(another, "opened")).toBe(404);
    expect(await idsOf(another)).not.toContain(workspace_id);
  });
});

describe("renaming", () => {
  test("moves the name for its owner and its organization; others' hints go on", async () => {
    const { workspace_id } = await made("old-name");
    const guest = await world.client("files:read");
    await share(workspace_id, guest.client_id);
    expect(await read(workspace, change(workspace_id, { name: "new-name" }))).toMatchObject({
      name: "new-name",
    });
    expect(await filesIn(member, "new-name")).toBe(200);
    expect(await filesIn(member, "old-name")).toBe(404);
    expect(await filesIn(admin, "new-name")).toBe(200);
    expect(await filesIn(admin, "old-name")).toBe(404);
    expect(await filesIn(guest, "old-name")).toBe(200);
    // The old name is free again.
    expect((await made("old-name")).workspace_id).not.toBe(workspace_id);
    expect(await refusal(change(workspace_id, { name: "old-name" }))).toEqual([409, "name_taken"]);
    expect(await read(workspace, change(workspace_id, { name: "new-name" }))).toMatchObject({ workspace_id });
  });

  test("by another manager moves its own name too", async () => {
    const { workspace_id } = await made("managed");
    const manager = await world.client(...MEMBER);
    await share(workspace_id, manager.client_id, admin, "manager");
    expect((await change(workspace_id, { name: "managed-2" }, manager)).status).toBe(200);
    for (const by of [manager, member]) expect(await filesIn(by, "managed-2")).toBe(200);
    expect((await make("managed")).status).toBe(201);
  });

  test("is for managers", async () => {
    const { workspace_id } = await made("guarded");
    const [viewer, stranger] = [await world.client(...MEMBER), await world.client(...MEMBER)];
    await share(workspace_id, viewer.client_id);
    expect(await refusal(change(workspace_id, { name: "x" }, viewer))).toEqual([403, "forbidden"]);
    expect(await refusal(change(workspace_id, { name: "x" }, stranger))).toEqual([404, "not_found"]);
  });

  test("by two at once leaves one name, and each old one free", async () => {
    const { workspace_id } = await made("race");
    const [a, b] = await Promise.all([
      change(workspace_id, { name: "race-a" }),
      change(workspace_id, { name: "race-b" }),
    ]);
    expect([a.status, b.status]).toEqual([200, 200]);
    const { name } = await read(workspace, member.request(`/v1/workspaces/${workspace_id}`));
    const lost = name === "race-a" ? "race-b" : "race-a";
    expect((await make(lost)).status).toBe(201);
    expect((await make("race")).status).toBe(201);
  });

  test("whose copy comes late takes nothing back", async () => {
    const { workspace_id } = await made("there");
    world.setFault(({ action }) =>
      action === "TransactWriteItems" ? { late: { afterMs: LATE_MS }, answered: true } : undefined,
    );
    await change(workspace_id, { name: "back" });
    world.setFault();
    await change(workspace_id, { name: "there" });
    const before = await lasting();
    world.advance(LATE_MS);
    world.advanceServices(LATE_MS);
    await world.late.arrived();
    expect(await lasting()).toEqual(before);
  });
});

describe("a name that several have", () => {
  test("is the caller's own, else has to be said by id; one that was renamed counts no more", async () => {
    const [one, two] = [await world.client(...MEMBER), await world.client(...MEMBER)];
    const [first, second] = [await made("common", {}, one), await made("common", {}, two)];
    const guest = await world.client("files:read");
    for (const [by, id] of [
      [one, first.workspace_id],
      [two, second.workspace_id],
    ] as const)
      await share(id, guest.client_id, by);
    const told = await read(problem, guest.request("/v1/workspaces/common/files"));
    expect(told).toMatchObject({
      ...{ status: 409, code: "workspace_ambiguous" },
      workspace_ids: [first.workspace_id, second.workspace_id].sort(),
    });
    await share(second.workspace_id, one.client_id, two);
    expect(await filesIn(one, "common")).toBe(200);
    await change(second.workspace_id, { name: "other" }, two);
    expect(await filesIn(guest, "common")).toBe(200);
    const caller = {
      ...callerOf({ id: one.client_id, workspaceId: first.workspace_id, workspaceName: "common" }),
    };
    expect(await workspaceNamed(world.deps, caller, "common")).toBe(first.workspace_id);
  });
});

test("whoever lost the workspace that it has made doesn't get it back by its name", async () => {
  const maker = await world.client(...MEMBER);
  const { workspace_id } = await made("lost", {}, maker);
  const [own] = (await read(me, maker.request("/v1/me"))).grants.filter(
    (one) => one.workspace_id === workspace_id,
  );
  expect((await admin.request(`/v1/grants/${own?.grant_id}`, { method: "DELETE" })).status).toBe(204);
  const start = { json: { filename: "a", size: 1, workspace: "lost" } };
  expect(await refusal(maker.request("/v1/uploads", start))).toEqual([404, "not_found"]);
  expect(await refusal(make("lost", {}, maker))).toEqual([409, "name_taken"]);
});

test("an organization's names say what each workspace is called", async () => {
  const { items } = await world.deps.table.query({
    where: "#pk = :pk AND begins_with(#sk, :names)",
    values: { pk: keys.organization(FIRST_ORGANIZATION).pk, names: "WSNAME#" },
  });
  for (const item of items) {
    const [stored] = await world.deps.table.batchGet([keys.workspace(String(item["workspace_id"]))]);
    expect(stored?.["name"]).toBe(item["name"]);
    expect(stored?.["member_access"] ?? "none").toBe(item["member_access"] ?? "none");
  }
});
