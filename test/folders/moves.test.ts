/** Folders that are renamed and moved, with all that is in them. */
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import * as z from "zod";
import { keys } from "#aws/keys.ts";
import { MAX_DEPTH, page, problem } from "#contract/common.ts";
import { rootFolder } from "#core/access/place.ts";
import { file, folder } from "#core/files/contract.ts";
import { folderDetail } from "#core/folders/contract.ts";
import { type Client, read, refusal, startWorld, type World } from "#test/support/world.ts";

let world: World;
let owner: Client;
beforeAll(async () => {
  world = await startWorld();
  owner = await world.client("files:read", "files:write", "files:delete", "grants:write", "locks:write");
});
afterAll(() => world?.close());

type Asking = Pick<Client, "request">;
const made = (path: string) =>
  read(folderDetail, owner.request(`/v1/workspaces/${owner.workspace_id}/folders`, { json: { path } }));
const change = (id: string, json: unknown, by: Asking = owner) =>
  by.request(`/v1/folders/${id}`, { method: "PATCH", json });
const moved = (id: string, json: unknown) => read(folderDetail, change(id, json));
const at = (path: string, by: Asking = owner) =>
  by.request(`/v1/workspaces/${owner.workspace_id}/resolve?path=${encodeURIComponent(path)}`);
const idAt = async (path: string) =>
  (await read(z.looseObject({ file_id: z.string().optional(), folder_id: z.string() }), at(path))).file_id;
const fileOf = (id: string, by: Asking = owner) => read(file, by.request(`/v1/files/${id}`));
const listing = async (path: string) => {
  const children = page.of(z.discriminatedUnion("kind", [file, folder]));
  const query = encodeURIComponent(path);
  return (await read(children, owner.request(`/v1/workspaces/${owner.workspace_id}/files?path=${query}`)))
    .items;
};
const grant = async (on: string, principal_id: string, role: string) =>
  expect((await owner.request(`/v1/folders/${on}/grants`, { json: { principal_id, role } })).status).toBe(
    201,
  );

