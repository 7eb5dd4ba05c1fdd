/** Every condition is in the write: what others do between a verb's read and its write is not overlooked. */
import { afterAll, beforeAll, expect, test } from "vitest";
import { file } from "#core/files/contract.ts";
import { share } from "#core/links/contract.ts";
import { sweepLinks } from "#core/links/sweep-links.ts";
import { uploader } from "#test/support/uploads.ts";
import { type Client, read, startWorld, type World } from "#test/support/world.ts";

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

const remove = (path: string) => client.request(path, { method: "DELETE" });
const rename = (id: string, name: string) =>
  client.request(`/v1/files/${id}`, { method: "PATCH", json: { name } });
const lock = (id: string) => client.request(`/v1/files/${id}/lock`, { json: {} });
const nameOf = async (id: string) => (await read(file, client.request(`/v1/files/${id}`))).name;

let files = 0;
async function newLink(terms: object = {}) {
  const id = await world.addFile(client, `linked-${++files}.txt`);
  return read(share, client.request(`/v1/files/${id}/shares`, { json: terms }));
}

test.each([
  ["is revoked", async ({ share_id }) => remove(`/v1/shares/${share_id}`), "revoked"],
  ["loses its file", async ({ file_id }) => remove(`/v1/files/${file_id}`), "deleted"],
  ["is used up", async ({ share_url }) => world.request(share_url), "used_up"],
] satisfies [string, (link: Awaited<ReturnType<typeof newLink>>) => Promise<unknown>, string][])(
  "a link that %s just before it is counted gives nothing",
  async (_, others, reason) => {
    const link = await newLink({ max_downloads: 1 });
    const answer = await world.meanwhile(
      () => world.request(link.share_url),
      () => others(link),
    );
    expect([answer.status, await answer.json()]).toMatchObject([410, { code: "link_gone", reason }]);
    expect(
      (await world.events("link_accessed")).filter((one) => one.share_id === link.share_id),
    ).toHaveLength(reason === "used_up" ? 1 : 0);
  },
);

test("of two sweeps that find the same expired link one tells of it", async () => {
  const { share_id } = await newLink({ expire_in: 60 });
  world.advance(60_000);
  const counts: number[] = [];
  counts.push(
    await world.meanwhile(
      () => sweepLinks(world.deps),
      async () => counts.push(await sweepLinks(world.deps)),
    ),
  );
  expect(counts).toEqual([1, 0]);
  expect((await world.events("link_expired")).filter((one) => one.share_id === share_id)).toHaveLength(1);
});

test("no link is made to a file that goes meanwhile", async () => {
  const id = await world.addFile(client, "going.txt");
  const answer = await world.meanwhile(
    () => client.request(`/v1/files/${id}/shares`, { json: {} }),
    () => remove(`/v1/files/${id}`),
  );
  expect(answer.status).toBe(404);
});

const writes: [string, (id: string) => Promise<Response>][] = [
  ["move", (id) => rename(id, `to-${id}`)],
  ["delete", (id) => remove(`/v1/files/${id}`)],
];

test.each(writes)("a %s is refused by a lock that comes meanwhile", async (_, write) => {
  const id = await world.addFile(client, `lock-${_}.txt`);
  expect(
    (
      await world.meanwhile(
        () => write(id),
        () => lock(id),
      )
    ).status,
  ).toBe(423);
  expect(await nameOf(id)).toBe(`lock-${_}.txt`);
});

test.each(writes)("a %s finds a file that is moved meanwhile", async (_, write) => {
  const id = await world.addFile(client, `run-${_}.txt`);
  expect(
    (
      await world.meanwhile(
        () => write(id),
        () => rename(id, `elsewhere-${_}.txt`),
      )
    ).ok,
  ).toBe(true);
  const listing = await (await client.request(`/v1/workspaces/${client.workspace_id}/files`)).text();
  expect(listing).not.toContain(`elsewhere-${_}.txt`);
  expect(listing).not.toContain(`run-${_}.txt`);
});

test.each(writes)("a %s of a file that is deleted meanwhile is 404", async (_, write) => {
  const id = await world.addFile(client, `gone-${_}.txt`);
  expect(
    (
      await world.meanwhile(
        () => write(id),
        () => remove(`/v1/files/${id}`),
      )
    ).status,
  ).toBe(404);
});

test.each([["into the root"], ["into a folder"]])(
  "an upload that ends while its file is moved %s tells where it is",
  async (to) => {
    const by = uploader(client);
    const { file_id } = await by.uploaded(`from/${to}.txt`);
    const { upload_id } = await by.upload(`from/${to}.txt`);
    const folder = to === "into the root" ? "/" : "elsewhere";
    const told = await world.meanwhile(
      () => by.finish(upload_id),
      () => client.request(`/v1/files/${file_id}`, { method: "PATCH", json: { folder } }),
    );
    const { folder_id } = await read(file, client.request(`/v1/files/${file_id}`));
    const event = (await world.events("upload_completed")).at(-1);
    expect(told).toMatchObject({ file_id, folder_id });
    expect(event).toMatchObject({ file_id, data: { folder_id } });
  },
);

test("a file that gets a version as it is deleted is told of with that one", async () => {
  const by = uploader(client);
  const { file_id } = await by.uploaded("told.txt", "one");
  const { upload_id } = await by.upload("told.txt", "second");
  const answer = await world.meanwhile(
    () => remove(`/v1/files/${file_id}`),
    () => by.finish(upload_id),
  );
  expect(answer.status).toBe(204);
  expect((await world.events("file_deleted")).at(-1)).toMatchObject({ file_id, data: { size: 6 } });
});

test("a version that comes back while its file is moved tells where it is", async () => {
  const by = uploader(client);
  const { file_id, version_id } = await by.uploaded("from/back.txt", "one");
  await by.uploaded("from/back.txt", "two");
  const told = await world.meanwhile(
    () => client.request(`/v1/files/${file_id}/versions/${version_id}/restore`, { method: "POST" }),
    () => client.request(`/v1/files/${file_id}`, { method: "PATCH", json: { folder: "elsewhere" } }),
  );
  expect(told.status).toBe(200);
  const { folder_id } = await read(file, client.request(`/v1/files/${file_id}`));
  expect((await world.events("version_restored")).at(-1)).toMatchObject({ file_id, data: { folder_id } });
});

test("a move to a name that is taken meanwhile is 409", async () => {
  const [id, other] = [await world.addFile(client, "a.txt"), await world.addFile(client, "b.txt")];
  expect(
    (
      await world.meanwhile(
        () => rename(id, "c.txt"),
        () => rename(other, "c.txt"),
      )
    ).status,
  ).toBe(409);
  expect([await nameOf(id), await nameOf(other)]).toEqual(["a.txt", "c.txt"]);
});
