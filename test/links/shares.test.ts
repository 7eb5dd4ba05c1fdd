import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { keys } from "#aws/keys.ts";
import { page } from "#contract/common.ts";
import { share } from "#core/links/contract.ts";
import { newShare, shareUrl } from "#core/links/share.ts";
import { type Client, PUBLIC_URL, read, refusal, startWorld, type World } from "#test/support/world.ts";

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

const make = (fileId: string, json: unknown = {}, headers: Record<string, string> = {}) =>
  client.request(`/v1/files/${fileId}/shares`, { json, headers });

test("a link lives for a day unless said, and its maker sees all of it", async () => {
  const file_id = await world.addFile(client, "plain.txt");
  const answer = await make(file_id);
  expect(answer.status).toBe(201);
  const made = await read(share, answer);
  expect(made).toMatchObject({
    file_id,
    max_downloads: null,
    downloads: 0,
    has_password: false,
    state: "active",
  });
  expect(made.share_url).toMatch(/^https:\/\/files\.example\.com\/prod\/s\/[\w-]{22}$/);
  const lives = Date.parse(String(made.expires_at)) - Date.parse(made.created_at);
  expect(lives).toBeGreaterThan(86_399_000);
  expect(lives).toBeLessThanOrEqual(86_400_000);
  expect(await read(share, client.request(`/v1/shares/${made.share_id}`))).toEqual(made);
});

test("the secret is nowhere: the table holds its hash, events neither it nor the password", async () => {
  const file_id = await world.addFile(client, "secret.txt");
  const made = await read(share, make(file_id, { password: "correct horse", max_downloads: 2 }));
  const token = made.share_url.slice(PUBLIC_URL.length + 3);
  const stored = JSON.stringify(await world.dump());
  expect(stored).toContain(keys.link(token).pk);
  expect(stored).not.toContain(token);
  expect(stored).not.toContain("correct horse");
  expect(await shareUrl(world.deps, made.share_id)).toBe(made.share_url);

  const told = (await world.events("link_created")).filter((one) => one.share_id === made.share_id);
  expect(told).toMatchObject([
    {
      file_id,
      actor: { type: "client", id: client.client_id },
      data: { expires_at: made.expires_at, max_downloads: 2, has_password: true },
    },
  ]);
});

test("every environment derives the same link, also when two make the key at once", async () => {
  const other = await startWorld();
  const given = {
    file: { file_id: "file_1", workspace_id: "ws_01JZZZZZZZZZZZZZZZZZZZZZZZ" },
    createdBy: "cli_1",
    life: { ttl_seconds: 86_400 },
    requestId: "r",
    actor: { type: "client" as const, id: "cli_1" },
  };
  const environments = [other.deps, other.anotherEnvironment(), other.anotherEnvironment()];
  const made = await Promise.all(environments.map((deps) => newShare(deps, given)));
  for (const { share_id, share_url } of made) {
    for (const deps of environments) expect(await shareUrl(deps, share_id)).toBe(share_url);
  }
  expect(new Set(made.map(({ share_url }) => share_url)).size).toBe(3);
  await other.close();
});

test("the same Idempotency-Key makes one link", async () => {
  const file_id = await world.addFile(client, "once.txt");
  const headers = { "idempotency-key": "share-once" };
  const first = await read(share, make(file_id, { password: "p" }, headers));
  const again = await make(file_id, { password: "p" }, headers);
  expect(again.headers.get("idempotency-replayed")).toBe("true");
  expect(await read(share, again)).toEqual(first);
  expect(await refusal(make(file_id, { password: "q" }, headers))).toEqual([422, "idempotency_mismatch"]);
  const { items } = await read(page.of(share), client.request(`/v1/files/${file_id}/shares`));
  expect(items).toEqual([first]);
});

test("links are listed page by page, the newest first", async () => {
  const file_id = await world.addFile(client, "many.txt");
  const made: string[] = [];
  for (let n = 0; n < 5; n++) {
    made.unshift((await read(share, make(file_id))).share_id);
    world.advance(1);
  }
  const seen: string[] = [];
  let cursor = "";
  for (let pages = 0; pages < 10; pages++) {
    const path = `/v1/files/${file_id}/shares?limit=2${cursor}`;
    const some = await read(page.of(share), client.request(path));
    seen.push(...some.items.map(({ share_id }) => share_id));
    if (some.next_cursor === null) break;
    cursor = `&cursor=${some.next_cursor}`;
  }
  expect(seen).toEqual(made);
});

describe("revoking", () => {
  test("kills the link at once, and again changes nothing", async () => {
    const made = await read(share, make(await world.addFile(client, "revoked.txt")));
    for (let round = 0; round < 2; round++)
      expect((await client.request(`/v1/shares/${made.share_id}`, { method: "DELETE" })).status).toBe(204);
    expect((await world.request(made.share_url)).status).toBe(410);
    expect(await read(share, client.request(`/v1/shares/${made.share_id}`))).toEqual({
      ...made,
      state: "revoked",
    });
  });

  test("is for those who may see the file", async () => {
    const made = await read(share, make(await world.addFile(client, "mine.txt")));
    const stranger = await world.client("files:read", "shares:write");
    const path = `/v1/shares/${made.share_id}`;
    for (const method of ["GET", "DELETE"]) {
      expect(await refusal(stranger.request(path, { method }))).toEqual([404, "not_found"]);
      const reader = await client.withScopes(
        "files:read",
        "files:write",
        "files:delete",
        "locks:write",
        "workspaces:write",
      );
      expect(await refusal(reader(path, { method }))).toEqual([403, "forbidden"]);
    }
    expect((await world.request(made.share_url)).status).toBe(302);
  });
});

test("a deleted file's shares are gone with it", async () => {
  const file_id = await world.addFile(client, "deleted.txt");
  const made = await read(share, make(file_id));
  await client.request(`/v1/files/${file_id}`, { method: "DELETE" });
  for (const path of [`/v1/shares/${made.share_id}`, `/v1/files/${file_id}/shares`])
    expect(await refusal(client.request(path))).toEqual([404, "not_found"]);
  expect(await refusal(make(file_id))).toEqual([404, "not_found"]);
});

test.each([
  ["59 seconds", { expire_in: 59 }, "invalid_request"],
  ["seconds in a list", { expire_in: [100] }, "invalid_request"],
  ["more than ten years", { expire_in: 315_360_001 }, "invalid_request"],
  ["no downloads", { max_downloads: 0 }, "invalid_request"],
  ["half a download", { max_downloads: 1.5 }, "invalid_request"],
  ["an empty password", { password: "" }, "invalid_request"],
  ["a password of 257 characters", { password: "x".repeat(257) }, "invalid_request"],
  ["a password with U+0000", { password: "right\0" }, "invalid_request"],
  ["an unknown field", { expires_in: 60 }, "unknown_field"],
])("refuses %s", async (_, json, code) => {
  const file_id = await world.addFile(client, `bad-${_}.txt`);
  expect(await refusal(make(file_id, json))).toEqual([400, code]);
});
