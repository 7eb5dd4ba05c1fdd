/** What is deleted: gone at once, whatever is in it, and back with one call, or gone for good. */
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import * as z from "zod";
import { keys } from "#aws/keys.ts";
import { page, problem } from "#contract/common.ts";
import { rootFolder } from "#core/access/place.ts";
import { file } from "#core/files/contract.ts";
import { folderDetail } from "#core/folders/contract.ts";
import { trashItem } from "#core/trash/contract.ts";
import { sweepTrash } from "#core/trash/sweep-trash.ts";
import { sweepVersions } from "#core/versions/sweep-versions.ts";
import { type Client, read, refusal, startWorld, type World } from "#test/support/world.ts";

let world: World;
let owner: Client;
beforeAll(async () => {
  world = await startWorld();
  owner = await world.client(
    ...([
      "files:read",
      "files:write",
      "files:delete",
      "grants:write",
      "locks:write",
      "shares:write",
    ] as const),
  );
});
afterAll(() => world?.close());

type Asking = Pick<Client, "request">;
const ws = () => `/v1/workspaces/${owner.workspace_id}`;
const at = (path: string, by: Asking = owner) =>
  by.request(`${ws()}/resolve?path=${encodeURIComponent(path)}`);
const folderAt = (path: string) => read(folderDetail, at(path));
const remove = (id: string, by: Asking = owner) =>
  by.request(`/v1/${id.startsWith("fld_") ? "folders" : "files"}/${id}`, { method: "DELETE" });
const restore = (id: string, by: Asking = owner) => by.request(`/v1/trash/${id}/restore`, { method: "POST" });
const purge = (id: string, by: Asking = owner) => by.request(`/v1/trash/${id}`, { method: "DELETE" });
const list = async (query = "") => read(page.of(trashItem), owner.request(`${ws()}/trash${query}`));
const idsInTrash = async () => (await list("?limit=100")).items.map(({ id }) => id);
const statusOf = async (asked: Promise<Response>) => (await asked).status;
const link = async (id: string) => {
  const shared = z.looseObject({ share_url: z.string(), share_id: z.string() });
  const { share_url } = await read(
    shared,
    owner.request(`/v1/files/${id}/shares`, { json: { expire_in: 3600 } }),
  );
  return () => world.request(share_url);
};

