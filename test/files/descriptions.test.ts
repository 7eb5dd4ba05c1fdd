/** What people say of a file: set, shown, told of and taken away, and whose it is. */
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import * as z from "zod";
import { keys } from "#aws/keys.ts";
import { page } from "#contract/common.ts";
import { file, fileDetail, folder } from "#core/files/contract.ts";
import { share } from "#core/links/contract.ts";
import { uploader } from "#test/support/uploads.ts";
import { type Client, read, refusal, startWorld, type World } from "#test/support/world.ts";

const listing = page.of(z.discriminatedUnion("kind", [file, folder]));

let world: World;
let client: Client;
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
});
afterAll(() => world.close());

let made = 0;
const newFile = (content?: string) => world.addFile(client, `said/${++made}.txt`, content);
const patch = (id: string, json: unknown) => client.request(`/v1/files/${id}`, { method: "PATCH", json });
const change = (id: string, json: unknown) => read(file, patch(id, json));
const get = (id: string) => read(fileDetail, client.request(`/v1/files/${id}`));
const told = async (id: string) =>
  (await world.events()).filter((one) => one.file_id === id && /^file_(changed|moved)$/.test(one.type));

describe("a description", () => {
  test.each([
    "For the board, until March",
    "Für den Beirat:\n\t– „Ärger“ über Öl 🛢️",
    "ما هو الغرض",
    `500 ${"x".repeat(496)}`,
    " ",
  ])("%j is shown wherever the file is, and told of with what it was", async (description) => {
    const id = await newFile();
    const before = await client.request(`/v1/files/${id}`);
    const facts = await read(fileDetail, before);
    const { name, folder_id, path, version_id } = facts;
    expect(facts).not.toHaveProperty("description");

    world.advance(1_000);
    const changed = await change(id, { description });
    expect(changed).toMatchObject({ name, folder_id, path, version_id, description });
    expect(changed.updated_at > facts.updated_at).toBe(true);
    const after = await client.request(`/v1/files/${id}`);
    expect(await read(fileDetail, after.clone())).toMatchObject(changed);
    expect(after.headers.get("etag")).not.toBe(before.headers.get("etag"));
    const { items } = await read(
      listing,
      client.request(`/v1/workspaces/${client.workspace_id}/files?path=said&limit=100`),
    );
    expect(items).toContainEqual(changed);

    await change(id, { description: "something else" });
    expect(await told(id)).toMatchObject([
      {
        ...{ type: "file_changed", workspace_id: client.workspace_id },
        actor: { type: "client", id: client.client_id },
        data: { name, folder_id, changes: { description: { from: null, to: description } } },
      },
      { data: { changes: { description: { from: description, to: "something else" } } } },
    ]);
  });

  test.each([[null], [""]])("is taken away by %j", async (nothing) => {
    const id = await newFile();
    await change(id, { description: "not for long" });
    expect(await change(id, { description: nothing })).not.toHaveProperty("description");
    expect(await get(id)).not.toHaveProperty("description");
    expect((await told(id)).at(-1)).toMatchObject({
      type: "file_changed",
      data: { changes: { description: { from: "not for long", to: null } } },
    });
    expect((await world.deps.table.batchGet([keys.node(id)]))[0]).not.toHaveProperty("description");
  });

  test("that the file has is no change", async () => {
    const id = await newFile();
    for (const description of [null, ""]) await change(id, { description });
    expect(await told(id)).toEqual([]);
    const first = await change(id, { description: "the same" });
    world.advance(1_000);
    expect(await change(id, { description: "the same" })).toEqual(first);
    expect(await change(id, { name: first.name, folder: first.folder_id, description: "the same" })).toEqual(
      first,
    );
    expect(await told(id)).toHaveLength(1);
  });

  test("and a name are changed at once, or neither is", async () => {
    const id = await newFile();
    const other = await get(await newFile());
    const { folder_id, name } = await get(id);
    expect(await refusal(patch(id, { name: other.name, description: "both" }))).toEqual([409, "name_taken"]);
    expect(await get(id)).toMatchObject({ name });
    expect(await get(id)).not.toHaveProperty("description");
    expect(await told(id)).toEqual([]);

    const changed = await change(id, { name: `both-${name}`, description: "both" });
    expect(changed).toMatchObject({ name: `both-${name}`, description: "both" });
    const events = (await told(id)).sort((a, b) => (a.type < b.type ? -1 : 1));
    expect(events).toMatchObject([
      {
        type: "file_changed",
        data: { name: `both-${name}`, folder_id, changes: { description: { from: null, to: "both" } } },
      },
      {
        type: "file_moved",
        data: { from: { name, folder_id }, to: { name: `both-${name}`, folder_id } },
      },
    ]);

    await change(id, { name: changed.name, description: "its name stays" });
    expect((await told(id)).map(({ type }) => type).sort()).toEqual([
      "file_changed",
      "file_changed",
      "file_moved",
    ]);
  });

  test("is no new name, under which the content would be judged", async () => {
    const id = await world.addFile(client, "said/invoice.pdf", "#!/bin/sh\necho hi\n");
    world.traces.splice(0);
    expect((await patch(id, { description: "older than the rule" })).status).toBe(200);
    expect((await patch(id, { name: "invoice.pdf", description: "still" })).status).toBe(200);
    expect(world.traces.filter(({ service }) => service === "s3")).toEqual([]);
    const renamed = patch(id, { name: "invoice-2.pdf", description: "judged" });
    expect(await refusal(renamed)).toEqual([422, "type_mismatch"]);
    expect(await get(id)).toMatchObject({ name: "invoice.pdf", description: "still" });
  });

  test("is the file's own, whatever its content is and where it lies", async () => {
    const by = uploader(client);
    const { file_id, version_id } = await by.uploaded("kept/a.txt", "one");
    await change(file_id, { description: "the file's own" });
    const second = await by.uploaded("kept/a.txt", "two");
    expect(await get(file_id)).toMatchObject({
      version_id: second.version_id,
      description: "the file's own",
    });
    await client.request(`/v1/files/${file_id}/versions/${version_id}/restore`, { method: "POST" });
    await change(file_id, { folder: "elsewhere", name: "b.txt" });
    expect(await get(file_id)).toMatchObject({ name: "b.txt", description: "the file's own" });
    expect(await (await client.request(`/v1/files/${file_id}/versions`)).text()).not.toContain("own");

    expect((await client.request(`/v1/files/${file_id}`, { method: "DELETE" })).status).toBe(204);
    const { file_id: next } = await by.uploaded("elsewhere/b.txt", "three");
    expect(await get(next)).not.toHaveProperty("description");
  });

  test("is nothing for whoever opens a link", async () => {
    const id = await newFile();
    await change(id, { description: "among ourselves" });
    const link = await read(share, client.request(`/v1/files/${id}/shares`, { json: {} }));
    const opened = await world.request(link.share_url, { headers: { accept: "text/html" } });
    expect(await opened.text()).not.toContain("ourselves");
    expect(JSON.stringify(link)).not.toContain("ourselves");
  });

  test("is for a client without files:read to change where the file is its own", async () => {
    const upload = await client.withScopes("files:write", "files:delete", "locks:write", "workspaces:write");
    const own = await newFile();
    const others = await world.addFile(
      { ...client, client_id: "cli_01JZZZZZZZZZZZZZZZZZZZZZZZ" },
      `said/${++made}.txt`,
    );
    const describeIt = (id: string) =>
      upload(`/v1/files/${id}`, { method: "PATCH", json: { description: "mine" } });
    expect((await describeIt(own)).status).toBe(200);
    expect(await refusal(describeIt(others))).toEqual([404, "not_found"]);
  });

  test("may hold U+FFFD where its sender means it, escaped as JSON has it", async () => {
    const id = await newFile();
    const body = new TextEncoder().encode('{"description":"a\\ufffdb"}');
    const headers = { "content-type": "application/json" };
    const answer = await client.request(`/v1/files/${id}`, { method: "PATCH", body, headers });
    expect(answer.status).toBe(200);
    expect(await get(id)).toMatchObject({ description: "a\ufffdb" });
  });

  test.each([
    ["501 characters", "x".repeat(501)],
    ["a zero byte", "a\0b"],
    ["half a surrogate pair", "a\ud800"],
    ["the other half", "\udc00a"],
    ["what stands where bytes were lost", "a\ufffd", "invalid_json"],
    ["a number", 7],
    ["a list", ["a"]],
    ["an object", { text: "a" }],
  ])("may not be %s", async (_, description, code = "invalid_request") => {
    const id = await newFile();
    await change(id, { description: "as it was" });
    expect(await refusal(patch(id, { description }))).toEqual([400, code]);
    expect(await refusal(patch(id, { name: "else.txt", description }))).toEqual([400, code]);
    expect(await get(id)).toMatchObject({ description: "as it was" });
    expect(await told(id)).toHaveLength(1);
  });
});

