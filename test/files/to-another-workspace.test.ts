import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { keys } from "#aws/keys.ts";
import { page, problem } from "#contract/common.ts";
import { scopes as allScopes } from "#contract/scopes.ts";
import { rootFolder } from "#core/access/place.ts";
import { mayHaveHooks } from "#core/endpoints/may-have-hooks.ts";
import { changedFile, file, fileDetail } from "#core/files/contract.ts";
import { fileRecord } from "#core/files/records.ts";
import { grant } from "#core/grants/contract.ts";
import { NO_RIGHTS } from "#core/kernel/rights.ts";
import { share } from "#core/links/contract.ts";
import { sweepLinks } from "#core/links/sweep-links.ts";
import { lockGrant } from "#core/locks/contract.ts";
import { version } from "#core/versions/contract.ts";
import { workspace } from "#core/workspaces/contract.ts";
import { callBy } from "#test/support/caller.ts";
import { uploader } from "#test/support/uploads.ts";
import { type Client, read, refusal, startWorld, type World } from "#test/support/world.ts";

let world: World;
let client: Client;
/** A second workspace of the same client's. */
let other: string;

const WORKING = allScopes.filter((scope) => scope !== "admin");

beforeAll(async () => {
  world = await startWorld();
  client = await world.client(...WORKING);
  other = await workspaceOf(client, "other");
});
afterAll(() => world.close());

async function workspaceOf(by: Client, name: string): Promise<string> {
  const made = await read(workspace, by.request("/v1/workspaces", { json: { name } }));
  return made.workspace_id;
}

const patch = (
  id: string,
  json: unknown,
  { by = client, headers = {} }: { by?: Pick<Client, "request">; headers?: Record<string, string> } = {},
) => by.request(`/v1/files/${id}`, { method: "PATCH", json, headers });
const told = async (id: string, type?: string) =>
  (await world.events(type)).filter((one) => one.file_id === id);
const give = (on: string, by: Client, given: object, of: Client = client) => {
  const kind = on.startsWith("ws_") ? "workspaces" : on.startsWith("fld_") ? "folders" : "files";
  return of.request(`/v1/${kind}/${on}/grants`, { json: { principal_id: by.client_id, ...given } });
};
const recordOf = async (id: string) => {
  const found = await world.deps.table.get(fileRecord, keys.node(id));
  if (found === undefined) throw new Error(`${id} is gone`);
  return found;
};
let made = 0;
const newFile = (by: Client = client) => world.addFile(by, `from/file-${++made}.txt`);

