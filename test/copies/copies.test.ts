/** Copies of files: what comes along, who may, under which name, and what of the file that is copied may happen meanwhile. */
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { keys } from "#aws/keys.ts";
import { problem } from "#contract/common.ts";
import { fileDetail } from "#core/files/contract.ts";
import { lockGrant } from "#core/locks/contract.ts";
import { sweepVersions } from "#core/versions/sweep-versions.ts";
import { type Client, type Given, read, refusal, startWorld, type World } from "#test/support/world.ts";

const SCOPES = [
  ...(["files:read", "files:write", "files:delete", "locks:write", "shares:write"] as const),
  ...(["grants:write", "workspaces:write"] as const),
];
const BYTES_STAY = 16 * 60_000;

let world: World;
let owner: Client;
beforeAll(async () => {
  world = await startWorld();
  owner = await world.client(...SCOPES);
});
afterAll(() => world?.close());

type Asking = Pick<Client, "request">;
const copy = (id: string, json: object, by: Asking = owner, more: Given = {}) =>
  by.request(`/v1/files/${id}/copy`, { json, ...more });
const copied = (id: string, json: object, by: Asking = owner) => read(fileDetail, copy(id, json, by));
const get = (id: string, by: Asking = owner) => read(fileDetail, by.request(`/v1/files/${id}`));
const bytes = async (id: string, by: Asking = owner) => {
  const { headers } = await by.request(`/v1/files/${id}/content`);
  return (await fetch(headers.get("location") ?? "")).text();
};
const change = (id: string, json: object, method = "PATCH") =>
  owner.request(`/v1/files/${id}`, { method, json });
const gone = (id: string, by: Asking = owner) => by.request(`/v1/files/${id}`, { method: "DELETE" });
const versionOf = async (id: string) =>
  (await world.deps.table.batchGet([keys.version(id, (await get(id)).version_id)]))[0];
const grant = async (on: string, principal_id: string, role: string) => {
  const kind = on.startsWith("fld_") ? "folders" : on.startsWith("ws_") ? "workspaces" : "files";
  const answer = await owner.request(`/v1/${kind}/${on}/grants`, { json: { principal_id, role } });
  expect(answer.status).toBe(201);
};

