/** Upload tokens: a visitor goes on with one upload that a server has started, and does nothing else. */
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { keys } from "#aws/keys.ts";
import { problem } from "#contract/common.ts";
import type { Scope } from "#contract/scopes.ts";
import { objectCreated } from "#core/finalize/object-created.ts";
import type { StartAnswer } from "#core/uploads/contract.ts";
import { partsAnswer } from "#core/uploads/parts-contract.ts";
import { uploadRecord } from "#core/uploads/records.ts";
import { postForm } from "#test/support/api-client.ts";
import { MIB, put, type Uploader, uploader } from "#test/support/uploads.ts";
import { type Client, type Given, read, refusal, startWorld, type World } from "#test/support/world.ts";

const HOUR = 3_600_000;
const SCOPES: Scope[] = [
  ...(["files:read", "files:write", "files:delete", "workspaces:write", "shares:write"] as const),
  ...(["clients:write", "grants:write"] as const),
];

let world: World;
let client: Client;
let by: Uploader;
beforeAll(async () => {
  world = await startWorld();
  client = await world.client(...SCOPES);
  by = uploader(client);
});
afterAll(() => world.close());

const start = (json: Record<string, unknown>, of: Uploader = by) => of.start({ upload_token: true, ...json });

/** Requests of whoever has the token. */
function visitor({ upload_token }: StartAnswer) {
  const headers = { authorization: `Bearer ${upload_token}` };
  const request = (path: string, given: Given = {}) =>
    world.request(path, { ...given, headers: { ...headers, ...given.headers } });
  return { request, ...uploader({ request }) };
}

/** What fetch sends by itself. */
const others = ({ "content-length": _, ...rest }: Record<string, string> = {}) => rest;

