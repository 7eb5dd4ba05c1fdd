import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { shareWorkspace } from "#core/revocation/share-workspace.ts";
import { type Uploader, uploader } from "#test/support/uploads.ts";
import { type Client, startWorld, type World } from "#test/support/world.ts";

let world: World;
let client: Client;
let by: Uploader;

beforeAll(async () => {
  world = await startWorld();
  client = await world.client(
    "files:read",
    "files:write",
    "files:delete",
    "locks:write",
    "workspaces:write",
    "shares:write",
  );
  by = uploader(client);
});
afterAll(() => world.close());

describe("a name that is taken", () => {
  test("gets a new version, as its client is told at the start", async () => {
    for (const name of ["v.txt", "deep/v.txt"]) {
      const first = await by.uploaded(name, "one");
      const session = await by.upload(name, "two");
      expect(session.file_id).toBe(first.file_id);
      const second = await by.finish(session.upload_id);
      expect(second.file_id).toBe(first.file_id);
      expect(second.version_id).not.toBe(first.version_id);
      expect((await by.download(first.file_id)).toString()).toBe("two");
    }
  });

  test("is refused with fail, at the start and again at the end", async () => {
    for (const name of ["f.txt", "deep/f.txt"]) {
      const late = await by.upload(name, "late", { if_exists: "fail" });
      await by.uploaded(name, "first");
      expect(await by.refusedStart({ filename: name, if_exists: "fail" })).toEqual([409, "name_taken"]);
      expect(await by.refusedFinalize(late.upload_id)).toEqual([409, "name_taken"]);
      expect(await by.status(late.upload_id)).toMatchObject({ state: "open" });
    }
  });

  test("becomes the next that is free with rename, at the start and again at the end", async () => {
    for (const folder of ["", "deep/"]) {
      const late = await by.upload(`${folder}r.tar.old`, "late", { if_exists: "rename" });
      expect(late.name).toBe("r.tar.old");
      await by.uploaded(`${folder}r.tar.old`);
      const second = await by.upload(`${folder}r.tar.old`, "second", { if_exists: "rename" });
      expect(second.name).toBe("r.tar (1).old");
      expect(await by.finish(second.upload_id)).toMatchObject({
        name: "r.tar (1).old",
        file_id: second.file_id,
      });
      expect(await by.finish(late.upload_id)).toMatchObject({ name: "r.tar (2).old", file_id: late.file_id });
    }
  });

  test("is cut by rename so that its path fits, and refused at the start where nothing would be left", async () => {
    const folder = Array.from({ length: 4 }, (_, level) => `${level}`.repeat(250)).join("/");
    const filename = `${folder}/${"n".repeat(16)}.txt`;
    const sessions = [];
    for (const content of ["1", "2", "3"])
      sessions.push(await by.upload(filename, content, { if_exists: "rename" }));
    const names = [];
    for (const { upload_id } of sessions) names.push((await by.finish(upload_id, { share: false })).name);
    const stem = "n".repeat(8);
    expect(names).toEqual([`${"n".repeat(16)}.txt`, `${stem} (1).txt`, `${stem} (2).txt`]);
    expect(await by.start({ filename, if_exists: "rename" })).toMatchObject({ name: `${stem} (3).txt` });
    // Also where the name is free: it may be taken by the end.
    const deep = { filename: `${folder}/${"d".repeat(11)}/n.txt` };
    expect(await by.refusedStart({ ...deep, if_exists: "rename" })).toEqual([400, "invalid_request"]);
    await by.uploaded(deep.filename);
  });

  test("taken by another upload meanwhile: the later becomes its version", async () => {
    const [a, b] = [await by.upload("race.txt", "a"), await by.upload("race.txt", "b")];
    expect(a.file_id).not.toBe(b.file_id);
    const first = await by.finish(a.upload_id);
    expect(await by.finish(b.upload_id)).toMatchObject({ file_id: first.file_id });
    expect((await by.download(first.file_id)).toString()).toBe("b");
  });

  test("of another client's file is taken for one that may not read it, at the start and at the end", async () => {
    const writer = await world.client("files:write", "files:delete", "locks:write", "workspaces:write");
    await shareWorkspace(world.deps, { clientId: writer.client_id, workspaceId: client.workspace_id });
    const to = { workspace: client.workspace_id };
    for (const name of ["theirs.txt", "deep/theirs.txt"]) {
      const late = await uploader(writer).upload(name, "late", to);
      const { file_id } = await by.uploaded(name, "one");
      expect(await uploader(writer).refusedStart({ filename: name, ...to })).toEqual([409, "name_taken"]);
      expect(await uploader(writer).refusedFinalize(late.upload_id)).toEqual([409, "name_taken"]);
      expect((await by.download(file_id)).toString()).toBe("one");
    }
    const first = await uploader(writer).uploaded("own.txt", "one", to);
    expect(await uploader(writer).uploaded("own.txt", "two", to)).toMatchObject({ file_id: first.file_id });
  });

  test("of a folder is refused", async () => {
    await by.uploaded("folder/x.txt");
    expect(await by.refusedStart({ filename: "folder" })).toEqual([409, "name_taken"]);
    expect(await by.refusedStart({ filename: "folder/x.txt/y" })).toEqual([409, "name_taken"]);
  });

  test("the file keeps its version where it was moved, and comes anew where it was deleted", async () => {
    const { file_id } = await by.uploaded("moving.txt", "one");
    const [moved, deleted] = [await by.upload("moving.txt", "two"), await by.upload("moving.txt", "three")];
    await client.request(`/v1/files/${file_id}`, { method: "PATCH", json: { name: "elsewhere.txt" } });
    expect(await by.finish(moved.upload_id)).toMatchObject({ file_id, name: "elsewhere.txt" });
    await client.request(`/v1/files/${file_id}`, { method: "DELETE" });
    const anew = await by.finish(deleted.upload_id);
    expect(anew).toMatchObject({ name: "moving.txt" });
    expect(anew.file_id).not.toBe(file_id);
    expect((await by.download(anew.file_id)).toString()).toBe("three");
  });
});