describe("a copy", () => {
  test("is a new file of the same bytes, and of what is said of them", async () => {
    const id = await world.addFile(owner, "from/q3.txt", "figures");
    await change(id, { description: "For the board", tags: ["q3"], metadata: { build: "7" } });
    await owner.request(`/v1/files/${id}/shares`, { json: {} });
    const before = await get(id);
    const answer = await copy(id, { folder: "to/2026" });
    const shown = await read(fileDetail, answer);
    expect([answer.status, answer.headers.get("etag")]).toEqual([201, `"${shown.version_id}"`]);
    expect(shown).toEqual({
      ...before,
      ...{ file_id: shown.file_id, folder_id: shown.folder_id, version_id: shown.version_id },
      ...{ path: "to/2026/q3.txt", created_at: shown.created_at, updated_at: shown.updated_at },
    });
    expect([shown.description, shown.tags, shown.metadata]).toEqual([
      "For the board",
      ["q3"],
      { build: "7" },
    ]);
    for (const other of ["file_id", "folder_id", "version_id"] as const)
      expect(shown[other]).not.toBe(before[other]);
    expect(await get(shown.file_id)).toEqual(shown);
    expect(await get(id)).toEqual(before);
    expect(await bytes(shown.file_id)).toBe("figures");
    const links = await owner.request(`/v1/files/${shown.file_id}/shares`);
    expect(await links.json()).toMatchObject({ items: [] });
    const [told] = (await world.events("file_copied")).filter(({ file_id }) => file_id === shown.file_id);
    expect(told).toMatchObject({
      workspace_id: owner.workspace_id,
      data: {
        ...{ name: "q3.txt", folder_id: shown.folder_id, size: 7, version_id: shown.version_id },
        copied_from: { file_id: id, version_id: before.version_id },
      },
    });
    expect((await world.events("file_downloaded")).some(({ file_id }) => file_id === id)).toBe(false);
  });

  test("of an older version has what that holds, and takes no restoration's place", async () => {
    const id = await world.addFile(owner, "old.txt", "first");
    const { version_id: first } = await get(id);
    await world.addVersion(owner, id, "second");
    const shown = await copied(id, { folder: "/", name: "first.txt", version: first });
    expect(await bytes(shown.file_id)).toBe("first");
    expect(await bytes(id)).toBe("second");
    const listed = await (await owner.request(`/v1/files/${shown.file_id}/versions`)).json();
    expect(listed).toMatchObject({ items: [{ version_id: shown.version_id, current: true }] });
    expect(listed).not.toHaveProperty("items.1");
    expect(await refusal(copy(id, { folder: "/", version: "ver_01JZZZZZZZZZZZZZZZZZZZZZZZ" }))).toEqual([
      404,
      "not_found",
    ]);
    expect((await owner.request(`/v1/files/${id}/versions/${first}`, { method: "DELETE" })).status).toBe(204);
    expect(await refusal(copy(id, { folder: "/", name: "b.txt", version: first }))).toEqual([
      404,
      "not_found",
    ]);
  });

  test("goes into another workspace, whose log tells of it, while its own tells of bytes that leave", async () => {
    const id = await world.addFile(owner, "leaves.txt");
    const shown = await copied(id, { workspace: "elsewhere", folder: "in" });
    expect(shown.workspace_id).not.toBe(owner.workspace_id);
    expect(shown.path).toBe("in/leaves.txt");
    const by = { file_id: id, workspace_id: owner.workspace_id };
    expect((await world.events("file_downloaded")).at(-1)).toMatchObject(by);
    expect((await world.events("file_copied")).at(-1)).toMatchObject({
      workspace_id: shown.workspace_id,
      file_id: shown.file_id,
    });
    const at = { workspace: owner.workspace_id, folder: shown.folder_id };
    expect(await refusal(copy(id, at))).toEqual([400, "invalid_request"]);
  });

  test("of a copy outlives both", async () => {
    const id = await world.addFile(owner, "one.txt", "chain");
    const { file_id: second } = await copied(id, { folder: "/", name: "two.txt" });
    const { file_id: third } = await copied(second, { folder: "/", name: "three.txt" });
    for (const one of [id, second]) {
      await gone(one);
      await owner.request(`/v1/trash/${one}`, { method: "DELETE" });
    }
    world.advance(BYTES_STAY);
    // Of two that give up their holds at once, one stays for the next run.
    for (let run = 0; run < 2; run++) await sweepVersions(world.deps);
    const left = (await world.dump()).filter(({ file_id, shared }) => file_id === second && shared);
    expect(left).toEqual([]);
    expect(await bytes(third)).toBe("chain");
  });

  test("is made once under an Idempotency-Key", async () => {
    const id = await world.addFile(owner, "once.txt");
    const headers = { "idempotency-key": "copy-once" };
    const send = () => copy(id, { folder: "/", name: "twice.txt" }, owner, { headers });
    const first = await send();
    const again = await send();
    expect([first.status, again.status, again.headers.get("idempotency-replayed")]).toEqual([
      201,
      201,
      "true",
    ]);
    expect(await again.json()).toEqual(await first.json());
  });

  test("of a file that nobody copied leaves nothing behind, and the first says so in its record", async () => {
    const id = await world.addFile(owner, "plain.txt");
    expect(await versionOf(id)).not.toHaveProperty("shared");
    const { file_id } = await copied(id, { folder: "/", name: "plain-2.txt" });
    for (const one of [id, file_id]) expect(await versionOf(one)).toMatchObject({ shared: true });
    const object = String((await versionOf(id))?.["object_key"]);
    expect((await versionOf(file_id))?.["object_key"]).toBe(object);
    const holds = (await world.dump()).filter(({ pk }) => pk === keys.hold(object, "").pk);
    expect(holds.map((hold) => hold["file_id"]).sort()).toEqual([id, file_id].sort());
  });
});

