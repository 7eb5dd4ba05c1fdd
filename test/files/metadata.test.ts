/** What was attached to a file at its upload, changed key by key. */
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import * as z from "zod";
import { keys } from "#aws/keys.ts";
import { page, problem } from "#contract/common.ts";
import { changedFile, fileDetail } from "#core/files/contract.ts";
import { version } from "#core/versions/contract.ts";
import { put, type Uploader, uploader } from "#test/support/uploads.ts";
import { type Client, read, refusal, startWorld, type World } from "#test/support/world.ts";

let world: World;
let client: Client;
let by: Uploader;
beforeAll(async () => {
  world = await startWorld();
  client = await world.client("files:read", "files:write");
  by = uploader(client);
});
afterAll(() => world.close());

let made = 0;
const upload = async (metadata?: Record<string, string>, filename = `attached/${++made}.txt`) => {
  const { upload_id, parts } = await by.start({ filename, size: 5, ...(metadata && { metadata }) });
  await put(parts[0]?.url, "hello");
  return (await by.finish(upload_id)).file_id;
};
const patch = (id: string, json: unknown, headers = {}) =>
  client.request(`/v1/files/${id}`, { method: "PATCH", json, headers });
const change = (id: string, metadata: unknown) => read(changedFile, patch(id, { metadata }));
const get = (id: string) => read(fileDetail, client.request(`/v1/files/${id}`));
const told = async (id: string) =>
  (await world.events("file_changed"))
    .filter((one) => one.file_id === id)
    .map(({ data }) => z.object({ metadata: z.unknown() }).parse(data["changes"]).metadata);

describe("metadata", () => {
  test("changes by the keys that are named, and is told of as a whole", async () => {
    const id = await upload({ build: "17", branch: "main", "a.b-c_d": "x" });
    const { version_id } = await get(id);
    const metadata = { build: "18", "a.b-c_d": "x", by: "Jürgen 🚢" };
    expect((await change(id, { build: "18", branch: null, by: "Jürgen 🚢" })).metadata).toEqual(metadata);
    expect((await get(id)).metadata).toEqual(metadata);
    expect(await told(id)).toEqual([
      { version_id, from: { build: "17", branch: "main", "a.b-c_d": "x" }, to: metadata },
    ]);
  });

  test("goes by nothing as by null, and the file that has none left has no such member", async () => {
    const id = await upload({ one: "1", two: "2" });
    expect((await change(id, { one: "", two: null })).metadata).toBeUndefined();
    expect(await get(id)).not.toHaveProperty("metadata");
    const { version_id } = await get(id);
    expect((await world.deps.table.batchGet([keys.version(id, version_id)]))[0]).not.toHaveProperty(
      "metadata",
    );
    expect((await change(id, { three: "3" })).metadata).toEqual({ three: "3" });
  });

  test("that is there already, and the taking away of what isn't, are no change", async () => {
    const id = await upload({ one: "1" });
    const first = await get(id);
    world.advance(1_000);
    expect((await change(id, { one: "1", never: null, nor: "" })).metadata).toEqual({ one: "1" });
    expect(await get(id)).toEqual(first);
    expect(await told(id)).toEqual([]);
    world.advance(1_000);
    await change(id, { one: "2" });
    expect((await get(id)).updated_at > first.updated_at).toBe(true);
  });

  test("is what an upload without any, and an object's own members, leave alone", async () => {
    const id = await upload();
    const names = { constructor: "a", toString: "b", hasOwnProperty: "c" };
    expect((await change(id, names)).metadata).toEqual(names);
    expect((await change(id, { constructor: null })).metadata).toEqual({
      toString: "b",
      hasOwnProperty: "c",
    });
  });

  test("is answered where the request named it, and only there", async () => {
    const id = await upload({ one: "1" });
    expect(await read(changedFile, patch(id, { tags: ["a"] }))).not.toHaveProperty("metadata");
    const both = { name: `renamed-${id}.txt`, metadata: { two: "2" } };
    expect(await read(changedFile, patch(id, both))).toMatchObject({
      name: both.name,
      metadata: { one: "1", two: "2" },
    });
  });

  test("is the current version's own: earlier ones keep theirs, and later ones come with theirs", async () => {
    const id = await upload({ one: "1" }, "versions.txt");
    await upload({ two: "2" }, "versions.txt");
    await change(id, { two: "3" });
    await upload(undefined, "versions.txt");
    await change(id, { four: "4" });
    const { items } = await read(page.of(version), client.request(`/v1/files/${id}/versions`));
    expect(items.map(({ metadata }) => metadata)).toEqual([{ four: "4" }, { two: "3" }, { one: "1" }]);
  });

  test("that others change meanwhile is merged with theirs, and told of as what it was", async () => {
    const id = await upload({ one: "1" });
    await world.meanwhile(
      () => change(id, { two: "2" }),
      async () => {
        world.setFault();
        await change(id, { one: "first", three: "3" });
      },
    );
    expect((await get(id)).metadata).toEqual({ one: "first", two: "2", three: "3" });
    expect((await told(id)).at(-1)).toMatchObject({ from: { one: "first", three: "3" } });
  });

  test("is changed of the version that is current then", async () => {
    const id = await upload({ one: "1" }, "raced.txt");
    const { version_id } = await get(id);
    await world.meanwhile(
      () => change(id, { two: "2" }),
      async () => {
        world.setFault();
        await upload({ new: "n" }, "raced.txt");
      },
    );
    const now = await get(id);
    expect(now.version_id).not.toBe(version_id);
    expect(now.metadata).toEqual({ new: "n", two: "2" });
  });

  test.each([
    ["nothing", {}],
    ["a list", ["a"]],
    ["a key with a space", { "a b": "1" }],
    ["a key of 65 characters", { ["x".repeat(65)]: "1" }],
    ["no key", { "": "1" }],
    ["a value of 513 characters", { one: "x".repeat(513) }],
    ["a number", { one: 1 }],
  ])("is refused as %s, and stays as it is", async (_, metadata) => {
    const id = await upload({ one: "1" });
    expect(await refusal(patch(id, { metadata }))).toEqual([400, "invalid_request"]);
    expect((await get(id)).metadata).toEqual({ one: "1" });
  });

  test.each([
    [
      "33 entries",
      Object.fromEntries(Array.from({ length: 31 }, (_, n) => [`more${n}`, "x"])),
      "33|32 entries",
    ],
    [
      "2,049 bytes",
      Object.fromEntries(Array.from({ length: 4 }, (_, n) => [`k${n}`, "x".repeat(510)])),
      "2048",
    ],
  ])("has no more with what is there than an upload may bring: %s", async (_, metadata, limit) => {
    const id = await upload({ one: "1", two: "2" });
    const refused = await read(problem, patch(id, { metadata }));
    expect(refused).toMatchObject({ status: 400, code: "invalid_request" });
    expect(refused.detail).toMatch(new RegExp(limit));
    expect((await change(id, { ...metadata, one: null, two: null })).metadata).toEqual(metadata);
  });
});
