/** Folders that go to another workspace: out of sight at once, brought over by the sweep, and there whole. */
import { afterAll, beforeAll, expect, test } from "vitest";
import * as z from "zod";
import { keys } from "#aws/keys.ts";
import { page } from "#contract/common.ts";
import type { Scope } from "#contract/scopes.ts";
import { rootFolder } from "#core/access/place.ts";
import { sweepMoves } from "#core/folders/sweep-moves.ts";
import { workspace } from "#core/workspaces/contract.ts";
import { type Client, read, refusal, startWorld, type World } from "#test/support/world.ts";

const MINUTE = 60_000;
const SCOPES: Scope[] = [
  ...(["files:read", "files:write", "files:delete", "shares:write", "locks:write"] as const),
  ...(["workspaces:write", "grants:write"] as const),
];
let world: World;
let owner: Client;
beforeAll(async () => {
  world = await startWorld();
  owner = await world.client(...SCOPES);
});
afterAll(() => world?.close());

type Asking = Pick<Client, "request">;
const statusOf = async (asked: Promise<Response>) => (await asked).status;
let names = 0;
const newWorkspace = async () =>
  (await read(workspace, owner.request("/v1/workspaces", { json: { name: `work-${++names}` } })))
    .workspace_id;
const folder = z.looseObject({ folder_id: z.string(), name: z.string(), path: z.string() });
const resolved = (ws: string, path: string, by: Asking = owner) =>
  by.request(`/v1/workspaces/${ws}/resolve?path=${encodeURIComponent(path)}`);
const move = (id: string, json: object, by: Asking = owner) =>
  by.request(`/v1/folders/${id}`, { method: "PATCH", json });

/** A workspace with a folder of files and folders, and one to go to. */
async function both() {
  const [from, to] = [await newWorkspace(), await newWorkspace()];
  const inIt = { ...owner, workspace_id: from };
  const top = await world.addFile(inIt, "reports/a.txt");
  const deep = await world.addFile(inIt, "reports/2026/q3/b.txt");
  await world.addFile(inIt, "kept.txt");
  const { folder_id } = await read(folder, resolved(from, "reports"));
  const shared = owner.request(`/v1/files/${deep}/shares`, { json: { expire_in: 86_400 } });
  const { share_url } = await read(z.looseObject({ share_url: z.string() }), shared);
  return { from, to, top, deep, folder_id, share_url };
}

async function arrive(): Promise<number> {
  world.advance(2 * MINUTE);
  return sweepMoves(world.deps);
}

