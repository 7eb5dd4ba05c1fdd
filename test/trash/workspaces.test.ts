/** A workspace that is deleted: gone at once with all that is in it, and back with one call, or gone for good. */
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import * as z from "zod";
import { keys } from "#aws/keys.ts";
import { page } from "#contract/common.ts";
import type { Scope } from "#contract/scopes.ts";
import { FIRST_ORGANIZATION } from "#core/access/records.ts";
import { trashedWorkspace } from "#core/trash/contract.ts";
import { sweepTrash } from "#core/trash/sweep-trash.ts";
import { workspace } from "#core/workspaces/contract.ts";
import { type Client, read, refusal, startWorld, type World } from "#test/support/world.ts";

const DAY = 86_400_000;
const SCOPES: Scope[] = [
  ...(["files:read", "files:write", "files:delete", "shares:write"] as const),
  ...(["workspaces:write", "grants:write"] as const),
];
let world: World;
let owner: Client;
let admin: Client;
beforeAll(async () => {
  world = await startWorld();
  admin = await world.client("admin");
  owner = await world.client(...SCOPES);
});
afterAll(() => world?.close());

type Asking = Pick<Client, "request">;
const made = async (name: string) => read(workspace, owner.request("/v1/workspaces", { json: { name } }));
const remove = (id: string, by: Asking = owner) => by.request(`/v1/workspaces/${id}`, { method: "DELETE" });
const restore = (id: string, by: Asking = owner) => by.request(`/v1/trash/${id}/restore`, { method: "POST" });
const purge = (id: string, by: Asking = owner) => by.request(`/v1/trash/${id}`, { method: "DELETE" });
const listed = async () =>
  read(page.of(trashedWorkspace), admin.request(`/v1/orgs/${FIRST_ORGANIZATION}/trash?limit=100`));
const statusOf = async (asked: Promise<Response>) => (await asked).status;
const shared = z.looseObject({ share_url: z.string() });

/** A workspace with a file in its root and one below, a link to each, and somebody who may read it. */
async function filled(name: string) {
  const { workspace_id } = await made(name);
  const inIt = { ...owner, workspace_id };
  const root = await world.addFile(inIt, "a.txt");
  const deep = await world.addFile(inIt, "one/two/b.txt");
  const links: string[] = [];
  for (const id of [root, deep]) {
    const answer = owner.request(`/v1/files/${id}/shares`, { json: { expire_in: 86_400 } });
    links.push((await read(shared, answer)).share_url);
  }
  const reader = await world.client("files:read");
  const grant = { principal_id: reader.client_id, role: "viewer" };
  expect(await statusOf(owner.request(`/v1/workspaces/${workspace_id}/grants`, { json: grant }))).toBe(201);
  const asked = [
    ...[`/v1/files/${root}`, `/v1/files/${deep}`, `/v1/files/${deep}/versions`],
    ...[`/v1/workspaces/${workspace_id}/files`, `/v1/workspaces/${workspace_id}/resolve?path=one/two`],
    ...[`/v1/workspaces/${workspace_id}`],
  ];
  /** What comes of each way to it. */
  const ways = async () => ({
    owner: await Promise.all(asked.map((path) => statusOf(owner.request(path)))),
    reader: await Promise.all(asked.slice(0, 5).map((path) => statusOf(reader.request(path)))),
    links: await Promise.all(links.map((url) => statusOf(world.request(url)))),
    written: await statusOf(owner.request(`/v1/files/${root}`, { method: "PATCH", json: { tags: ["t"] } })),
    upload: await statusOf(
      owner.request("/v1/uploads", {
        json: { workspace: workspace_id, filename: `${crypto.randomUUID()}.txt`, size: 5 },
      }),
    ),
  });
  return { workspace_id, root, deep, reader, ways };
}
const THERE = {
  owner: [200, 200, 200, 200, 200, 200],
  reader: [200, 200, 200, 200, 200],
  links: [302, 302],
  ...{ written: 200, upload: 201 },
};
const GONE = {
  owner: [404, 404, 404, 404, 404, 404],
  reader: [404, 404, 404, 404, 404],
  links: [410, 410],
  ...{ written: 404, upload: 404 },
};

