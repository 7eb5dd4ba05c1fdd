/** Many files deleted, moved or tagged in one request: each as by itself, told of in turn. */
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import * as z from "zod";
import { changesAnswer } from "#core/batches/contract.ts";
import { fileDetail } from "#core/files/contract.ts";
import * as locks from "#core/locks/contract.ts";
import { type Client, read, refusal, startWorld, type World } from "#test/support/world.ts";

let world: World;
let client: Client;
beforeAll(async () => {
  world = await startWorld();
  client = await world.client("files:read", "files:write", "files:delete", "locks:write");
});
afterAll(() => world.close());

let made = 0;
const newFile = (name = `${++made}.txt`) => world.addFile(client, name);
const newFiles = (count: number) => Promise.all(Array.from({ length: count }, () => newFile()));
const batch = (json: unknown, headers: Record<string, string> = {}, by = client) =>
  by.request("/v1/files/batch", { json, headers });
const get = (id: string) => read(fileDetail, client.request(`/v1/files/${id}`));
const isGone = async (id: string) => (await client.request(`/v1/files/${id}`)).status === 404;

/** Of each: its file, its status where there is none, or `[status, code]`. */
async function told(answer: Response | Promise<Response>) {
  const { items } = changesAnswer.parse(await (await answer).json());
  return items.map((item) => {
    if ("error" in item) return [item.status, item.error.code];
    return "file" in item ? item.file : item.status;
  });
}

describe("a batch of files", () => {
  test("is deleted, 100 at once", async () => {
    const ids = await newFiles(100);
    const answer = await batch({ delete: ids.map((file_id) => ({ file_id })) });
    expect(answer.status).toBe(200);
    expect(await told(answer)).toEqual(ids.map(() => 204));
    expect(await Promise.all(ids.map(isGone))).toEqual(ids.map(() => true));
    const deleted = (await world.events("file_deleted")).map(({ file_id }) => file_id);
    expect(deleted).toEqual(expect.arrayContaining(ids));
  });

  test("is tagged, with what each has from now on", async () => {
    const [one = "", two = ""] = await newFiles(2);
    const answer = await batch({
      tag: [
        { file_id: one, tags: ["a", "b"] },
        { file_id: two, tags: [] },
      ],
    });
    expect(await told(answer)).toEqual([
      expect.objectContaining({ file_id: one, tags: ["a", "b"] }),
      expect.objectContaining({ file_id: two }),
    ]);
    expect((await get(one)).tags).toEqual(["a", "b"]);
  });

  test("is moved one after the other, so that a name may be passed on", async () => {
    const [a = "", b = "", c = ""] = await Promise.all(
      ["a", "b", "c"].map((name) => newFile(`chain/${name}`)),
    );
    const answer = await batch({
      move: [
        { file_id: c, name: "d" },
        { file_id: b, name: "c" },
        { file_id: a, folder: "elsewhere", name: "b" },
      ],
    });
    expect(answer.status).toBe(200);
    expect(await Promise.all([a, b, c].map(async (id) => (await get(id)).path))).toEqual([
      "elsewhere/b",
      "chain/c",
      "chain/d",
    ]);
  });

  test("is 207 where some are refused, each as by its own route", async () => {
    const [free = "", locked = "", old = "", taken = ""] = await newFiles(4);
    await read(locks.lockGrant, client.request(`/v1/files/${locked}/lock`, { json: {} }));
    const { name } = await get(taken);
    const answer = await batch({
      move: [
        { file_id: free, name: "moved.txt" },
        { file_id: locked, name: "never.txt" },
        { file_id: old, name: "nor.txt", if_match: "ver_01JZZZZZZZZZZZZZZZZZZZZZZZ" },
        { file_id: old, name },
        { file_id: "file_01JZZZZZZZZZZZZZZZZZZZZZZZ", name: "no.txt" },
      ],
    });
    expect(answer.status).toBe(207);
    expect(await told(answer)).toEqual([
      expect.objectContaining({ name: "moved.txt" }),
      [423, "file_locked"],
      [412, "version_mismatch"],
      [409, "name_taken"],
      [404, "not_found"],
    ]);
  });

  test("goes past a lock with its token", async () => {
    const file_id = await newFile();
    const { lock_token } = await read(
      locks.lockGrant,
      client.request(`/v1/files/${file_id}/lock`, { json: {} }),
    );
    expect(await told(batch({ delete: [{ file_id, lock_token }] }))).toEqual([204]);
  });

  test("named twice is done once, and the second told so", async () => {
    const file_id = await newFile();
    expect(await told(batch({ delete: [{ file_id }, { file_id }] }))).toEqual([204, [404, "not_found"]]);
    const tagged = await newFile();
    const tags = [["first"], ["second"]].map((each) => ({ file_id: tagged, tags: each }));
    await batch({ tag: tags });
    expect((await get(tagged)).tags).toEqual(["second"]);
  });

  test("another's is not there, and 422 where nothing else is asked for", async () => {
    const other = await world.client("files:read", "files:write", "files:delete");
    const file_id = await newFile();
    expect(await refusal(batch({ delete: [{ file_id }] }, {}, other))).toEqual([422, "batch_failed"]);
    expect(await isGone(file_id)).toBe(false);
  });

  test("needs the scope of what is asked for", async () => {
    const writer = await world.client("files:read", "files:write");
    const file_id = await world.addFile(writer, "written.txt");
    const refused = await batch({ delete: [{ file_id }] }, {}, writer);
    expect(refused.status).toBe(422);
    const shape = z.object({ items: z.array(z.object({ status: z.int(), error: z.looseObject({}) })) });
    expect(shape.parse(await refused.json()).items).toMatchObject([
      { status: 403, error: { code: "forbidden", required_scopes: ["files:delete"] } },
    ]);
    expect((await batch({ tag: [{ file_id, tags: ["mine"] }] }, {}, writer)).status).toBe(200);
    const reader = await world.client("files:read");
    expect(await refusal(batch({ delete: [{ file_id }] }, {}, reader))).toEqual([403, "forbidden"]);
  });

  const file_id = "file_01JZZZZZZZZZZZZZZZZZZZZZZZ";
  test.each([
    ["nothing", {}],
    ["two kinds", { delete: [{ file_id }], tag: [{ file_id, tags: [] }] }],
    ["none of a kind", { delete: [] }],
    ["101", { delete: Array.from({ length: 101 }, () => ({ file_id })) }],
    ["a move to nowhere", { move: [{ file_id }] }],
    ["no tags", { tag: [{ file_id }] }],
    ["what is no id", { delete: [{ file_id: "fld_01JZZZZZZZZZZZZZZZZZZZZZZZ" }] }],
    ["ids alone", { delete: [file_id] }],
  ])("is refused as %s", async (_, json) => {
    expect(await refusal(batch(json))).toEqual([400, "invalid_request"]);
  });
});

