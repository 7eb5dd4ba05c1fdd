import { afterAll, beforeAll, expect, test } from "vitest";
import * as z from "zod";
import { problem } from "#contract/common.ts";
import { put, type Uploader, uploader } from "#test/support/uploads.ts";
import { type Client, read, refusal, startWorld, type World } from "#test/support/world.ts";

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

const listing = z.object({ items: z.array(z.object({ name: z.string() })) });
const entriesIn = async (path: string) => {
  const { items } = await read(
    listing,
    client.request(`/v1/workspaces/${client.workspace_id}/files?path=${path}`),
  );
  return items.map(({ name }) => name);
};
const sendTo = async (filename: string, json = {}) => {
  const session = await by.start({ filename, size: 5, ...json });
  expect((await put(session.parts[0]?.url, "hello")).status).toBe(200);
  return session;
};

test("a start leaves a session and nothing else: folders come with the file", async () => {
  const deep = Array.from({ length: 30 }, (_, level) => `level-${level}`).join("/");
  const before = (await world.dump()).length;
  const session = await sendTo(`${deep}/deep.txt`);
  expect(session.folder_id).toBeUndefined();
  expect((await by.status(session.upload_id)).folder_id).toBeUndefined();
  expect((await world.dump()).length).toBe(before + 1);
  expect((await by.drop(session.upload_id)).status).toBe(204);
  expect(await entriesIn("")).not.toContain("level-0");

  const again = await sendTo(`${deep}/deep.txt`);
  const { folder_id, file_id } = await by.finish(again.upload_id);
  expect(file_id).toBe(again.file_id);
  expect(await entriesIn(deep)).toEqual(["deep.txt"]);
  expect((await by.start({ filename: `${deep}/next.txt`, size: 1 })).folder_id).toBe(folder_id);
});

test("eight uploads into one new folder make it once", async () => {
  const names = Array.from({ length: 8 }, (_, n) => `${n}.txt`);
  const sessions = await Promise.all(names.map((name) => sendTo(`new/together/${name}`)));
  const answers = await Promise.all(sessions.map(({ upload_id }) => by.finish(upload_id)));
  expect(new Set(answers.map(({ folder_id }) => folder_id)).size).toBe(1);
  expect(await entriesIn("new/together")).toEqual(names);
});

test.each(["version", "rename", "fail"] as const)(
  "what came to stand in a new folder meanwhile is met as if_exists %s says",
  async (if_exists) => {
    const path = `meanwhile-${if_exists}/x.txt`;
    const late = await sendTo(path, { if_exists });
    const standing = await by.uploaded(path);
    const answer = await by.finalize(late.upload_id);
    const body = (await answer.json()) as { file_id?: string; name?: string };
    const expected = {
      version: [200, standing.file_id, "x.txt"],
      rename: [200, late.file_id, "x (1).txt"],
      fail: [409, undefined, "x.txt"],
    };
    expect([answer.status, body.file_id, body.name]).toEqual(expected[if_exists]);
  },
);

test("a file in the way is told at the start, and where it came meanwhile at the end", async () => {
  await by.uploaded("way");
  const refused = await read(
    problem,
    client.request("/v1/uploads", { json: { filename: "way/a/b.txt", size: 1 } }),
  );
  expect(refused).toMatchObject({ status: 409, code: "name_taken" });
  const late = await sendTo("blocked/a.txt");
  await by.uploaded("blocked");
  expect(await refusal(by.finalize(late.upload_id))).toEqual([409, "name_taken"]);
  expect(await by.status(late.upload_id)).toMatchObject({ state: "open", bytes_received: 5 });
});

test.each([
  [
    "path and filename together",
    { path: "a".repeat(255), filename: `${"b".repeat(255)}/${"c".repeat(255)}/${"d".repeat(255)}/e` },
  ],
  [
    "metadata",
    { metadata: Object.fromEntries(Array.from({ length: 5 }, (_, n) => [`key-${n}`, "x".repeat(512)])) },
  ],
  ["metadata in bytes, not characters", { metadata: { a: "é".repeat(512), b: "é".repeat(512) } }],
])("%s have a limit", async (_, json) => {
  const answer = client.request("/v1/uploads", { json: { filename: "a.txt", size: 1, ...json } });
  expect(await refusal(answer)).toEqual([400, "invalid_request"]);
});
