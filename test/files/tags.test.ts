/** What files are tagged with: set, shown, told of, found by. */
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import * as z from "zod";
import { keys } from "#aws/keys.ts";
import { page } from "#contract/common.ts";
import { file, fileDetail, folder } from "#core/files/contract.ts";
import { type Client, read, refusal, startWorld, type World } from "#test/support/world.ts";

const listing = page.of(z.discriminatedUnion("kind", [file, folder]));

let world: World;
let client: Client;
beforeAll(async () => {
  world = await startWorld();
  client = await world.client("files:read", "files:write");
});
afterAll(() => world.close());

let made = 0;
const newFile = () => world.addFile(client, `tagged/${++made}.txt`);
const patch = (id: string, json: unknown) => client.request(`/v1/files/${id}`, { method: "PATCH", json });
const change = (id: string, json: unknown) => read(file, patch(id, json));
const get = (id: string) => read(fileDetail, client.request(`/v1/files/${id}`));
const told = async (id: string) =>
  (await world.events("file_changed")).filter((one) => one.file_id === id).map(({ data }) => data["changes"]);
const list = (path: string, query: string) =>
  read(listing, client.request(`/v1/workspaces/${client.workspace_id}/files?path=${path}&${query}`));

describe("tags", () => {
  test("are shown wherever the file is, in their order, and told of with what they were", async () => {
    const id = await newFile();
    expect(await get(id)).not.toHaveProperty("tags");
    const tags = ["final", "Q3", "für den Beirat", "検査 🚢", "a,b", "v1.2/rc"];
    expect((await change(id, { tags })).tags).toEqual(tags);
    expect((await get(id)).tags).toEqual(tags);
    expect((await list("tagged", "limit=100")).items).toContainEqual(
      expect.objectContaining({ file_id: id, tags }),
    );
    await change(id, { tags: ["Q3"], description: "both" });
    expect(await told(id)).toEqual([
      { tags: { from: [], to: tags } },
      { tags: { from: tags, to: ["Q3"] }, description: { from: null, to: "both" } },
    ]);
  });

  test("that the file has are no change; none takes them away", async () => {
    const id = await newFile();
    await change(id, { tags: [] });
    const first = await change(id, { tags: ["a", "b"] });
    world.advance(1_000);
    expect(await change(id, { tags: ["a", "b"] })).toEqual(first);
    expect(await change(id, { tags: [] })).not.toHaveProperty("tags");
    expect(await told(id)).toHaveLength(2);
    expect((await world.deps.table.batchGet([keys.node(id)]))[0]).not.toHaveProperty("tags");
  });

  test("stay through renames and moves, which leave them out", async () => {
    const id = await newFile();
    await change(id, { tags: ["kept"] });
    expect(await change(id, { folder: "/elsewhere", name: "b.txt" })).toMatchObject({ tags: ["kept"] });
  });

  test("that others change meanwhile are told of as what they were", async () => {
    const id = await newFile();
    await change(id, { tags: ["first"] });
    await world.meanwhile(
      () => change(id, { tags: ["third"] }),
      async () => {
        world.setFault();
        await change(id, { tags: ["second"] });
      },
    );
    expect((await told(id)).at(-1)).toEqual({ tags: { from: ["second"], to: ["third"] } });
  });

  test("are one where they are the same in NFC", async () => {
    const id = await newFile();
    expect((await change(id, { tags: ["e\u0301t\u00e9"] })).tags).toEqual(["\u00e9t\u00e9"]);
    expect(await refusal(patch(id, { tags: ["\u00e9", "e\u0301"] }))).toEqual([400, "invalid_request"]);
  });

  test.each([
    ["none at all", [""]],
    ["one twice", ["a", "a"]],
    ["51", Array.from({ length: 51 }, (_, n) => `${n}`)],
    ["one of 65 characters", ["x".repeat(65)]],
    ["1,025 bytes", Array.from({ length: 41 }, (_, n) => `${n}`.padEnd(25, "x"))],
    ["what shows nothing", ["\u200b"]],
    ["a space at its end", ["a "]],
    ["a line end", ["a\nb"]],
    ["what is no text", [1]],
  ])("are refused with %s, and the file stays as it is", async (_, tags) => {
    const id = await newFile();
    expect(await refusal(patch(id, { tags }))).toEqual([400, "invalid_request"]);
    expect(await get(id)).not.toHaveProperty("tags");
  });

  test("may be 50, of 1,024 bytes", async () => {
    const tags = Array.from({ length: 50 }, (_, n) => `${n}`.padEnd(20, "x"));
    tags[0] = tags[0]?.padEnd(44, "y") ?? "";
    expect((await change(await newFile(), { tags })).tags).toEqual(tags);
  });
});

describe("a list of those with a tag", () => {
  test("has them alone, page by page, in the order of names, and no folders", async () => {
    const ids = [];
    for (let n = 0; n < 7; n++) {
      const id = await world.addFile(client, `found/${n}.txt`);
      if (n % 2 === 0) await change(id, { tags: ["even", "all"] });
      ids.push(id);
    }
    await world.addFile(client, "found/below/even.txt");
    const all: string[] = [];
    let cursor: string | null = "";
    let pages = 0;
    while (cursor !== null) {
      const answer: z.infer<typeof listing> = await list(
        "found",
        `tag=even&limit=3${cursor && `&cursor=${cursor}`}`,
      );
      expect(answer.items.length).toBeLessThanOrEqual(3);
      all.push(...answer.items.map((item) => (item.kind === "file" ? item.file_id : item.folder_id)));
      cursor = answer.next_cursor;
      pages += 1;
    }
    expect(all).toEqual(ids.filter((_, n) => n % 2 === 0));
    expect(pages).toBe(2);
    expect((await list("found", "tag=Even")).items).toEqual([]);
  });

  test("looks through so many names at once, and goes on where it stopped", async () => {
    const path = (n: number) => `many/${String(n).padStart(3, "0")}.txt`;
    for (let n = 0; n < 510; n += 30)
      await Promise.all(Array.from({ length: 30 }, (_, more) => world.addFile(client, path(n + more))));
    const { items } = await list("many", "limit=100");
    expect(items).toHaveLength(100);
    const last = await read(
      z.object({ file_id: z.string() }),
      client.request(`/v1/workspaces/${client.workspace_id}/resolve?path=${path(509)}`),
    );
    await change(last.file_id, { tags: ["rare"] });
    const first = await list("many", "tag=rare");
    expect(first.items).toEqual([]);
    const second = await list("many", `tag=rare&cursor=${first.next_cursor}`);
    expect([second.items.length, second.next_cursor]).toEqual([1, null]);
  });
});