describe("a file goes", () => {
  test("in one step, and is the same file there", async () => {
    const id = await newFile();
    const second = await world.addVersion(client, id, "second");
    const before = await recordOf(id);
    const answer = await read(changedFile, patch(id, { workspace: other, folder: "in/here", name: "b.txt" }));
    expect(answer).toMatchObject({
      file_id: id,
      workspace_id: other,
      path: "in/here/b.txt",
      version_id: second,
    });
    expect(await read(fileDetail, client.request(`/v1/files/${id}`))).toMatchObject({
      ...{ workspace_id: other, path: "in/here/b.txt", created_at: before.created_at },
    });
    expect((await recordOf(id)).object_key).toBe(before.object_key);
    const { items } = await read(page.of(version), client.request(`/v1/files/${id}/versions`));
    expect(items).toHaveLength(2);
    expect(await uploader(client).download(id)).toEqual(Buffer.from("second"));
    const at = async (ws: string, path: string) =>
      (await client.request(`/v1/workspaces/${ws}/resolve?path=${path}`)).status;
    expect(await at(other, "in/here/b.txt")).toBe(200);
    expect(await at(client.workspace_id, `from/${before.name}`)).toBe(404);
  });

  test.each([
    ["to the root, where no folder is said", {}, "/"],
    ["by the workspace's name", { workspace: "other" }, "/"],
    ["under another name, said to be for something", { name: "x.txt", description: "for q3" }, "/"],
  ])("%s", async (_, more, folder) => {
    const id = await newFile();
    const answer = await read(changedFile, patch(id, { workspace: other, ...more }));
    expect(answer).toMatchObject({ workspace_id: other, folder_id: rootFolder(other) });
    expect(answer.path).toBe(folder === "/" ? answer.name : "");
  });

  test("into a folder by its id, of that workspace alone", async () => {
    const there = await world.addFile({ ...client, workspace_id: other }, "box/a.txt");
    const { folder_id } = await recordOf(there);
    const id = await newFile();
    expect(await refusal(patch(id, { folder: folder_id }))).toEqual([404, "not_found"]);
    const { folder_id: here } = await recordOf(id);
    expect(await refusal(patch(id, { workspace: other, folder: here }))).toEqual([404, "not_found"]);
    expect(await read(changedFile, patch(id, { workspace: other, folder: folder_id }))).toMatchObject({
      folder_id,
    });
  });

  test("nowhere, where its own workspace is named", async () => {
    const id = await newFile();
    const { folder_id } = await recordOf(id);
    const answer = await read(changedFile, patch(id, { workspace: client.workspace_id }));
    expect(answer).toMatchObject({ folder_id });
    expect(await told(id, "file_moved")).toEqual([]);
  });

  test("back, to where it was", async () => {
    const id = await newFile();
    const { name } = await recordOf(id);
    await patch(id, { workspace: other });
    const back = await read(changedFile, patch(id, { workspace: client.workspace_id, folder: "from" }));
    expect(back.path).toBe(`from/${name}`);
  });

  test("with others, one after the other, of which one doesn't keep the rest", async () => {
    const [one, two] = [await newFile(), await newFile()];
    const answer = await client.request("/v1/files/batch", {
      json: {
        move: [
          { file_id: one, workspace: other },
          { file_id: two, workspace: "nobodys" },
        ],
      },
    });
    expect(answer.status).toBe(207);
    expect([(await recordOf(one)).workspace_id, (await recordOf(two)).workspace_id]).toEqual([
      ...[other, client.workspace_id],
    ]);
  });
});

describe("each workspace hears its own side", () => {
  test("that it left, and that it came", async () => {
    const id = await newFile();
    const { name, folder_id } = await recordOf(id);
    await patch(id, { workspace: other, name: "come.txt", tags: ["q3"] });
    const events = await told(id);
    const expected = [
      {
        ...{ type: "file_moved", workspace_id: client.workspace_id },
        data: { from: { name, folder_id }, to: null },
      },
      {
        ...{ type: "file_moved", workspace_id: other },
        data: { from: null, to: { name: "come.txt", folder_id: rootFolder(other) } },
      },
      {
        ...{ type: "file_changed", workspace_id: other },
        data: { name: "come.txt", folder_id: rootFolder(other), changes: { tags: { from: [], to: ["q3"] } } },
      },
    ];
    expect(events).toHaveLength(3);
    expect(events.map(({ type, workspace_id, data }) => ({ type, workspace_id, data }))).toEqual(
      expect.arrayContaining(expected),
    );
  });
});