describe("the name of a copy", () => {
  test("is the file's unless said, which is taken next to it", async () => {
    const id = await world.addFile(owner, "taken/q3.txt");
    const { status, code, ...more } = await read(problem, copy(id, { folder: "taken" }));
    expect([status, code, more["name"], more["kind"]]).toEqual([409, "name_taken", "q3.txt", "file"]);
    expect(await copied(id, { folder: "taken", if_exists: "rename" })).toMatchObject({ name: "q3 (1).txt" });
    expect(await copied(id, { folder: "taken", if_exists: "rename" })).toMatchObject({ name: "q3 (2).txt" });
    expect(await refusal(copy(id, { folder: "taken", if_exists: "version" }))).toEqual([409, "conflict"]);
    const folder = await read(problem, copy(id, { folder: "/", name: "taken", if_exists: "version" }));
    expect([folder.code, folder["kind"]]).toEqual(["name_taken", "folder"]);
  });

  test("may be another file's, which gets a version and keeps what is its own", async () => {
    const id = await world.addFile(owner, "draft.txt", "new");
    await change(id, { description: "a draft" });
    const target = await world.addFile(owner, "release.txt", "old");
    await change(target, { description: "what is released", tags: ["live"] });
    const { version_id: old } = await get(target);
    const onto = { folder: "/", name: "release.txt", if_exists: "version" };
    const shown = await copied(id, onto);
    expect(shown).toMatchObject({ file_id: target, description: "what is released", tags: ["live"] });
    expect(await get(target)).toEqual(shown);
    expect(await bytes(target)).toBe("new");
    expect((await world.events("file_copied")).at(-1)?.data).toMatchObject({ previous_version_id: old });
    const lock = await read(lockGrant, owner.request(`/v1/files/${target}/lock`, { json: {} }));
    const send = (headers: Record<string, string>) => copy(id, onto, owner, { headers });
    expect(await refusal(send({}))).toEqual([423, "file_locked"]);
    expect(await refusal(send({ "lock-token": "whl_stale" }))).toEqual([409, "lock_lost"]);
    expect((await send({ "lock-token": lock.lock_token })).status).toBe(201);
    const stale = { "lock-token": lock.lock_token, "if-match": shown.version_id };
    expect(await refusal(send(stale))).toEqual([412, "version_mismatch"]);
    // Nothing is there that these could be about.
    const none = (headers: Record<string, string>) =>
      copy(id, { folder: "/", name: "none.txt", if_exists: "version" }, owner, { headers });
    expect(await refusal(none({ "lock-token": lock.lock_token }))).toEqual([409, "lock_lost"]);
    expect(await refusal(none({ "if-match": "*" }))).toEqual([412, "version_mismatch"]);
  });

  test("is judged with the content, as an upload's", async () => {
    const id = await world.addFile(owner, "run.txt", "#!/bin/sh\nrm -rf /\n");
    const refused = copy(id, { folder: "nowhere", name: "invoice.pdf" });
    expect(await refusal(refused)).toEqual([422, "type_mismatch"]);
    const at = await owner.request(`/v1/workspaces/${owner.workspace_id}/resolve?path=nowhere`);
    expect(at.status).toBe(404);
  });

  test.each([
    ["no folder", {}, 400, "invalid_request"],
    ["an unknown member", { folder: "/", path: "x" }, 400, "unknown_field"],
    ["a name with a folder", { folder: "/", name: "a/b" }, 400, "invalid_request"],
    ["an empty name", { folder: "/", name: "" }, 400, "invalid_request"],
    ["a name that shows nothing", { folder: "/", name: "a\u200b" }, 400, "invalid_request"],
    ["another way to meet a name", { folder: "/", if_exists: "replace" }, 400, "invalid_request"],
    ["a version that is no id", { folder: "/", version: "1" }, 400, "invalid_request"],
    ["too deep a path", { folder: Array(33).fill("d").join("/") }, 400, "invalid_request"],
    ["too long a path", { folder: Array(5).fill("d".repeat(250)).join("/") }, 400, "invalid_request"],
    ["a folder that isn't there", { folder: "fld_01JZZZZZZZZZZZZZZZZZZZZZZZ" }, 404, "not_found"],
    [
      "a workspace that isn't there",
      { folder: "/", workspace: "ws_01JZZZZZZZZZZZZZZZZZZZZZZZ" },
      404,
      "not_found",
    ],
  ])("can't be %s", async (_, json, status, code) => {
    const id = await world.addFile(owner, `refused/${crypto.randomUUID()}.txt`);
    const before = (await world.dump()).length;
    expect(await refusal(copy(id, json))).toEqual([status, code]);
    expect(await world.dump()).toHaveLength(before);
  });
});