describe("a visitor", () => {
  test("sends the parts, looks at the state and finalizes", async () => {
    const session = await start({ filename: "visits/a.txt", size: 5 });
    expect(session.upload_token).toMatch(/^whu_[0-9A-Z]{26}_[\w-]{43}$/);
    expect(session.upload_token_expires_at).toBe(session.expires_at);
    const they = visitor(session);
    const signed = await read(partsAnswer, they.sign(session.upload_id, { count: 1 }));
    const [part] = "parts" in signed ? signed.parts : [];
    expect(part?.headers).toEqual({ "content-length": "5" });
    expect((await put(part?.url, "hello!", others(part?.headers))).status).toBe(403);
    expect((await put(part?.url, "hello", others(part?.headers))).status).toBe(200);
    expect(await they.status(session.upload_id)).toMatchObject({ state: "open", bytes_received: 5 });
    const answer = await they.finish(session.upload_id);
    expect(answer).toMatchObject({ status: "ready", size: 5, share_url: null, share_id: null });
    expect(await they.finish(session.upload_id), "a repeat").toEqual(answer);
    expect(await they.status(session.upload_id)).toMatchObject({ state: "completed" });
    expect((await by.download(answer.file_id)).toString()).toBe("hello");
    const [event] = (await world.events("upload_completed")).filter(
      ({ file_id }) => file_id === answer.file_id,
    );
    expect(event?.actor).toEqual({ type: "client", id: client.client_id });
  });

  test("sends chunks of the planned length by the API's address", async () => {
    const session = await start({ filename: "visits/chunks.bin", size: 6 * MIB, part_size: 5 * MIB });
    const they = visitor(session);
    for (const [part, length] of [
      [1, 5 * MIB],
      [2, MIB],
    ] as const) {
      const answer = await they.request(`/v1/uploads/${session.upload_id}/chunks?part=${part}`, {
        method: "PUT",
        body: new Uint8Array([1]),
        headers: { "content-type": "application/octet-stream" },
      });
      expect((await put(answer.headers.get("location") ?? "", Buffer.alloc(length))).status).toBe(200);
    }
    expect(await they.finish(session.upload_id)).toMatchObject({ size: 6 * MIB });
  });

  test("gives the upload up", async () => {
    const session = await start({ filename: "visits/given-up.txt", size: 5 });
    expect((await visitor(session).drop(session.upload_id)).status).toBe(204);
    expect(await by.status(session.upload_id)).toMatchObject({ state: "aborted" });
  });

  test("makes no link, and is told so where it asks for one", async () => {
    const session = await start({ filename: "visits/link.txt", size: 0, expire_in: 60 });
    for (const json of [
      { share: true },
      { expire_in: 60 },
      { max_downloads: 1 },
      { password: "open sesame" },
    ])
      expect(await refusal(visitor(session).finalize(session.upload_id, json))).toEqual([403, "forbidden"]);
    expect(await visitor(session).finish(session.upload_id)).toMatchObject({ share_url: null });
  });

  test("learns of no link that its client has made with the file", async () => {
    const session = await start({ filename: "visits/linked.txt", size: 0 });
    expect(await by.finish(session.upload_id, { share: true })).toHaveProperty("share_url");
    expect(await visitor(session).finish(session.upload_id)).toMatchObject({
      share_url: null,
      share_id: null,
    });
  });

  test("touches no other upload, and nothing of its own file", async () => {
    const mine = await start({ filename: "visits/mine.txt", size: 0 });
    const other = await start({ filename: "visits/other.txt", size: 0 });
    const they = visitor(mine);
    const answers = [
      they.sign(other.upload_id, { count: 1 }),
      they.request(`/v1/uploads/${other.upload_id}`),
      they.finalize(other.upload_id),
      they.drop(other.upload_id),
    ];
    for (const answer of answers) expect(await refusal(answer)).toEqual([404, "not_found"]);
    const { file_id, version_id } = await they.finish(mine.upload_id);
    for (const path of [
      ...[`/v1/files/${file_id}`, `/v1/files/${file_id}/content`, `/v1/files/${file_id}/versions`],
      ...[`/v1/files/${file_id}/versions/${version_id}/content`, `/v1/workspaces`, `/v1/me`],
    ])
      expect([path, ...(await refusal(they.request(path)))]).toEqual([path, 403, "forbidden"]);
    const posts = ["/v1/uploads", "/v1/keys", `/v1/files/${file_id}/shares`];
    for (const path of posts)
      expect([path, ...(await refusal(they.request(path, { json: {} })))]).toEqual([path, 403, "forbidden"]);
  });

  test("can't trade its token for another", async () => {
    const { upload_token } = await start({ filename: "visits/trade.txt", size: 0 });
    const answer = await world.request("/v1/auth/token", {
      json: {
        grant_type: "urn:ietf:params:oauth:grant-type:token-exchange",
        subject_token: upload_token,
        subject_token_type: "urn:ietf:params:oauth:token-type:access_token",
        scope: "files:write",
      },
    });
    expect([answer.status, await answer.json()]).toMatchObject([400, { error: "invalid_request" }]);
  });

  test("uses Idempotency-Keys of its own, which aren't its client's", async () => {
    const session = await start({ filename: "visits/keys.txt", size: 0 });
    const headers = { "Idempotency-Key": "the same" };
    const own = await by.finalize(session.upload_id, { share: true }, headers);
    expect(own.headers.get("idempotency-replayed")).toBeNull();
    const theirs = await visitor(session).finalize(session.upload_id, {}, headers);
    expect(theirs.headers.get("idempotency-replayed")).toBeNull();
    expect(await theirs.json()).toMatchObject({ share_url: null });
  });
});