const listed = async (ws: string) => {
  const all = z.looseObject({ kind: z.string(), path: z.string() });
  const { items } = await read(
    page.of(all),
    owner.request(`/v1/workspaces/${ws}/files?recursive=true&limit=100`),
  );
  return items.map(({ path }) => path.replace(/^\//, "")).sort();
};

test("it is in neither while it is on its way, and then whole where it was to be", async () => {
  const { from, to, top, deep, folder_id, share_url } = await both();
  const lock = owner.request(`/v1/files/${top}/lock`, { json: { ttl_seconds: 3_600 } });
  const { lock_token } = await read(z.looseObject({ lock_token: z.string() }), lock);
  const sent = await move(folder_id, { workspace: to, folder: "archive", name: "reports-2026" });
  expect(sent.status).toBe(202);
  expect(await sent.json()).toMatchObject({
    folder_id,
    workspace_id: to,
    name: "reports-2026",
    state: "moving",
  });
  for (const path of [`/v1/folders/${folder_id}`, `/v1/files/${top}`, `/v1/files/${deep}`])
    expect([path, await statusOf(owner.request(path))]).toEqual([path, 404]);
  expect(await statusOf(world.request(share_url))).toBe(410);
  expect(await listed(from)).toEqual(["kept.txt"]);
  expect(await listed(to)).toEqual(["archive"]);
  // No trash has it, and its name is free.
  expect(await statusOf(owner.request(`/v1/trash/${folder_id}/restore`, { method: "POST" }))).toBe(404);
  await world.addFile({ ...owner, workspace_id: from }, "reports/new.txt");
  expect(await sweepMoves(world.deps)).toBe(0);

  expect(await arrive()).toBe(1);
  expect(await listed(to)).toEqual([
    ...["archive", "archive/reports-2026", "archive/reports-2026/2026", "archive/reports-2026/2026/q3"],
    ...["archive/reports-2026/2026/q3/b.txt", "archive/reports-2026/a.txt"],
  ]);
  expect(await listed(from)).toEqual(["kept.txt", "reports", "reports/new.txt"]);
  const file = z.looseObject({ workspace_id: z.string(), path: z.string() });
  expect((await read(file, owner.request(`/v1/files/${deep}`))).workspace_id).toBe(to);
  expect(await statusOf(world.request(share_url))).toBe(302);
  // Its lock came along.
  const tagged = (headers: Record<string, string> = {}) =>
    statusOf(owner.request(`/v1/files/${top}`, { method: "PATCH", json: { tags: ["x"] }, headers }));
  expect([await tagged(), await tagged({ "Lock-Token": lock_token })]).toEqual([423, 200]);
  expect(await sweepMoves(world.deps)).toBe(0);
  const told = (await world.events()).filter(
    ({ type, data }) => type === "folder_moved" && data["folder_id"] === folder_id,
  );
  expect(told.map((one) => [one.workspace_id, one.data["from"] === null, one.data["to"] === null])).toEqual([
    [from, false, true],
    [to, true, false],
  ]);
});

test("what was granted on it, or in it, stays behind; what was deleted from it is in the trash where it was", async () => {
  const { from, to, top, deep, folder_id } = await both();
  const reader = await world.client("files:read");
  const grant = { principal_id: reader.client_id, role: "viewer" };
  expect(await statusOf(owner.request(`/v1/folders/${folder_id}/grants`, { json: grant }))).toBe(201);
  expect(await statusOf(reader.request(`/v1/files/${deep}`))).toBe(200);
  await owner.request(`/v1/files/${top}`, { method: "DELETE" });
  expect(await statusOf(move(folder_id, { workspace: to }))).toBe(202);
  expect(await arrive()).toBe(1);
  expect(await statusOf(reader.request(`/v1/files/${deep}`))).toBe(404);
  expect(await statusOf(owner.request(`/v1/files/${deep}`))).toBe(200);
  const restored = owner.request(`/v1/trash/${top}/restore`, { method: "POST" });
  const where = await read(z.looseObject({ workspace_id: z.string(), path: z.string() }), restored);
  expect([where.workspace_id, where.path.replace(/^\//, "")]).toEqual([from, "a.txt"]);
});

test("where its name is taken by then it gets a number, and where its target is gone it is in the root", async () => {
  const { to, folder_id } = await both();
  const target = await read(folder, owner.request(`/v1/workspaces/${to}/folders`, { json: { path: "/in" } }));
  expect(await statusOf(move(folder_id, { workspace: to, folder: target.folder_id }))).toBe(202);
  await owner.request(`/v1/folders/${target.folder_id}`, { method: "DELETE" });
  await world.addFile({ ...owner, workspace_id: to }, "reports/theirs.txt");
  expect(await arrive()).toBe(1);
  expect(await listed(to)).toEqual([
    ...["reports", "reports (1)", "reports (1)/2026", "reports (1)/2026/q3", "reports (1)/2026/q3/b.txt"],
    ...["reports (1)/a.txt", "reports/theirs.txt"],
  ]);
});

test("it takes the right to write there and to create here, and hands none over", async () => {
  const { from, to, folder_id } = await both();
  const other = await world.client(...SCOPES);
  const grant = (ws: string, role: string) =>
    owner.request(`/v1/workspaces/${ws}/grants`, { json: { principal_id: other.client_id, role } });
  expect(await refusal(move(folder_id, { workspace: to }, other))).toEqual([404, "not_found"]);
  await grant(from, "viewer");
  await grant(to, "editor");
  expect(await refusal(move(folder_id, { workspace: to }, other))).toEqual([403, "forbidden"]);
  await grant(from, "editor");
  expect(await refusal(move(folder_id, { workspace: await newWorkspace() }, other))).toEqual([
    404,
    "not_found",
  ]);
  expect(await refusal(move(rootFolder(from), { workspace: to }))).toEqual([400, "invalid_request"]);
  expect(await statusOf(move(folder_id, { workspace: to }, other))).toBe(202);
  // Once it is on its way nobody sends it elsewhere.
  expect(await refusal(move(folder_id, { workspace: to }))).toEqual([404, "not_found"]);
  expect(await arrive()).toBe(1);
});

test("one of a thousand files is brought over in steps, and goes on where it broke off", async () => {
  const [from, to] = [await newWorkspace(), await newWorkspace()];
  const inIt = { ...owner, workspace_id: from };
  for (let at = 0; at < 450; at++) await world.addFile(inIt, `heap/${at % 3}/${at}.txt`);
  const { folder_id } = await read(folder, resolved(from, "heap"));
  expect(await statusOf(move(folder_id, { workspace: to }))).toBe(202);
  world.advance(2 * MINUTE);
  const { transact, update } = world.deps.table;
  let broken = 0;
  world.deps.table.update = async (write) => {
    if (broken === 0 && JSON.stringify(write).includes("moving.place")) {
      broken += 1;
      throw new Error("it broke off");
    }
    return update(write);
  };
  await expect(sweepMoves(world.deps)).rejects.toThrow();
  world.deps.table.update = update;
  world.deps.table.transact = transact;
  for (let minutes = 0; minutes < 10 && (await arrive()) === 0; minutes++);
  const [node] = await world.deps.table.batchGet([keys.node(folder_id)]);
  expect(node).toMatchObject({ workspace_id: to });
  expect(node).not.toHaveProperty("deleted_at");
  const all = (await world.dump()).filter(({ kind, workspace_id }) => kind === "file" && workspace_id === to);
  expect(all).toHaveLength(450);
});
