/** A finalize that is repeated asks for the same, or is told what it asks for that the first one didn't. */
import { afterAll, beforeAll, expect, test } from "vitest";
import { problem } from "#contract/common.ts";
import { crcOf, type Uploader, uploader } from "#test/support/uploads.ts";
import { type Client, read, startWorld, type World } from "#test/support/world.ts";

let world: World;
let client: Client;
let by: Uploader;
let files = 0;

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

/** An upload whose first finalize went through. */
async function finalized(first: object, start: Record<string, unknown> = {}) {
  const { upload_id } = await by.upload(`file-${++files}.txt`, "hello", start);
  return by.finish(upload_id, first);
}

test.each<[first: object, again: object, start?: Record<string, unknown>]>([
  [{}, {}],
  [{}, { share: true }],
  [{}, { expire_in: 86_400 }],
  [
    { expire_in: 600, max_downloads: 3 },
    { expire_in: 600, max_downloads: 3, share: true },
  ],
  [{}, { expire_in: 600 }, { expire_in: 600 }],
  [{ password: "correct horse" }, { password: "correct horse" }],
  [{ share: false }, { share: false }],
  [{}, { checksum: { crc32: crcOf("hello") } }],
])("after %j the same terms are %j", async (first, again, start) => {
  const done = await finalized(first, start);
  expect(await by.finish(done.upload_id, again)).toEqual(done);
});

test.each<[first: object, again: object, terms: string[]]>([
  [{}, { expire_in: 600 }, ["expire_in"]],
  [{ expire_in: 600 }, {}, ["expire_in"]],
  [{}, { max_downloads: 1 }, ["max_downloads"]],
  [{ max_downloads: 1 }, { max_downloads: 2 }, ["max_downloads"]],
  [{}, { password: "correct horse" }, ["password"]],
  [{ password: "correct horse" }, {}, ["password"]],
  [{ password: "correct horse" }, { password: "battery staple", expire_in: 60 }, ["expire_in", "password"]],
  [{}, { share: false }, ["share"]],
  [{ share: false }, { share: true }, ["share"]],
  [{ share: false }, {}, ["share"]],
  [{}, { checksum: { crc32: "00000000" } }, ["checksum"]],
  [{}, { checksum: { sha256: "0".repeat(64) } }, ["checksum"]],
])("after %j others are %j", async (first, again, terms) => {
  const done = await finalized(first);
  const told = await read(problem, by.finalize(done.upload_id, again));
  const { file_id, version_id } = done;
  expect(told).toMatchObject({ status: 409, code: "terms_mismatch", terms, file_id, version_id });
  expect(JSON.stringify(told)).not.toMatch(/correct horse|battery staple/);
  // The first ones stand.
  expect(await by.finish(done.upload_id, first)).toEqual(done);
});

test("two at once with other terms: one is answered, the other told", async () => {
  const { upload_id } = await by.upload("race.txt");
  const answers = await Promise.all([60, 61].map((expire_in) => by.finalize(upload_id, { expire_in })));
  const codes = await Promise.all(
    answers.map(async (answer) => (answer.status === 200 ? "ok" : (await read(problem, answer)).code)),
  );
  expect(codes.sort()).toEqual(["ok", "terms_mismatch"]);
});

test("a token that may make no links repeats the request of one that may, and learns of none", async () => {
  const done = await finalized({ expire_in: 600 });
  const writer = uploader({
    request: await client.withScopes("files:write", "files:delete", "locks:write", "workspaces:write"),
  });
  expect(await writer.finish(done.upload_id)).toEqual({
    ...{ ...done, share_url: null, share_id: null, expires_at: null },
  });
  // The other way round, who asks for a link that the first request didn't make is told so.
  const { upload_id } = await by.upload("unshared.txt");
  const unshared = await writer.finish(upload_id);
  expect(await by.finish(upload_id)).toEqual(unshared);
  const told = await read(problem, by.finalize(upload_id, { share: true }));
  expect(told).toMatchObject({ code: "terms_mismatch", terms: ["share"] });
});

test("no password is kept in clear, nor in a form that is quick to guess", async () => {
  const password = "a password of its own";
  const { upload_id } = await finalized({ password });
  const stored = (await world.dump()).find(({ pk }) => pk === `UPL#${upload_id}`);
  expect(JSON.stringify(stored)).not.toContain(password);
  expect(JSON.stringify(stored)).toMatch(/"password_hash":"scrypt\$/);
});