describe("under an Idempotency-Key", () => {
  test("what was deleted is told again as deleted", async () => {
    const ids = await newFiles(3);
    const json = { delete: ids.map((file_id) => ({ file_id })) };
    const key = { "Idempotency-Key": "deleted" };
    expect(await told(batch(json, key))).toEqual([204, 204, 204]);
    const again = await batch(json, key);
    expect([again.status, again.headers.get("idempotency-replayed")]).toEqual([200, "true"]);
    expect(await told(again)).toEqual([204, 204, 204]);
    const events = (await world.events("file_deleted")).filter(({ file_id }) => ids.includes(file_id ?? ""));
    expect(events).toHaveLength(3);
  });

  test("what was changed is told again as it was then, and changed no more", async () => {
    const file_id = await newFile();
    const json = { tag: [{ file_id, tags: ["first"] }] };
    const key = { "Idempotency-Key": "tagged" };
    const first = await told(batch(json, key));
    await batch({ tag: [{ file_id, tags: ["later"] }] });
    expect(await told(batch(json, key))).toEqual(first);
    expect((await get(file_id)).tags).toEqual(["later"]);
  });

  test("what was no change then is none later", async () => {
    const file_id = await newFile();
    const json = { tag: [{ file_id, tags: [] }] };
    const key = { "Idempotency-Key": "unchanged" };
    const first = await told(batch(json, key));
    await batch({ tag: [{ file_id, tags: ["later"] }] });
    expect(await told(batch(json, key))).toEqual(first);
    expect((await get(file_id)).tags).toEqual(["later"]);
  });
});
