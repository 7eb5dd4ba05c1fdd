/** Folders as things: made, seen, listed, found by path, and what of that is nobody's business. */
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import * as z from "zod";
import { keys } from "#aws/keys.ts";
import { page, problem } from "#contract/common.ts";
import { rootFolder } from "#core/access/place.ts";
import { file, folder } from "#core/files/contract.ts";
import { folderDetail } from "#core/folders/contract.ts";
import { type Client, read, refusal, startWorld, type World } from "#test/support/world.ts";

let world: World;
let owner: Client;
beforeAll(async () => {
  world = await startWorld();
  owner = await world.client("files:read", "files:write", "grants:write");
});
afterAll(() => world?.close());

type Asking = Pick<Client, "request">;
const make = (json: unknown, by: Asking = owner, headers: Record<string, string> = {}) =>
  by.request(`/v1/workspaces/${owner.workspace_id}/folders`, { json, headers });
const made = (json: unknown) => read(folderDetail, make(json));
const resolve = (path: string, by: Asking = owner) =>
  by.request(`/v1/workspaces/${owner.workspace_id}/resolve?path=${encodeURIComponent(path)}`);
const names = async (id: string) => {
  const children = page.of(z.discriminatedUnion("kind", [file, folder]));
  return (await read(children, owner.request(`/v1/folders/${id}/children`))).items.map(({ name }) => name);
};
const grant = async (on: string, principal_id: string, role: string) => {
  const kind = on.startsWith("fld_") ? "folders" : on.startsWith("ws_") ? "workspaces" : "files";
  expect((await owner.request(`/v1/${kind}/${on}/grants`, { json: { principal_id, role } })).status).toBe(
    201,
  );
};

describe("a folder", () => {
  test("is made by its path, with what is missing on the way, seen, and listed with its like", async () => {
    const shown = await made({ path: "/reports/2026/検査 🚢" });
    expect(shown).toMatchObject({
      ...{ kind: "folder", name: "検査 🚢", path: "reports/2026/検査 🚢" },
      ...{ workspace_id: owner.workspace_id, created_by: owner.client_id },
    });
    expect(await read(folderDetail, owner.request(`/v1/folders/${shown.folder_id}`))).toEqual(shown);
    const parent = await read(folderDetail, owner.request(`/v1/folders/${shown.parent_id}`));
    expect(parent).toMatchObject({ name: "2026", path: "reports/2026" });
    expect(parent.created_by).toBeUndefined();
    await world.addFile(owner, "reports/2026/q3.pdf");
    expect(await names(parent.folder_id)).toEqual(["q3.pdf", "検査 🚢"]);
    expect(await names(shown.folder_id)).toEqual([]);
  });

  test("is made in its parent by its name, and tells of itself once", async () => {
    const parent = await made({ path: "parents" });
    const child = await made({ parent_id: parent.folder_id, name: "child" });
    expect(child).toMatchObject({ parent_id: parent.folder_id, path: "parents/child" });
    const root = await read(folderDetail, owner.request(`/v1/folders/${rootFolder(owner.workspace_id)}`));
    expect(root).toMatchObject({ name: "", path: "", parent_id: null });
    const top = await made({ parent_id: root.folder_id, name: "top" });
    expect(top).toMatchObject({ parent_id: root.folder_id, path: "top" });
    const told = (await world.events("folder_created")).filter(({ data }) => data["name"] === "child");
    expect(told.map(({ workspace_id, data }) => [workspace_id, data])).toEqual([
      [owner.workspace_id, { folder_id: child.folder_id, name: "child", parent_id: parent.folder_id }],
    ]);
  });

  test("is where uploads to its path and its id go", async () => {
    const { folder_id } = await made({ path: "inbox/new" });
    const place = z.object({ folder_id: z.string() });
    for (const where of [{ path: "inbox/new" }, { folder_id }]) {
      const json = { filename: "a.txt", size: 1, ...where };
      expect((await read(place, owner.request("/v1/uploads", { json }))).folder_id).toBe(folder_id);
    }
  });

  test("has a name that is free: who comes second is told which one stands there", async () => {
    const { folder_id } = await made({ path: "taken/one" });
    const again = await read(problem, make({ path: "taken/one" }));
    expect(again).toMatchObject({ status: 409, code: "name_taken", kind: "folder", folder_id });
    const fileId = await world.addFile(owner, "taken/two");
    const onFile = await read(problem, make({ path: "taken/two" }));
    expect(onFile).toMatchObject({ status: 409, code: "name_taken", kind: "file", file_id: fileId });
    expect(await refusal(make({ path: "taken/two/below" }))).toEqual([409, "name_taken"]);
  });

  test("of many who make the same at once, one makes it", async () => {
    const answers = await Promise.all(Array.from({ length: 5 }, () => make({ path: "at/once" })));
    expect(answers.map(({ status }) => status).sort()).toEqual([201, 409, 409, 409, 409]);
    const ids = await Promise.all(
      answers.map(async (answer) => ((await answer.json()) as { folder_id: string }).folder_id),
    );
    expect(new Set(ids).size).toBe(1);
  });

  test("is one under one Idempotency-Key", async () => {
    const once = () => make({ path: "key/once" }, owner, { "idempotency-key": "folder-once" });
    const first = await read(folderDetail, once());
    expect(await read(folderDetail, once())).toEqual(first);
    expect(await refusal(make({ path: "key/once" }))).toEqual([409, "name_taken"]);
  });

  test.each([
    ["neither way", {}],
    ["both ways", { path: "a", parent_id: `fld_${"0".repeat(26)}`, name: "b" }],
    ["half of one", { name: "b" }],
    ["the root", { path: "/" }],
    ["a name of dots", { path: "a/.." }],
    ["an id for a path", { path: "fld_short" }],
    ["what is too deep", { path: Array.from({ length: 33 }, () => "a").join("/") }],
    ["what is too long", { path: Array.from({ length: 5 }, () => "a".repeat(204)).join("/") }],
    ["a name with a slash", { parent_id: `fld_${"0".repeat(26)}`, name: "a/b" }],
  ])("can't be %s", async (_, json) => {
    expect(await refusal(make(json))).toEqual([400, "invalid_request"]);
  });

  test("is at most 32 folders deep, by its parent too", async () => {
    const path = Array.from({ length: 32 }, () => "d").join("/");
    const { folder_id } = await made({ path });
    expect(await read(problem, make({ parent_id: folder_id, name: "e" }))).toMatchObject({
      ...{ status: 400, max_depth: 32 },
    });
  });
});