describe("a change", () => {
  test("that others change meanwhile is told of as what it was", async () => {
    const id = await newFile();
    await world.meanwhile(
      () => change(id, { description: "mine" }),
      () => change(id, { description: "theirs" }),
    );
    expect((await told(id)).map(({ data }) => data["changes"])).toEqual([
      { description: { from: null, to: "theirs" } },
      { description: { from: "theirs", to: "mine" } },
    ]);
  });

  test("that others make meanwhile is no change any more", async () => {
    const id = await newFile();
    const [mine, theirs] = [{ description: "the same" }, { description: "the same" }];
    expect(
      await world.meanwhile(
        () => change(id, mine),
        () => change(id, theirs),
      ),
    ).toMatchObject(mine);
    expect(await told(id)).toHaveLength(1);
  });

  test("of a name shows the description that others gave it meanwhile", async () => {
    const id = await newFile();
    const renamed = await world.meanwhile(
      () => change(id, { name: "renamed.txt" }),
      () => change(id, { description: "theirs" }),
    );
    expect(renamed).toMatchObject({ name: "renamed.txt", description: "theirs" });
    expect(await get(id)).toMatchObject(renamed);
  });

  test("of a file that is moved meanwhile leaves it there", async () => {
    const id = await newFile();
    const changed = await world.meanwhile(
      () => change(id, { description: "on its way" }),
      () => change(id, { name: "there.txt", folder: "there" }),
    );
    expect(changed).toMatchObject({ path: "there/there.txt", description: "on its way" });
    expect(await get(id)).toMatchObject(changed);
    const { folder_id } = changed;
    expect((await told(id)).at(-1)).toMatchObject({ data: { name: "there.txt", folder_id } });
  });

  test("of a file that gets a version meanwhile is answered with that", async () => {
    const by = uploader(client);
    const { file_id } = await by.uploaded("versioned.txt", "one");
    const { upload_id } = await by.upload("versioned.txt", "second");
    const changed = await world.meanwhile(
      () => change(file_id, { description: "of six bytes" }),
      () => by.finish(upload_id),
    );
    expect(changed).toMatchObject({ size: 6, description: "of six bytes" });
  });

  test("is refused by a lock that comes meanwhile", async () => {
    const id = await newFile();
    const refused = world.meanwhile(
      () => patch(id, { description: "too late" }),
      () => client.request(`/v1/files/${id}/lock`, { json: {} }),
    );
    expect(await refusal(refused)).toEqual([423, "file_locked"]);
    expect(await get(id)).not.toHaveProperty("description");
  });

  test("whose answer was lost is found done, and told of once", async () => {
    const id = await newFile();
    world.setFault(({ action }) => (action === "TransactWriteItems" ? "after" : undefined));
    expect((await patch(id, { description: "said" })).status).toBeGreaterThanOrEqual(500);
    world.setFault();
    expect(await change(id, { description: "said" })).toMatchObject({ description: "said" });
    expect(await told(id)).toHaveLength(1);
  });
});