describe("who may copy", () => {
  const SOME = ["files:read", "files:write"] as const;

  test("reads what is copied, and creates where the copy goes", async () => {
    const id = await world.addFile(owner, "shown/s.txt");
    const { folder_id } = await get(id);
    const reader = await world.client(...SOME);
    expect(await refusal(copy(id, { folder: "/", workspace: reader.workspace_id }, reader))).toEqual([
      404,
      "not_found",
    ]);
    await grant(folder_id, reader.client_id, "viewer");
    expect(await refusal(copy(id, { folder: folder_id, name: "b.txt" }, reader))).toEqual([403, "forbidden"]);
    expect(await refusal(copy(id, { folder: "/" }, reader))).toEqual([404, "not_found"]);
    const mine = await copied(id, { folder: "/", workspace: reader.workspace_id }, reader);
    expect(mine).toMatchObject({ created_by: reader.client_id, workspace_id: reader.workspace_id });
    expect(await bytes(mine.file_id, reader)).toBe("hello");
    // The other way round what is theirs is not the owner's.
    expect(await refusal(copy(mine.file_id, { folder: "/", workspace: owner.workspace_id }))).toEqual([
      404,
      "not_found",
    ]);
  });

  test("needs scopes of both", async () => {
    const id = await world.addFile(owner, "scopes.txt");
    for (const scope of SOME) {
      const request = await owner.withScopes(scope);
      expect(await refusal(copy(id, { folder: "/", name: "b.txt" }, { request }))).toEqual([
        403,
        "forbidden",
      ]);
    }
    const request = await owner.withScopes(...SOME);
    expect((await copy(id, { folder: "/", name: "b.txt" }, { request })).status).toBe(201);
  });

  test("may write the file that gets a version", async () => {
    const id = await world.addFile(owner, "both/s.txt", "mine");
    const target = await world.addFile(owner, "both/t.txt", "theirs");
    const { folder_id } = await get(id);
    const onto = { folder: folder_id, name: "t.txt", if_exists: "version" };
    const request = await owner.restricted({
      ...{ type: "file_access", workspace: owner.workspace_id, folder: folder_id },
      actions: ["list", "read", "create"],
    });
    expect(await refusal(copy(id, onto, { request }))).toEqual([403, "forbidden"]);
    expect((await copy(id, { ...onto, name: "u.txt" }, { request })).status).toBe(201);
    // Its own place is all that it reaches.
    expect(await refusal(copy(id, { folder: "/", name: "v.txt" }, { request }))).toEqual([404, "not_found"]);
    expect(await bytes(target)).toBe("theirs");
  });

  test("learns nothing of where it may only send: the copy has a name like no other's", async () => {
    const inbox = await world.addFile(owner, "inbox/s.txt", "theirs");
    const { folder_id } = await get(inbox);
    const sender = await world.client(...SOME);
    await grant(folder_id, sender.client_id, "uploader");
    const own = await world.addFile(sender, "s.txt", "mine");
    for (const if_exists of ["fail", "version", "rename"]) {
      const shown = await copied(own, { folder: folder_id, if_exists }, sender);
      expect(shown).toMatchObject({ name: "s.txt", path: "s.txt" });
      expect((await get(shown.file_id)).name).toMatch(/^s-[a-z0-9]{10}\.txt$/);
      expect(await get(shown.file_id, sender)).toMatchObject({ name: "s.txt" });
    }
    expect(await bytes(inbox)).toBe("theirs");
    expect(await refusal(copy(inbox, { folder: folder_id }, sender))).toEqual([404, "not_found"]);
  });

  test("copies what it made itself, for as long as nobody else has written to it", async () => {
    const { folder_id } = await get(await world.addFile(owner, "drop/x.txt"));
    const sender = await world.client(...SOME);
    await grant(folder_id, sender.client_id, "uploader");
    const own = await world.addFile(sender, "s.txt", "mine");
    const { file_id } = await copied(own, { folder: folder_id }, sender);
    const again = { folder: "/", workspace: sender.workspace_id, if_exists: "rename" };
    expect(await copied(file_id, again, sender)).toMatchObject({ name: "s (1).txt" });
    const third = () => copy(file_id, again, sender);
    const meanwhile = world.meanwhile(third, async () => {
      const { name } = await get(file_id);
      const theirs = await world.addFile(owner, "theirs.txt", "secret");
      await copied(theirs, { folder: folder_id, name, if_exists: "version" });
      await gone(theirs);
    });
    expect(await refusal(meanwhile)).toEqual([404, "not_found"]);
    expect(await refusal(third())).toEqual([404, "not_found"]);
  });
});