describe("who may", () => {
  test.each<
    [what: string, here: object | undefined, there: object | undefined, answer: [number, string] | 200]
  >([
    ["whoever writes here and creates there", { role: "editor" }, { role: "contributor" }, 200],
    ["nobody who may not create there", { role: "manager" }, { role: "viewer" }, [403, "forbidden"]],
    ["nobody who knows nothing of it", { role: "manager" }, undefined, [404, "not_found"]],
    ["nobody who only reads here", { role: "viewer" }, { role: "owner" }, [403, "forbidden"]],
    ["nobody who sees nothing here", undefined, { role: "owner" }, [404, "not_found"]],
    [
      "nobody who would gain a right",
      { actions: ["list", "read", "write"] },
      { role: "editor" },
      [403, "forbidden"],
    ],
    ["whoever gains none", { actions: ["list", "write"] }, { actions: ["list", "create", "write"] }, 200],
    ["whoever learns nothing of what is there", { role: "editor" }, { role: "uploader" }, 200],
  ])("%s", async (_, here, there, answer) => {
    const by = await world.client(...WORKING);
    const id = await newFile();
    if (here !== undefined) await give(client.workspace_id, by, here);
    if (there !== undefined) await give(other, by, there);
    const asked = patch(id, { workspace: other }, { by });
    if (answer === 200) expect((await asked).status).toBe(200);
    else expect(await refusal(asked)).toEqual(answer);
    expect((await recordOf(id)).workspace_id).toBe(answer === 200 ? other : client.workspace_id);
  });

  test("no token that is restricted to one of the two", async () => {
    const id = await newFile();
    const actions = ["list", "read", "create", "write", "delete"] as const;
    const detail = (ws: string) => ({ type: "file_access" as const, actions: [...actions], workspace: ws });
    const one = await client.restricted(detail(client.workspace_id));
    expect(await refusal(patch(id, { workspace: other }, { by: { request: one } }))).toEqual([
      404,
      "not_found",
    ]);
    const both = await client.restricted(detail(client.workspace_id), detail(other));
    expect((await patch(id, { workspace: other }, { by: { request: both } })).status).toBe(200);
    expect((await one(`/v1/files/${id}`)).status).toBe(404);
  });

  test("a token restricted to the file leaves it where it was", async () => {
    const id = await newFile();
    const narrow = await client.restricted({ type: "file_access", actions: ["list", "read"], file: id });
    expect((await narrow(`/v1/files/${id}`)).status).toBe(200);
    await patch(id, { workspace: other });
    expect((await narrow(`/v1/files/${id}`)).status).toBe(404);
  });

  test.each([
    ["a workspace that isn't there", { workspace: "ws_01JZZZZZZZZZZZZZZZZZZZZZZZ" }, 404, "not_found"],
    ["a name that nobody knows", { workspace: "nobodys" }, 404, "not_found"],
    ["none at all", { workspace: "" }, 400, "invalid_request"],
    ["a number", { workspace: 7 }, 400, "invalid_request"],
    ["a path that climbs", { workspace: "other", folder: "../x" }, 400, "invalid_request"],
  ])("refuses %s", async (_, json, status, code) => {
    expect(await refusal(patch(await newFile(), json))).toEqual([status, code]);
  });

  test("a name that is taken there is, and the file stays", async () => {
    const id = await newFile();
    await world.addFile({ ...client, workspace_id: other }, "taken.txt");
    expect(await refusal(patch(id, { workspace: other, name: "taken.txt" }))).toEqual([409, "name_taken"]);
    expect((await recordOf(id)).workspace_id).toBe(client.workspace_id);
    expect(await told(id)).toEqual([]);
  });

  test("two workspaces of one name are told apart by their ids", async () => {
    const by = await world.client(...WORKING);
    await give(client.workspace_id, by, { role: "editor" });
    const ids: string[] = [];
    for (const owner of [await world.client(...WORKING), await world.client(...WORKING)]) {
      const twin = await workspaceOf(owner, "twins");
      await give(twin, by, { role: "editor" }, owner);
      ids.push(twin);
    }
    const id = await newFile();
    const answer = await read(problem, patch(id, { workspace: "twins" }, { by }));
    expect(answer).toMatchObject({ status: 409, code: "workspace_ambiguous", workspace_ids: ids.sort() });
    expect((await patch(id, { workspace: ids[0] }, { by })).status).toBe(200);
  });
});