describe("a file that is deleted", () => {
  test("is in the trash, by whom, since when, from where and until when", async () => {
    const id = await world.addFile(owner, "here/a.txt");
    const { parent_id, folder_id } = await folderAt("here");
    expect(await statusOf(remove(id))).toBe(204);
    expect(await statusOf(owner.request(`/v1/files/${id}`))).toBe(404);
    const [item] = (await list("?limit=100")).items.filter((one) => one.id === id);
    expect(item).toMatchObject({
      ...{ kind: "file", name: "a.txt", path: "here/a.txt", parent_id: folder_id, size: 5 },
      deleted_by: owner.client_id,
    });
    const days = (Date.parse(item?.purge_at ?? "") - Date.parse(item?.deleted_at ?? "")) / 86_400_000;
    expect(days).toBe(30);
    expect(parent_id).toBe(rootFolder(owner.workspace_id));
  });

  test("comes back as it was: its id, versions, tags and links", async () => {
    const id = await world.addFile(owner, "back/a.txt");
    await world.addVersion(owner, id, "another");
    const tagged = { method: "PATCH", json: { tags: ["kept"], description: "said" } };
    const before = await read(file, owner.request(`/v1/files/${id}`, tagged));
    const open = await link(id);
    expect(await statusOf(open())).toBe(302);
    await remove(id);
    expect(await statusOf(open())).toBe(410);
    expect(await statusOf(at("back/a.txt"))).toBe(404);
    const { updated_at, ...restored } = await read(file, restore(id));
    expect(before).toMatchObject(restored);
    expect(await read(file, owner.request(`/v1/files/${id}`))).toMatchObject({ ...restored, updated_at });
    expect(await statusOf(open())).toBe(302);
    expect(await idsInTrash()).not.toContain(id);
    const versions = z.looseObject({ items: z.array(z.unknown()) });
    expect((await read(versions, owner.request(`/v1/files/${id}/versions`))).items).toHaveLength(2);
    const told = (await world.events("file_restored")).filter(({ file_id }) => file_id === id);
    expect(told.map(({ data }) => data["name"])).toEqual(["a.txt"]);
  });

  test("comes back next to where it was, where that is taken or gone", async () => {
    const first = await world.addFile(owner, "taken/a.txt");
    await remove(first);
    await world.addFile(owner, "taken/a.txt");
    expect(await read(file, restore(first))).toMatchObject({ path: "taken/a (1).txt", file_id: first });
    const id = await world.addFile(owner, "gone/deep/b.txt");
    const deep = await folderAt("gone/deep");
    await remove(id);
    await remove(deep.folder_id);
    expect(await read(file, restore(id))).toMatchObject({ path: "gone/b.txt" });
    await remove(id);
    await remove((await folderAt("gone")).folder_id);
    expect(await read(file, restore(id))).toMatchObject({ path: "b.txt" });
  });

  test("is restored once, and not after it is purged; nor is what was never deleted", async () => {
    const id = await world.addFile(owner, "once/a.txt");
    expect(await refusal(restore(id))).toEqual([404, "not_found"]);
    await remove(id);
    expect((await Promise.all([restore(id), restore(id)])).map(({ status }) => status).sort()).toEqual([
      200, 404,
    ]);
    await remove(id);
    expect(await statusOf(purge(id))).toBe(204);
    expect(await refusal(restore(id))).toEqual([404, "not_found"]);
    expect(await refusal(purge(id))).toEqual([404, "not_found"]);
    expect(await refusal(restore("file_none"))).toEqual([400, "invalid_request"]);
  });

  test("is not put there while another holds its lock", async () => {
    const id = await world.addFile(owner, "locked/a.txt");
    const lock = { json: { ttl_seconds: 60 } };
    const { lock_token } = await read(
      z.looseObject({ lock_token: z.string() }),
      owner.request(`/v1/files/${id}/lock`, lock),
    );
    expect(await refusal(remove(id))).toEqual([423, "file_locked"]);
    const held = { method: "DELETE", headers: { "Lock-Token": lock_token } };
    expect(await statusOf(owner.request(`/v1/files/${id}`, held))).toBe(204);
    await read(file, restore(id));
    const lockNow = z.looseObject({ locked: z.boolean() });
    expect(await read(lockNow, owner.request(`/v1/files/${id}/lock`))).toMatchObject({ locked: false });
  });
});