describe("a workspace that is deleted", () => {
  test("is gone at once with all that is in it, for everybody, and comes back as it was", async () => {
    const { workspace_id, ways } = await filled("whole");
    expect(await ways()).toEqual(THERE);
    expect(await statusOf(remove(workspace_id))).toBe(204);
    expect(await ways()).toEqual(GONE);
    expect(await refusal(remove(workspace_id))).toEqual([404, "not_found"]);
    const { items } = await read(page.of(workspace), owner.request("/v1/workspaces?limit=100"));
    expect(items.map((one) => one.workspace_id)).not.toContain(workspace_id);
    const answer = await read(workspace.extend({ kind: z.literal("workspace") }), restore(workspace_id));
    expect(answer).toMatchObject({ kind: "workspace", name: "whole", workspace_id });
    expect(await ways()).toEqual(THERE);
    expect(await refusal(restore(workspace_id))).toEqual([404, "not_found"]);
  });

  test("is gone for those who have it by their role alone", async () => {
    const { workspace_id, root } = await filled("by-role");
    expect(await statusOf(admin.request(`/v1/files/${root}`))).toBe(200);
    await remove(workspace_id);
    expect(await statusOf(admin.request(`/v1/files/${root}`))).toBe(404);
    expect(await statusOf(admin.request(`/v1/workspaces/${workspace_id}`))).toBe(404);
  });

  test("is listed by its organization, by whom and until when", async () => {
    const { workspace_id } = await made("listed");
    await remove(workspace_id);
    const [item] = (await listed()).items.filter(({ id }) => id === workspace_id);
    expect(item).toMatchObject({ kind: "workspace", name: "listed", deleted_by: owner.client_id });
    expect(Date.parse(item?.purge_at ?? "") - Date.parse(item?.deleted_at ?? "")).toBe(30 * DAY);
    expect(await refusal(owner.request(`/v1/orgs/${FIRST_ORGANIZATION}/trash`))).toEqual([403, "forbidden"]);
    await restore(workspace_id);
    expect((await listed()).items.map(({ id }) => id)).not.toContain(workspace_id);
  });

  test("leaves its name to another, and gets a number where it comes back to that", async () => {
    const first = await made("again");
    await remove(first.workspace_id);
    const second = await made("again");
    const started = owner.request("/v1/uploads", {
      json: { workspace: "again", filename: "a.txt", size: 5 },
    });
    expect(await statusOf(started)).toBe(201);
    const { name } = await read(workspace, restore(first.workspace_id));
    expect(name).toBe("again-1");
    expect(second.workspace_id).not.toBe(first.workspace_id);
    const renamed = { method: "PATCH", json: { name: "again" } };
    expect(await refusal(owner.request(`/v1/workspaces/${first.workspace_id}`, renamed))).toEqual([
      409,
      "name_taken",
    ]);
  });

  test("is deleted by its owner and its organization's alone, restored and purged by that and by admins", async () => {
    const { workspace_id } = await made("whose");
    const viewer = await world.client(...SCOPES);
    const grant = { principal_id: viewer.client_id, role: "viewer" };
    await owner.request(`/v1/workspaces/${workspace_id}/grants`, { json: grant });
    const stranger = await world.client(...SCOPES);
    expect(await refusal(remove(workspace_id, viewer))).toEqual([403, "forbidden"]);
    // The first is its organization's owner.
    const second = await world.client("admin");
    expect(await refusal(remove(workspace_id, second))).toEqual([403, "forbidden"]);
    expect(await refusal(remove(workspace_id, stranger))).toEqual([404, "not_found"]);
    await remove(workspace_id);
    for (const other of [viewer, stranger]) {
      expect(await refusal(restore(workspace_id, other))).toEqual([404, "not_found"]);
      expect(await refusal(purge(workspace_id, other))).toEqual([404, "not_found"]);
    }
    expect(await statusOf(restore(workspace_id, admin))).toBe(200);
    await remove(workspace_id);
    expect(await statusOf(restore(workspace_id, second))).toBe(200);
    expect(await statusOf(remove(workspace_id, admin))).toBe(204);
    expect(await statusOf(purge(workspace_id, second))).toBe(204);
    expect(await refusal(restore(workspace_id))).toEqual([404, "not_found"]);
  });

  test("tells its organization of it", async () => {
    const { workspace_id } = await made("told");
    await remove(workspace_id);
    await restore(workspace_id);
    await remove(workspace_id);
    await purge(workspace_id);
    const told = (await world.events()).filter(({ data }) => data["workspace_id"] === workspace_id);
    const types = told.map(({ type }) => type).filter((type) => type.startsWith("workspace_"));
    expect(types.sort()).toEqual([
      ...["workspace_deleted", "workspace_deleted", "workspace_purged", "workspace_restored"],
    ]);
    expect(new Set(told.map(({ organization_id }) => organization_id))).toEqual(
      new Set([FIRST_ORGANIZATION]),
    );
  });
});