describe("grants on the file", () => {
  const listed = async (id: string) => {
    const { items } = await read(page.of(grant), client.request(`/v1/files/${id}/grants`));
    return items.map(({ grant_id }) => grant_id);
  };

  test("stay behind: they give nothing there, are in no list, and hold again where it comes back", async () => {
    const reader = await world.client(...WORKING);
    const id = await newFile();
    const given = await read(grant, give(id, reader, { role: "viewer" }));
    const may = async () => (await reader.request(`/v1/files/${id}`)).status;
    expect([await may(), await listed(id)]).toEqual([200, [given.grant_id]]);
    await patch(id, { workspace: other });
    expect([await may(), await listed(id)]).toEqual([404, []]);
    await patch(id, { workspace: client.workspace_id, folder: "from" });
    expect([await may(), await listed(id)]).toEqual([200, [given.grant_id]]);
  });

  test("the same again is another, and each ends by itself", async () => {
    const reader = await world.client(...WORKING);
    const id = await newFile();
    const behind = await read(grant, give(id, reader, { role: "viewer" }));
    await patch(id, { workspace: other });
    const again = await read(grant, give(id, reader, { role: "viewer" }));
    expect(again.grant_id).not.toBe(behind.grant_id);
    expect(again.workspace_id).toBe(other);
    const end = (one: { grant_id: string }, by: Client) =>
      by.request(`/v1/grants/${one.grant_id}`, { method: "DELETE" });
    expect((await end(behind, reader)).status).toBe(204);
    expect((await reader.request(`/v1/files/${id}`)).status).toBe(200);
    const [ended] = (await told(id, "grant_ended")).map(({ workspace_id, data }) => [
      workspace_id,
      data["folder_id"],
    ]);
    expect(ended).toEqual([client.workspace_id, undefined]);
    expect((await end(again, client)).status).toBe(204);
    expect((await reader.request(`/v1/files/${id}`)).status).toBe(404);
  });

  test("that was left behind is no reason to wait for events of where it is", async () => {
    const id = await newFile();
    const { folder_id: here } = await recordOf(id);
    const { caller } = callBy({ id: "cli_1", name: "ci", workspaceId: other, scopes: ["admin"] });
    const grants = [
      { grant_id: "grt_1", on: id, workspace_id: client.workspace_id, actions: ["hooks" as const] },
    ];
    const hears = (folder: string) =>
      mayHaveHooks(world.deps, { ...caller, rights: { ...NO_RIGHTS, grants } }, [folder]);
    expect(await hears(here)).toBe(true);
    await patch(id, { workspace: other, folder: "heard" });
    const { folder_id: there } = await recordOf(id);
    expect([await hears(here), await hears(there)]).toEqual([false, false]);
  });

  test("what was left behind is no matter of those who grant where the file is", async () => {
    const [reader, manager] = [await world.client(...WORKING), await world.client(...WORKING)];
    const id = await newFile();
    const behind = await read(grant, give(id, reader, { role: "viewer" }));
    await give(other, manager, { role: "manager" });
    await patch(id, { workspace: other });
    expect((await manager.request(`/v1/grants/${behind.grant_id}`)).status).toBe(404);
  });
});

describe("its lock", () => {
  const lock = (id: string, by = client) =>
    by.request(`/v1/files/${id}/lock`, { json: { ttl_seconds: 600 } });

  test("goes along with its number, and only its holder takes it", async () => {
    const id = await newFile();
    const { lock_token, fencing_token } = await read(lockGrant, lock(id));
    expect(await refusal(patch(id, { workspace: other }))).toEqual([423, "file_locked"]);
    const moved = await patch(id, { workspace: other }, { headers: { "lock-token": lock_token } });
    expect(moved.status).toBe(200);
    const { lock: standing, fencing } = await recordOf(id);
    expect([standing?.generation, fencing]).toEqual([fencing_token, fencing_token]);
    expect(await refusal(patch(id, { name: "x.txt" }))).toEqual([423, "file_locked"]);
    const release = { method: "DELETE", headers: { "lock-token": lock_token } };
    expect((await client.request(`/v1/files/${id}/lock`, release)).status).toBe(204);
    const [released] = await told(id, "lock_released");
    expect(released?.workspace_id).toBe(other);
    expect((await read(lockGrant, lock(id))).fencing_token).toBe(fencing_token + 1);
  });
});