describe("a folder that is deleted", () => {
  test("takes all below along at once: lists, paths, contents, links, uploads; and brings it back", async () => {
    const id = await world.addFile(owner, "all/in/it/a.txt");
    const all = await folderAt("all");
    const inner = await folderAt("all/in/it");
    const open = await link(id);
    const started = z.looseObject({
      upload_id: z.string(),
      parts: z.array(z.looseObject({ url: z.string() })),
    });
    const json = { folder_id: inner.folder_id, filename: "b.txt", size: 5 };
    const { upload_id, parts } = await read(started, owner.request("/v1/uploads", { json }));
    expect((await fetch(parts[0]?.url ?? "", { method: "PUT", body: "hello" })).status).toBe(200);
    const finalize = () => owner.request(`/v1/uploads/${upload_id}/finalize`, { json: {} });
    const below = () =>
      [
        at("all"),
        at("all/in/it/a.txt"),
        owner.request(`/v1/files/${id}`),
        owner.request(`/v1/files/${id}/content`, { method: "HEAD" }),
        owner.request(`/v1/files/${id}/versions`),
        owner.request(`/v1/files/${id}/shares`),
        owner.request(`/v1/folders/${inner.folder_id}`),
        owner.request(`/v1/folders/${inner.folder_id}/children`),
        owner.request(`${ws()}/files?folder=${inner.folder_id}`),
        owner.request(`${ws()}/files?path=all/in`),
        owner.request(`/v1/uploads/${upload_id}`),
      ].map(statusOf);
    expect(new Set(await Promise.all(below()))).toEqual(new Set([200, 302]));
    expect(await statusOf(remove(all.folder_id))).toBe(204);
    expect(new Set(await Promise.all(below()))).toEqual(new Set([404]));
    expect(await statusOf(open())).toBe(410);
    for (const [method, path, body] of [
      ["PATCH", `/v1/files/${id}`, { name: "c.txt" }],
      ["DELETE", `/v1/files/${id}`, undefined],
      ["POST", `/v1/files/${id}/lock`, { ttl_seconds: 60 }],
      ["POST", `/v1/files/${id}/shares`, { expire_in: 60 }],
      ["PATCH", `/v1/folders/${inner.folder_id}`, { name: "d" }],
      ["POST", "/v1/uploads", { folder_id: inner.folder_id, filename: "x", size: 1 }],
      ["POST", "/v1/uploads", { file_id: id, size: 1 }],
    ] as const)
      expect([path, await statusOf(owner.request(path, { method, json: body }))]).toEqual([path, 404]);
    expect(await statusOf(finalize())).toBe(404);
    expect(await idsInTrash()).toContain(all.folder_id);
    expect(await idsInTrash()).not.toContain(id);

    expect(await read(folderDetail, restore(all.folder_id))).toMatchObject({
      path: "all",
      folder_id: all.folder_id,
    });
    expect(await read(file, at("all/in/it/a.txt"))).toMatchObject({ file_id: id });
    expect(await statusOf(open())).toBe(302);
    expect(await statusOf(finalize())).toBe(200);
    expect((await at("all/in/it/b.txt")).status).toBe(200);
  });

  test("leaves its path to others, and comes back next to what has it then", async () => {
    const id = await world.addFile(owner, "path/a.txt");
    const { folder_id } = await folderAt("path");
    await remove(folder_id);
    const other = await world.addFile(owner, "path/a.txt");
    expect((await folderAt("path")).folder_id).not.toBe(folder_id);
    expect(await read(folderDetail, restore(folder_id))).toMatchObject({ path: "path (1)" });
    expect(await read(file, at("path (1)/a.txt"))).toMatchObject({ file_id: id });
    expect(await read(file, at("path/a.txt"))).toMatchObject({ file_id: other });
  });

  test("is seen by nobody who would have to be told 403: what is below is 404 for viewers too", async () => {
    const id = await world.addFile(owner, "viewed/a.txt");
    const { folder_id } = await folderAt("viewed");
    const viewer = await world.client("files:read", "files:write", "files:delete");
    const json = { principal_id: viewer.client_id, role: "viewer" };
    expect(await statusOf(owner.request(`${ws()}/grants`, { json }))).toBe(201);
    expect(await refusal(remove(id, viewer))).toEqual([403, "forbidden"]);
    expect(await refusal(remove(folder_id, viewer))).toEqual([403, "forbidden"]);
    await remove(folder_id);
    expect(await refusal(remove(id, viewer))).toEqual([404, "not_found"]);
    expect(await refusal(restore(folder_id, viewer))).toEqual([403, "forbidden"]);
    expect(await refusal(purge(folder_id, viewer))).toEqual([403, "forbidden"]);
    expect(await refusal(viewer.request(`${ws()}/trash`))).toEqual([403, "forbidden"]);
    const stranger = await world.client("files:read", "files:write", "files:delete");
    for (const ask of [restore, purge])
      expect(await refusal(ask(folder_id, stranger))).toEqual([404, "not_found"]);
    expect(await refusal(stranger.request(`${ws()}/trash`))).toEqual([404, "not_found"]);
  });

  test("is restored by whoever was granted it alone", async () => {
    await world.addFile(owner, "mine/a.txt");
    const { folder_id } = await folderAt("mine");
    const editor = await world.client("files:read", "files:write", "files:delete");
    const json = { principal_id: editor.client_id, role: "editor" };
    expect(await statusOf(owner.request(`/v1/folders/${folder_id}/grants`, { json }))).toBe(201);
    expect(await statusOf(remove(folder_id, editor))).toBe(204);
    expect(await read(folderDetail, restore(folder_id, editor))).toMatchObject({ path: "mine" });
  });

  test("is no root, and none that is deleted already", async () => {
    expect(await refusal(remove(rootFolder(owner.workspace_id)))).toEqual([400, "invalid_request"]);
    await world.addFile(owner, "twice/a.txt");
    const { folder_id } = await folderAt("twice");
    const answers = await Promise.all([remove(folder_id), remove(folder_id)]);
    expect(answers.map(({ status }) => status).sort()).toEqual([204, 404]);
    expect((await idsInTrash()).filter((id) => id === folder_id)).toHaveLength(1);
  });
});