describe("an upload token", () => {
  test("is shown once, and to a repeat under the same key; the table has its hash alone", async () => {
    const json = { filename: "visits/once.txt", size: 5, upload_token: true };
    const headers = { "Idempotency-Key": "token-once" };
    const first = await by.start(json, headers);
    expect((await by.start(json, headers)).upload_token).toBe(first.upload_token);
    expect(await by.status(first.upload_id)).not.toHaveProperty("upload_token");
    expect(JSON.stringify(await world.dump())).not.toContain(first.upload_token);
    expect((await visitor(first).request(`/v1/uploads/${first.upload_id}`)).status).toBe(200);
  });

  test("ends when it says", async () => {
    const session = await start({ filename: "visits/short.txt", size: 5, upload_token_expires_in: 60 });
    expect(Date.parse(session.upload_token_expires_at ?? "")).toBeLessThanOrEqual(world.deps.now() + 60_000);
    world.advance(61_000);
    expect(await refusal(visitor(session).drop(session.upload_id))).toEqual([401, "unauthenticated"]);
    expect((await by.drop(session.upload_id)).status).toBe(204);
  });

  test("ends with its session, however long it was asked for", async () => {
    const json = { filename: "visits/form.txt", form: true, upload_token_expires_in: 48 * 3_600 };
    const session = await start(json);
    expect(session.upload_token_expires_at).toBe(session.expires_at);
    world.advance(24 * HOUR);
    expect(await refusal(visitor(session).drop(session.upload_id))).toEqual([401, "unauthenticated"]);
  });

  test.each<[string, (token: string) => string]>([
    ["another secret", (token) => token.replace(/.{43}$/, "A".repeat(43))],
    ["another session", (token) => token.replace(/^whu_.{26}/, "whu_01JZZZZZZZZZZZZZZZZZZZZZZZ")],
    ["a shorter one", (token) => token.slice(0, -1)],
    ["one of a session that has none", (token) => token],
  ])("is refused with %s", async (name, change) => {
    const session = await start({ filename: "visits/forged.txt", size: 5 });
    let forged = change(session.upload_token ?? "");
    if (name.startsWith("one of a session")) {
      const none = await by.start({ filename: "visits/none.txt", size: 5 });
      forged = forged.replace(/^whu_.{26}/, `whu_${none.upload_id.slice(4)}`);
    }
    const they = visitor({ ...session, upload_token: forged });
    expect(await refusal(they.request(`/v1/uploads/${session.upload_id}`))).toEqual([401, "unauthenticated"]);
  });

  test("beside a form lets a visitor look and give up", async () => {
    const session = await start({ filename: "visits/with-form.txt", form: true });
    const they = visitor(session);
    await postForm(session, "hello");
    await objectCreated(world.deps, session.fields?.["key"] ?? "");
    expect(await they.status(session.upload_id)).toMatchObject({ state: "completed", bytes_received: 5 });
    expect(await refusal(they.drop(session.upload_id))).toEqual([409, "upload_closed"]);
  });

  test.each<[string, Record<string, unknown>, string]>([
    ["without a size", {}, "/size"],
    ["for less than a minute", { size: 1, upload_token_expires_in: 59 }, "/upload_token_expires_in"],
    ["that isn't wanted", { upload_token: false, upload_token_expires_in: 60 }, "/upload_token_expires_in"],
  ])("is not made %s", async (_, more, pointer) => {
    const json = { filename: "visits/refused.txt", upload_token: true, ...more };
    const refused = await read(problem, client.request("/v1/uploads", { json }));
    expect(refused).toMatchObject({ status: 400, errors: [{ pointer }] });
  });
});

describe("an upload token does what its maker may", () => {
  test("and ends with the client", async () => {
    const other = await world.client("files:read", "files:write", "workspaces:write");
    const session = await start({ filename: "a.txt", size: 0 }, uploader(other));
    const they = visitor(session);
    expect(await they.status(session.upload_id)).toMatchObject({ state: "open" });
    await world.deps.table.update({
      key: keys.client(other.client_id),
      update: { set: { revoked_at: new Date().toISOString() } },
      condition: "attribute_exists(#pk)",
    });
    expect(await refusal(they.finalize(session.upload_id))).toEqual([401, "unauthenticated"]);
  });

  test("and ends with the key that it was made with", async () => {
    const expires_at = new Date(world.deps.now() + HOUR).toISOString();
    const made = await client.request("/v1/keys", {
      json: { name: "server", scopes: ["files:read", "files:write"], expires_at },
    });
    const { api_key, key_id } = (await made.json()) as { api_key: string; key_id: string };
    const withKey = uploader({
      request: (path, given = {}) =>
        world.request(path, { ...given, headers: { ...given.headers, authorization: `Bearer ${api_key}` } }),
    });
    const session = await start({ filename: "visits/by-key.txt", size: 0 }, withKey);
    const they = visitor(session);
    expect(await they.status(session.upload_id)).toMatchObject({ state: "open" });
    expect((await client.request(`/v1/keys/${key_id}`, { method: "DELETE" })).status).toBe(200);
    expect(await refusal(they.finalize(session.upload_id))).toEqual([401, "unauthenticated"]);
  });

  test("and never more than the token that it was made by: scopes and restriction are kept", async () => {
    const session = await start({ filename: "visits/kept.txt", size: 0 });
    const kept = await world.deps.table.get(uploadRecord, keys.upload(session.upload_id));
    expect(kept).toMatchObject({
      scopes: ["files:read", "files:write"],
      made_by: { principal_id: client.client_id },
    });
    const { folder_id } = await by.uploaded("visits/inner/file.txt");
    const narrow = await client.restricted({
      type: "file_access",
      actions: ["create"],
      folder: folder_id,
    });
    const restricted = await start({ filename: "b.txt", size: 0, folder_id }, uploader({ request: narrow }));
    const record = await world.deps.table.get(uploadRecord, keys.upload(restricted.upload_id));
    expect(record?.made_by?.details).toMatchObject([{ actions: ["create"] }]);
    expect(await visitor(restricted).finish(restricted.upload_id)).toMatchObject({ size: 0 });
  });
});