describe("its links", () => {
  const open = (url: string) => world.request(url);
  const newLink = async (id: string, json: object = {}) =>
    read(share, client.request(`/v1/files/${id}/shares`, { json }));

  test.each([
    ["a folder", "from/"],
    ["the root", ""],
  ])("lead to it, and are told of where it is: from %s", async (_, folder) => {
    const id = await world.addFile(client, `${folder}linked-${++made}.txt`);
    const link = await newLink(id);
    expect((await open(link.share_url)).status).toBe(302);
    await patch(id, { workspace: other, folder: "linked" });
    for (const downloads of [2, 3]) {
      expect((await open(link.share_url)).status).toBe(302);
      expect(await read(share, client.request(`/v1/shares/${link.share_id}`))).toMatchObject({ downloads });
    }
    const accessed = await told(id, "link_accessed");
    expect(accessed.map(({ workspace_id }) => workspace_id)).toEqual([client.workspace_id, other, other]);
  });

  test("end where it is, opened there or not", async () => {
    const id = await newFile();
    const link = await newLink(id, { expire_in: 60 });
    await patch(id, { workspace: other });
    const start = world.stopClock();
    world.advance(61_000);
    await sweepLinks(world.deps);
    start();
    world.advance(-61_000);
    const [expired] = await told(id, "link_expired");
    expect([expired?.share_id, expired?.workspace_id]).toEqual([link.share_id, other]);
  });

  test("are gone while it is in the trash there", async () => {
    const id = await newFile();
    const link = await newLink(id);
    await patch(id, { workspace: other, folder: "gone" });
    const { folder_id } = await recordOf(id);
    await client.request(`/v1/folders/${folder_id}`, { method: "DELETE" });
    expect((await open(link.share_url)).status).toBe(410);
  });

  test("a move between the look and the count is met", async () => {
    const id = await world.addFile(client, `met-${++made}.txt`);
    const link = await newLink(id);
    const answer = await world.meanwhile(
      () => open(link.share_url),
      () => patch(id, { workspace: other }),
    );
    expect(answer.status).toBe(302);
    const accessed = await told(id, "link_accessed");
    expect(accessed.map(({ workspace_id }) => workspace_id)).toEqual([other]);
  });
});