describe("the trash", () => {
  test("lists in the order of deletion, page by page, and takes no other list's cursor", async () => {
    const made = await Promise.all(
      Array.from({ length: 5 }, (_, n) => world.addFile(owner, `paged/${n}.txt`)),
    );
    for (const id of made) await remove(id);
    const seen: string[] = [];
    let cursor = "";
    do {
      const { items, next_cursor } = await list(`?limit=2${cursor}`);
      seen.push(...items.map(({ id }) => id));
      cursor = next_cursor === null ? "" : `&cursor=${next_cursor}`;
    } while (cursor !== "");
    expect(seen.filter((id) => made.includes(id)).sort()).toEqual(made.toSorted());
    const { next_cursor } = await read(page.of(z.unknown()), owner.request(`${ws()}/files?limit=1`));
    expect(await refusal(owner.request(`${ws()}/trash?cursor=${next_cursor}`))).toEqual([
      400,
      "invalid_cursor",
    ]);
  });

  test("is emptied when its time is over: bytes, names and versions of all that was in a folder are gone", async () => {
    const own = await startWorld();
    const client = await own.client("files:read", "files:write", "files:delete");
    const files = await Promise.all(
      Array.from({ length: 60 }, (_, n) => own.addFile(client, `heap/${n % 3}/${n}.txt`)),
    );
    const find = (path: string) =>
      read(folderDetail, client.request(`/v1/workspaces/${client.workspace_id}/resolve?path=${path}`));
    const heap = await find("heap");
    const alone = await own.addFile(client, "alone.txt");
    for (const [kind, id] of [
      ["folders", heap.folder_id],
      ["files", alone],
    ] as const)
      expect((await client.request(`/v1/${kind}/${id}`, { method: "DELETE" })).status).toBe(204);
    const later = (days: number) => ({ ...own.deps, now: () => own.deps.now() + days * 86_400_000 });
    await sweepTrash(later(29.9));
    expect((await client.request(`/v1/trash/${alone}/restore`, { method: "POST" })).status).toBe(200);
    await client.request(`/v1/files/${alone}`, { method: "DELETE" });
    for (let round = 0; round < 4; round++) await sweepTrash(later(30.1));
    await sweepVersions(later(30.2));
    for (const id of [heap.folder_id, alone])
      expect((await client.request(`/v1/trash/${id}/restore`, { method: "POST" })).status).toBe(404);
    for (const id of [...files, alone]) {
      const { items } = await own.deps.table.query({
        where: "#pk = :pk AND begins_with(#sk, :versions)",
        values: { pk: keys.node(id).pk, versions: "VER#" },
      });
      expect(items).toEqual([]);
    }
    const told = await own.events("folder_purged");
    expect(told.map(({ data }) => data["folder_id"])).toEqual([heap.folder_id]);
    await own.close();
  });

  test("takes back what came between: an upload that commits into a folder while it is deleted", async () => {
    for (let round = 0; round < 5; round++) {
      const seed = await world.addFile(owner, `race-${round}/seed.txt`);
      const { folder_id } = await folderAt(`race-${round}`);
      const body = { folder_id, filename: "late.txt", content: "x" };
      const sending = owner.request("/v1/files", { json: body });
      const [sent] = await Promise.all([sending, remove(folder_id)]);
      expect([201, 200, 404]).toContain(sent.status);
      await read(folderDetail, restore(folder_id));
      expect((await at(`race-${round}/late.txt`)).status).toBe(sent.status < 300 ? 200 : 404);
      expect(await read(file, at(`race-${round}/seed.txt`))).toMatchObject({ file_id: seed });
    }
  });
});

test("a problem of the trash says what to do", async () => {
  const { detail } = await read(problem, restore(`file_${"0".repeat(26)}`));
  expect(detail).toContain("item in the trash");
});