describe("a workspace that is purged", () => {
  test("is purged once its days are over, and nothing of it is left to come back", async () => {
    const { workspace_id, root, deep, reader, ways } = await filled("over");
    await remove(workspace_id);
    world.advance(30 * DAY - 60_000);
    await sweepTrash(world.deps);
    expect(await statusOf(restore(workspace_id))).toBe(200);
    await remove(workspace_id);
    world.advance(30 * DAY + 60_000);
    for (let run = 0; run < 6; run++) await sweepTrash(world.deps);
    expect(await ways()).toEqual(GONE);
    expect(await refusal(restore(workspace_id))).toEqual([404, "not_found"]);
    const [record] = await world.deps.table.batchGet([keys.workspace(workspace_id)]);
    expect(record).toMatchObject({ purged_ms: expect.any(Number), ttl: expect.any(Number) });
    for (const id of [root, deep]) {
      const [node] = await world.deps.table.batchGet([keys.node(id)]);
      expect(node?.["purged_ms"]).toBeTypeOf("number");
    }
    const [holder] = await world.deps.table.batchGet([keys.principal(reader.client_id)]);
    expect(Object.values(holder?.["grants"] ?? {})).not.toContainEqual(
      expect.objectContaining({ on: workspace_id }),
    );
  });
});

describe("a workspace that was handed over", () => {
  test("is nobody's who had it before; links live on", async () => {
    const { workspace_id, reader, ways } = await filled("sold");
    await world.deps.table.update({
      key: keys.workspace(workspace_id),
      update: { set: { epoch: 1 } },
      condition: "attribute_exists(#pk)",
    });
    expect(await ways()).toEqual({ ...GONE, links: THERE.links });
    // Of what is granted since nothing is missing.
    const grant = { principal_id: reader.client_id, role: "viewer" };
    expect(await statusOf(admin.request(`/v1/workspaces/${workspace_id}/grants`, { json: grant }))).toBe(201);
    expect((await ways()).reader).toEqual(THERE.reader);
  });
});

describe("an organization that is closed", () => {
  test("has nothing any more", async () => {
    const { ways } = await filled("closed");
    const closed = (set: object, remove: string[] = []) =>
      world.deps.table.update({
        key: keys.organization(FIRST_ORGANIZATION),
        update: { set: { ...set }, remove },
        condition: "attribute_exists(#pk)",
      });
    await closed({ closed_at: "2026-01-01T00:00:00.000Z" });
    expect(await ways()).toEqual(GONE);
    await closed({}, ["closed_at"]);
    expect(await ways()).toEqual(THERE);
  });
});