describe("uploads that were open", () => {
  test("become a version where the file is, for whoever may write it there", async () => {
    const up = uploader(client);
    const id = await newFile();
    const session = await up.upload("ignored", "new", { file_id: id, filename: undefined });
    await patch(id, { workspace: other });
    const done = await up.finish(session.upload_id, { share: false });
    expect(done).toMatchObject({ file_id: id, workspace_id: other });
    expect(await up.finish(session.upload_id, { share: false })).toEqual(done);
    expect(await up.status(session.upload_id)).toMatchObject({ workspace_id: other, state: "completed" });
    const [completed] = await told(id, "upload_completed");
    expect([completed?.workspace_id, completed?.data["workspace_id"]]).toEqual([other, undefined]);
  });

  test("and for nobody else", async () => {
    const by = await world.client(...WORKING);
    await give(client.workspace_id, by, { role: "editor" });
    const up = uploader(by);
    const id = await newFile();
    const session = await up.upload("ignored", "new", { file_id: id, filename: undefined });
    await patch(id, { workspace: other });
    const { version_id } = await recordOf(id);
    expect(await up.refusedFinalize(session.upload_id, { share: false })).toEqual([404, "not_found"]);
    expect((await recordOf(id)).version_id).toBe(version_id);
    // It may finish it where the file comes back.
    await patch(id, { workspace: client.workspace_id, folder: "from" });
    expect((await up.finish(session.upload_id, { share: false })).file_id).toBe(id);
  });

  test("of a path make a new file there", async () => {
    const up = uploader(client);
    const { file_id: id } = await up.uploaded("paths/a.txt", "old");
    const session = await up.upload("paths/a.txt", "new");
    expect(session.file_id).toBe(id);
    await patch(id, { workspace: other });
    const done = await up.finish(session.upload_id);
    expect([done.file_id === id, done.workspace_id]).toEqual([false, client.workspace_id]);
    expect((await read(file, client.request(`/v1/files/${id}`))).workspace_id).toBe(other);
  });

  test("a refusal of its content is told where it was begun, and says nothing of where it is", async () => {
    const up = uploader(client);
    const { file_id: id, folder_id } = await up.uploaded("told/q3.pdf", "%PDF-1.7\n");
    const session = await up.upload("ignored", "#!/bin/sh\necho hi\n", { file_id: id, filename: undefined });
    await patch(id, { workspace: other, folder: "told", name: "q4.pdf" });
    expect(await up.refusedFinalize(session.upload_id)).toEqual([422, "type_mismatch"]);
    const [refused] = await told(id, "upload_rejected");
    expect(refused).toMatchObject({
      workspace_id: client.workspace_id,
      data: { folder_id, name: "q3.pdf" },
    });
  });

  test("what was decided before the move doesn't write after it", async () => {
    const up = uploader(client);
    const id = await newFile();
    const answer = world.meanwhile(
      () => client.request("/v1/files/upload", { body: formOf(id) }),
      () => patch(id, { workspace: other }),
    );
    expect(await refusal(await answer)).toEqual([404, "not_found"]);
    expect((await recordOf(id)).workspace_id).toBe(other);
    expect(await up.download(id)).toEqual(Buffer.from("hello"));
  });
});

function formOf(id: string): FormData {
  const form = new FormData();
  form.set("file_id", id);
  form.set("file", new Blob(["new"]), "a.txt");
  return form;
}

describe("others' calls", () => {
  test.each<[what: string, act: (id: string, first: string) => Promise<Response>]>([
    ["delete", (id) => client.request(`/v1/files/${id}`, { method: "DELETE" })],
    ["rename", (id) => patch(id, { name: `renamed-${++made}.txt` })],
    ["lock", (id) => client.request(`/v1/files/${id}/lock`, { json: { ttl_seconds: 60 } })],
    [
      "restore",
      (id, first) => client.request(`/v1/files/${id}/versions/${first}/restore`, { method: "POST" }),
    ],
  ])("decided where the file was, %s isn't done where it is", async (_, act) => {
    const id = await newFile();
    const { version_id: first } = await recordOf(id);
    const second = await world.addVersion(client, id, "second");
    const answer = await world.meanwhile(
      () => act(id, first),
      () => patch(id, { workspace: other }),
    );
    expect(await refusal(answer)).toEqual([404, "not_found"]);
    const { workspace_id, deleted_at, lock, version_id } = await recordOf(id);
    expect([workspace_id, deleted_at, lock, version_id]).toEqual([other, undefined, undefined, second]);
  });

  test("decided where the file was, break isn't done where it is", async () => {
    const id = await newFile();
    const lock = { json: { ttl_seconds: 60 } };
    const { lock_token } = await read(lockGrant, client.request(`/v1/files/${id}/lock`, lock));
    const headers = { "lock-token": lock_token };
    const answer = await world.meanwhile(
      () => client.request(`/v1/files/${id}/lock/break`, { json: { reason: "stuck" } }),
      () => patch(id, { workspace: other }, { headers }),
    );
    expect(await refusal(answer)).toEqual([404, "not_found"]);
    expect((await recordOf(id)).lock).toBeDefined();
    expect(await told(id, "lock_broken")).toEqual([]);
  });
});
