/** What a client has open: found again without ids. */
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { page } from "#contract/common.ts";
import { openUpload } from "#core/uploads/contract.ts";
import { put, uploader } from "#test/support/uploads.ts";
import { type Client, read, refusal, startWorld, type World } from "#test/support/world.ts";

const DAY_MS = 86_400_000;

let world: World;
beforeAll(async () => {
  world = await startWorld();
});
afterAll(() => world.close());

const newClient = () => world.client("files:read", "files:write", "workspaces:write");
const list = (client: Client, query = "") =>
  read(page.of(openUpload), client.request(`/v1/uploads?state=open${query}`));
const idsOf = async (client: Client, query?: string) =>
  (await list(client, query)).items.map(({ upload_id }) => upload_id);

describe("the list of open uploads", () => {
  test("has the newest first, page by page, each once", async () => {
    const client = await newClient();
    const by = uploader(client);
    const started = [];
    for (let n = 0; n < 25; n++) {
      world.advance(1);
      started.unshift((await by.start({ filename: `many/${n}.txt`, size: 5 })).upload_id);
    }
    const found = [];
    let cursor: string | null = "";
    while (cursor !== null) {
      const one: Awaited<ReturnType<typeof list>> = await list(
        client,
        `&limit=10${cursor && `&cursor=${cursor}`}`,
      );
      found.push(...one.items.map(({ upload_id }) => upload_id));
      cursor = one.next_cursor;
    }
    expect(found).toEqual(started);
    expect(await idsOf(client, "&limit=25")).toEqual(started);
    expect((await list(client, "&limit=25")).next_cursor).toBeNull();
  });

  test("says of each what is needed to go on, and leaves the rest to the session's own route", async () => {
    const client = await newClient();
    const by = uploader(client);
    const { parts: _, urls_expire_at: __, ...started } = await by.start({ filename: "a/b.txt", size: 5 });
    const { items } = await list(client);
    expect(items).toEqual([{ ...started, state: "open", size: 5, created_at: expect.any(String) }]);
    const { received: ___, bytes_received: ____, ...status } = await by.status(started.upload_id);
    expect(items).toEqual([status]);
  });

  test("loses what is finalized, given up or expired, and keeps what only failed to be finalized", async () => {
    const client = await newClient();
    const by = uploader(client);
    await by.uploaded("done.txt");
    const given = await by.start({ filename: "given-up.txt", size: 5 });
    const empty = await by.start({ filename: "incomplete.txt", size: 5 });
    expect((await by.drop(given.upload_id)).status).toBe(204);
    expect(await by.refusedFinalize(empty.upload_id)).toEqual([409, "parts_missing"]);
    const posing = await by.start({ filename: "invoice.pdf", size: 3 });
    await put(posing.parts[0]?.url, "MZ\0");
    expect(await by.refusedFinalize(posing.upload_id)).toEqual([422, "type_mismatch"]);
    expect(await idsOf(client)).toEqual([empty.upload_id]);
    world.advance(6 * DAY_MS);
    expect(await idsOf(client)).toEqual([]);
  });

  test("has no start that was refused, and no file that came in one request", async () => {
    const client = await newClient();
    const by = uploader(client);
    await by.uploaded("folder/below.txt");
    expect(await by.refusedStart({ filename: "folder", size: 5 })).toEqual([409, "name_taken"]);
    const form = new FormData();
    form.set("file", new Blob(["hello"]), "direct.txt");
    expect((await client.request("/v1/files/upload", { method: "POST", body: form })).status).toBe(200);
    expect(await idsOf(client)).toEqual([]);
    const left = (await world.dump()).filter(({ open_pk }) => String(open_pk).includes(client.client_id));
    expect(left).toEqual([]);
  });

  test("is each client's own", async () => {
    const [one, other] = [await newClient(), await newClient()];
    const { upload_id } = await uploader(one).start({ filename: "mine.txt", size: 5 });
    expect(await idsOf(other)).toEqual([]);
    expect(await idsOf(one)).toEqual([upload_id]);
  });

  test.each([
    ["another state", "state=completed", "invalid_request"],
    [
      "a cursor of another list",
      `state=open&cursor=${Buffer.from('["x","y"]').toString("base64url")}`,
      "invalid_cursor",
    ],
    ["what is no cursor", "state=open&cursor=~", "invalid_cursor"],
    ["a page of 101", "state=open&limit=101", "invalid_request"],
    ["a state twice", "state=open&state=open", "invalid_request"],
  ])("refuses %s", async (_, query, code) => {
    const client = await newClient();
    expect(await refusal(client.request(`/v1/uploads?${query}`))).toEqual([400, code]);
  });

  test("needs files:write", async () => {
    const client = await world.client("files:read");
    expect(await refusal(client.request("/v1/uploads"))).toEqual([403, "forbidden"]);
  });
});