describe("a folder that is renamed", () => {
  test("takes all that is in it along: paths, ids, lists; nothing is left at the old one", async () => {
    const id = await world.addFile(owner, "old/deep/er/a.txt");
    const { folder_id } = await read(folderDetail, at("old"));
    const shown = await moved(folder_id, { name: "new" });
    expect(shown).toMatchObject({ name: "new", path: "new", folder_id });
    expect(await read(folderDetail, owner.request(`/v1/folders/${folder_id}`))).toEqual(shown);
    expect(await idAt("new/deep/er/a.txt")).toBe(id);
    expect(await fileOf(id)).toMatchObject({ path: "new/deep/er/a.txt" });
    expect((await listing("new/deep/er")).map((one) => one.kind === "file" && one.path)).toEqual([
      "new/deep/er/a.txt",
    ]);
    for (const gone of ["old", "old/deep", "old/deep/er/a.txt"]) expect((await at(gone)).status).toBe(404);
    const told = (await world.events("folder_moved")).map(({ data }) => data);
    const parent_id = rootFolder(owner.workspace_id);
    expect(told).toContainEqual({
      folder_id,
      from: { name: "old", parent_id },
      to: { name: "new", parent_id },
    });
  });

  test("leaves its old path to others: an upload to it makes a new folder", async () => {
    const id = await world.addFile(owner, "again/a.txt");
    const { folder_id } = await read(folderDetail, at("again"));
    await moved(folder_id, { name: "before" });
    const json = { path: "again", filename: "a.txt", size: 1 };
    const started = await read(
      z.looseObject({ file_id: z.string() }),
      owner.request("/v1/uploads", { json }),
    );
    expect(started.file_id).not.toBe(id);
    expect((await made("again")).folder_id).not.toBe(folder_id);
    expect(await idAt("before/a.txt")).toBe(id);
  });

  test("is found by uploads at its new path, also where no hint leads there, and those are hinted at again", async () => {
    await world.addFile(owner, "one/two/three/a.txt");
    const { folder_id } = await read(folderDetail, at("one"));
    const three = await read(folderDetail, at("one/two/three"));
    await moved(folder_id, { name: "eins" });
    const json = { path: "eins/two/three", filename: "b.txt", size: 1 };
    const place = z.looseObject({ folder_id: z.string() });
    expect((await read(place, owner.request("/v1/uploads", { json }))).folder_id).toBe(three.folder_id);
    const hint = keys.pathHint(owner.workspace_id, "eins/two/three");
    expect(await world.deps.table.get(z.looseObject({ folder_id: z.string() }), hint)).toMatchObject({
      folder_id: three.folder_id,
    });
  });

  test("is told of once, and of nothing where nothing changes", async () => {
    const { folder_id } = await made("same");
    const before = (await world.events("folder_moved")).length;
    expect(await moved(folder_id, { name: "same", folder: "/" })).toMatchObject({ path: "same" });
    expect(await world.events("folder_moved")).toHaveLength(before);
  });

  test("is refused a name that something has, as it is the root, and no wish at all", async () => {
    const { folder_id } = await made("taken/one");
    const two = await made("taken/two");
    const fileId = await world.addFile(owner, "taken/three");
    // What has it may be nothing that whoever writes the folder sees.
    for (const name of ["two", "three"]) {
      const { detail, ...told } = await read(problem, change(folder_id, { name }));
      expect(told).toMatchObject({ status: 409, code: "name_taken" });
      expect([detail, Object.keys(told)]).toEqual([
        expect.stringContaining("is taken in that folder"),
        expect.not.arrayContaining(["folder_id", "file_id", "kind"]),
      ]);
    }
    expect([two.name, fileId]).toEqual(["two", expect.any(String)]);
    expect(await refusal(change(rootFolder(owner.workspace_id), { name: "x" }))).toEqual([
      400,
      "invalid_request",
    ]);
    expect(await refusal(change(folder_id, {}))).toEqual([400, "invalid_request"]);
    expect(await refusal(change(folder_id, { name: "a/b" }))).toEqual([400, "invalid_request"]);
    expect(await refusal(change(`fld_${"0".repeat(26)}`, { name: "x" }))).toEqual([404, "not_found"]);
  });
});