describe("meanwhile", () => {
  const onto = { folder: "/", name: "copy.txt" };

  test.each([
    ["file is deleted", (id: string) => gone(id)],
    ["version is deleted", (id: string, v: string) => gone(`${id}/versions/${v}`)],
  ])("the %s: there is no copy", async (what, others) => {
    const id = await world.addFile(owner, `${what}.txt`, "bytes");
    const { version_id: version } = await get(id);
    await world.addVersion(owner, id, "more");
    const act = () => copy(id, { ...onto, version });
    expect(await refusal(world.meanwhile(act, () => others(id, version)))).toEqual([404, "not_found"]);
    expect((await world.dump()).some(({ name }) => name === "copy.txt")).toBe(false);
  });

  test("what is copied is written: the copy is of what it holds then", async () => {
    const id = await world.addFile(owner, "written.txt", "first");
    const act = () => copied(id, { folder: "/", name: "written-2.txt" });
    const { file_id } = await world.meanwhile(act, () => world.addVersion(owner, id, "second"));
    expect(await bytes(file_id)).toBe("second");
  });

  test("another copies it too: both are there", async () => {
    const id = await world.addFile(owner, "both.txt", "both");
    const one = await world.meanwhile(
      () => copied(id, { folder: "/", name: "both-1.txt" }),
      () => copied(id, { folder: "/", name: "both-2.txt" }),
    );
    await gone(id);
    expect(await bytes(one.file_id)).toBe("both");
  });

  test("an old version is restored: what becomes of either takes nothing from the other", async () => {
    const id = await world.addFile(owner, "restored.txt", "first");
    const { version_id: first } = await get(id);
    await world.addVersion(owner, id, "second");
    const restore = () => owner.request(`/v1/files/${id}/versions/${first}/restore`, { method: "POST" });
    const { file_id } = await world.meanwhile(
      () => copied(id, { folder: "/", name: "restored-2.txt", version: first }),
      restore,
    );
    await world.addVersion(owner, id, "third");
    const list = await (await owner.request(`/v1/files/${id}/versions`)).json();
    for (const { version_id, current } of (list as { items: { version_id: string; current: boolean }[] })
      .items)
      if (!current) await owner.request(`/v1/files/${id}/versions/${version_id}`, { method: "DELETE" });
    world.advance(BYTES_STAY);
    await sweepVersions(world.deps);
    expect(await bytes(file_id)).toBe("first");
    // And the other way round.
    const other = await world.addFile(owner, "restored-3.txt", "first");
    const { version_id: v } = await get(other);
    await world.addVersion(owner, other, "second");
    await world.meanwhile(
      () => owner.request(`/v1/files/${other}/versions/${v}/restore`, { method: "POST" }),
      () => copied(other, { folder: "/", name: "restored-4.txt", version: v }),
    );
    expect(await versionOf(other)).toMatchObject({ restored_from: v, shared: true });
  });
});