describe("what stands at a path", () => {
  test("is found with its id: a folder, a file, in the root and below, and the root", async () => {
    const deep = await world.addFile(owner, "found/here/f.txt");
    const flat = await world.addFile(owner, "flat.txt");
    const found = async (path: string) => {
      const answer = (await (await resolve(path)).json()) as Record<string, unknown>;
      return [answer["kind"], answer["file_id"] ?? answer["folder_id"], answer["path"]];
    };
    expect(await found("found/here/f.txt")).toEqual(["file", deep, "found/here/f.txt"]);
    expect(await found("/flat.txt")).toEqual(["file", flat, "flat.txt"]);
    expect((await found("/found/here/")).at(2)).toBe("found/here");
    expect(await found("/")).toEqual(["folder", rootFolder(owner.workspace_id), ""]);
    const byName = `/v1/workspaces/${owner.name}/resolve?path=flat.txt`;
    expect((await owner.request(byName)).status).toBe(200);
  });

  test("is found where no hint leads there, by who lists the workspace", async () => {
    const id = await world.addFile(owner, "unhinted/x/f.txt");
    const ws = owner.workspace_id;
    for (const key of [
      keys.pathHint(ws, "unhinted"),
      keys.pathHint(ws, "unhinted/x"),
      keys.fileHint(ws, "unhinted/x/f.txt"),
    ])
      await world.deps.table.remove({ blind: "seeded", remove: key });
    expect(await read(file, resolve("unhinted/x/f.txt"))).toMatchObject({ file_id: id });
    expect((await resolve("unhinted/x")).status).toBe(200);
  });

  test("is where it is, and not where it was: a file that was moved, renamed, replaced or deleted", async () => {
    const id = await world.addFile(owner, "was/a.txt");
    const move = { method: "PATCH", json: { name: "b.txt", folder: "/is" } };
    expect((await owner.request(`/v1/files/${id}`, move)).status).toBe(200);
    expect((await resolve("was/a.txt")).status).toBe(404);
    expect(await read(file, resolve("is/b.txt"))).toMatchObject({ file_id: id });
    const next = await world.addFile(owner, "was/a.txt");
    expect(await read(file, resolve("was/a.txt"))).toMatchObject({ file_id: next });
  });

  test("is nothing for whoever may not list it, by the same calls as where there is nothing", async () => {
    await world.addFile(owner, "hidden/a.txt");
    const { folder_id } = await made({ path: "hidden/mine" });
    const guest = await world.client("files:read", "files:write");
    await grant(folder_id, guest.client_id, "viewer");
    const inside = await world.addFile(owner, "hidden/mine/b.txt");
    expect(await read(file, resolve("hidden/mine/b.txt", guest))).toMatchObject({ file_id: inside });
    expect(await read(folderDetail, resolve("hidden/mine", guest))).toMatchObject({ folder_id });
    const callsOf = async (path: string) => {
      world.traces.length = 0;
      const { status, code } = await read(problem, resolve(path, guest));
      return [status, code, world.traces.map(({ action }) => action)];
    };
    const hidden = await callsOf("hidden/a.txt");
    expect(hidden[0]).toBe(404);
    expect(await callsOf("hidden/none.txt")).toEqual(hidden);
    expect(await callsOf("hidden")).toEqual(hidden);
    expect(await callsOf("nowhere/at/all")).toEqual(hidden);
    expect(await callsOf("none.txt")).toEqual(hidden);
  });
});

test("who may create and not list makes no folders, and learns of none", async () => {
  const { folder_id } = await made({ path: "drop" });
  await made({ path: "drop/there" });
  const sender = await world.client("files:write");
  await grant(folder_id, sender.client_id, "uploader");
  for (const json of [
    { path: "drop/there" },
    { path: "drop/new" },
    { path: "drop" },
    { parent_id: folder_id, name: "there" },
  ])
    expect(await refusal(make(json, sender))).toEqual([404, "not_found"]);
});

test("who sees it and may not create there is told so; a folder of another workspace is none", async () => {
  const { folder_id } = await made({ path: "seen" });
  const viewer = await world.client("files:read", "files:write");
  await grant(folder_id, viewer.client_id, "viewer");
  expect(await refusal(make({ parent_id: folder_id, name: "x" }, viewer))).toEqual([403, "forbidden"]);
  expect(await refusal(make({ path: "seen/x" }, viewer))).toEqual([403, "forbidden"]);
  const elsewhere = await world.client("files:write");
  const other = rootFolder(elsewhere.workspace_id);
  expect(await refusal(make({ parent_id: other, name: "x" }))).toEqual([404, "not_found"]);
});