describe("a folder that is moved", () => {
  test("is where it is to be, by an id or a path, whose missing folders are made", async () => {
    const id = await world.addFile(owner, "from/box/a.txt");
    const box = await read(folderDetail, at("from/box"));
    const target = await made("to");
    expect(await moved(box.folder_id, { folder: target.folder_id })).toMatchObject({ path: "to/box" });
    expect(await fileOf(id)).toMatchObject({ path: "to/box/a.txt" });
    expect(await moved(box.folder_id, { folder: "/far/away", name: "case" })).toMatchObject({
      path: "far/away/case",
    });
    expect(await idAt("far/away/case/a.txt")).toBe(id);
    expect(await listing("from")).toEqual([]);
    expect(await moved(box.folder_id, { folder: "/" })).toMatchObject({ path: "case" });
  });

  test("goes into no folder that is in it, nor into itself", async () => {
    const outer = await made("outer");
    const inner = await made("outer/in/ner");
    for (const into of [outer.folder_id, inner.folder_id, "outer/in", "outer/in/new"])
      expect(await refusal(change(outer.folder_id, { folder: into }))).toEqual([400, "invalid_request"]);
    expect(await read(folderDetail, at("outer/in/ner"))).toEqual(inner);
  });

  test("of two that go into each other at once one does", async () => {
    for (let round = 0; round < 5; round++) {
      const [a, b] = [await made(`ring-${round}/a`), await made(`ring-${round}/b`)];
      const answers = await Promise.all([
        change(a.folder_id, { folder: b.folder_id }),
        change(b.folder_id, { folder: a.folder_id }),
      ]);
      expect(answers.map(({ status }) => status).sort()[0]).toBe(200);
      const paths = [a, b].map(async ({ folder_id }) => {
        const { path } = await read(folderDetail, owner.request(`/v1/folders/${folder_id}`));
        return path;
      });
      expect([
        [`ring-${round}/a`, `ring-${round}/a/b`],
        [`ring-${round}/b`, `ring-${round}/b/a`],
      ]).toContainEqual((await Promise.all(paths)).sort());
    }
  });

  test("keeps depth and length of paths within what they may be", async () => {
    const deep = Array.from({ length: 20 }, (_, n) => `d${n}`).join("/");
    await world.addFile(owner, `heap/${deep}/a.txt`);
    const heap = await read(folderDetail, at("heap"));
    const shelf = await made(Array.from({ length: 12 }, (_, n) => `s${n}`).join("/"));
    expect(await read(problem, change(heap.folder_id, { folder: shelf.folder_id }))).toMatchObject({
      ...{ status: 400, code: "invalid_request", max_depth: MAX_DEPTH },
    });
    const parent = shelf.parent_id ?? "";
    expect(await moved(heap.folder_id, { folder: parent })).toMatchObject({ name: "heap" });
    const long = "l".repeat(250);
    await world.addFile(owner, `${long}/${long}/x.txt`);
    const { folder_id } = await read(folderDetail, at(long));
    const far = await made(`f/${long}/${long}/${long}`);
    expect(await read(problem, change(folder_id, { folder: far.folder_id }))).toMatchObject({
      max_path_bytes: 1024,
    });
    expect(await refusal(change(folder_id, { name: "l".repeat(256) }))).toEqual([400, "invalid_request"]);
  });

  test("bounds what is put into it while it is on its way", async () => {
    const names = ["m", "m", "m"].map((letter) => letter.repeat(250));
    for (let round = 0; round < 5; round++) {
      const { folder_id } = await made(`slow-${round}/way`);
      const shelf = await made(`shelf-${round}/${names.join("/")}`);
      const put = world.addFile(owner, `slow-${round}/way/${"n".repeat(255)}`).then(
        (id) => fileOf(id),
        () => undefined,
      );
      const [answer, added] = await Promise.all([change(folder_id, { folder: shelf.folder_id }), put]);
      const now = added && (await fileOf(added.file_id));
      expect([200, 400]).toContain(answer.status);
      expect(Buffer.byteLength(now?.path ?? "")).toBeLessThanOrEqual(1024);
    }
  });

  test("takes an upload along whose own folder is still to be made, and makes it there", async () => {
    const inbox = await made("inbox");
    const sender = await world.client("files:read", "files:write");
    await grant(inbox.folder_id, sender.client_id, "editor");
    const json = { workspace: owner.workspace_id, path: "inbox/new/er", filename: "a.txt", size: 5 };
    const started = z.looseObject({
      upload_id: z.string(),
      parts: z.array(z.looseObject({ url: z.string() })),
    });
    const { upload_id, parts } = await read(started, sender.request("/v1/uploads", { json }));
    await moved(inbox.folder_id, { name: "outbox" });
    expect((await fetch(parts[0]?.url ?? "", { method: "PUT", body: "hello" })).status).toBe(200);
    const finalize = () => sender.request(`/v1/uploads/${upload_id}/finalize`, { json: {} });
    expect((await owner.request(`/v1/folders/${inbox.folder_id}`, { method: "DELETE" })).status).toBe(204);
    expect(await refusal(finalize())).toEqual([404, "not_found"]);
    expect((await owner.request(`/v1/trash/${inbox.folder_id}/restore`, { method: "POST" })).status).toBe(
      200,
    );
    const done = await read(z.looseObject({ file_id: z.string() }), finalize());
    expect(await fileOf(done.file_id)).toMatchObject({ path: "outbox/new/er/a.txt" });
    expect((await at("inbox")).status).toBe(404);
  });

  test("takes no upload along into a depth where its folder may not be", async () => {
    const { folder_id } = await made("shallow");
    const json = { folder_id, filename: "b/c/d/a.txt", size: 5 };
    const started = z.looseObject({
      upload_id: z.string(),
      parts: z.array(z.looseObject({ url: z.string() })),
    });
    const { upload_id, parts } = await read(started, owner.request("/v1/uploads", { json }));
    expect((await fetch(parts[0]?.url ?? "", { method: "PUT", body: "hello" })).status).toBe(200);
    const low = await made(Array.from({ length: 29 }, (_, n) => `low${n}`).join("/"));
    await moved(folder_id, { folder: low.folder_id });
    const finalize = () => owner.request(`/v1/uploads/${upload_id}/finalize`, { json: {} });
    expect(await read(problem, finalize())).toMatchObject({ status: 400, max_depth: MAX_DEPTH });
    await moved(folder_id, { folder: "/" });
    expect((await finalize()).status).toBe(200);
  });

  test("takes an upload along that was begun before", async () => {
    const { folder_id } = await made("begun");
    const json = { folder_id, filename: "a.txt", size: 5 };
    const started = z.looseObject({
      upload_id: z.string(),
      parts: z.array(z.looseObject({ url: z.string() })),
    });
    const { upload_id, parts } = await read(started, owner.request("/v1/uploads", { json }));
    await moved(folder_id, { name: "ended", folder: "/elsewhere" });
    expect((await fetch(parts[0]?.url ?? "", { method: "PUT", body: "hello" })).status).toBe(200);
    const done = await read(
      z.looseObject({ file_id: z.string() }),
      owner.request(`/v1/uploads/${upload_id}/finalize`, { json: {} }),
    );
    expect(await fileOf(done.file_id)).toMatchObject({ path: "elsewhere/ended/a.txt", folder_id });
  });
});

describe("who may move a folder", () => {
  test("needs to write it and to create where it is to be, and hears no more of it right after", async () => {
    const id = await world.addFile(owner, "granted/box/a.txt");
    const granted = await read(folderDetail, at("granted"));
    const box = await read(folderDetail, at("granted/box"));
    const elsewhere = await made("not-granted");
    const editor = await world.client("files:read", "files:write");
    const viewer = await world.client("files:read", "files:write");
    await grant(granted.folder_id, editor.client_id, "editor");
    await grant(granted.folder_id, viewer.client_id, "viewer");
    expect(await refusal(change(box.folder_id, { name: "x" }, viewer))).toEqual([403, "forbidden"]);
    expect(await refusal(change(elsewhere.folder_id, { name: "x" }, editor))).toEqual([404, "not_found"]);
    expect(await refusal(change(box.folder_id, { folder: elsewhere.folder_id }, editor))).toEqual([
      404,
      "not_found",
    ]);
    expect((await fileOf(id, editor)).path).toBe("granted/box/a.txt");
    await moved(box.folder_id, { folder: elsewhere.folder_id });
    for (const gone of [`/v1/files/${id}`, `/v1/files/${id}/content`, `/v1/folders/${box.folder_id}`])
      expect(await refusal(editor.request(gone))).toEqual([404, "not_found"]);
    expect((await at("not-granted/box/a.txt", editor)).status).toBe(404);
    await moved(box.folder_id, { folder: granted.folder_id });
    expect((await fileOf(id, editor)).path).toBe("granted/box/a.txt");
  });

  test("gains nothing by it", async () => {
    const weak = await made("weak/box");
    const strong = await made("strong");
    const mover = await world.client("files:read", "files:write", "files:delete");
    const weakly = await read(folderDetail, at("weak"));
    const json = { principal_id: mover.client_id, actions: ["list", "write"] };
    expect((await owner.request(`/v1/folders/${weakly.folder_id}/grants`, { json })).status).toBe(201);
    await grant(strong.folder_id, mover.client_id, "editor");
    expect(await refusal(change(weak.folder_id, { folder: strong.folder_id }, mover))).toEqual([
      403,
      "forbidden",
    ]);
  });
});
