/** Service clients: what they get, who may make them, and how their secrets turn. */
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { keys } from "#aws/keys.ts";
import type { Scope } from "#contract/scopes.ts";
import { newClientSecret, newServiceClient, serviceClient } from "#core/accounts/clients-contract.ts";
import { tokenAnswer } from "#core/accounts/contract.ts";
import { clientRecord } from "#core/accounts/records.ts";
import { rotateSecret } from "#core/revocation/change-client.ts";
import { type Client, read, refusal, startWorld, type World } from "#test/support/world.ts";

let world: World;
let owner: Client;
let admin: Client;
let guest: Client;
beforeAll(async () => {
  world = await startWorld();
  owner = await world.client("admin");
  admin = await world.client("admin");
  guest = await world.client("files:read", "files:write", "clients:write", "grants:write");
});
afterAll(() => world?.close());

const DAY = 86_400_000;
const inDays = (days: number) => new Date(world.deps.now() + days * DAY).toISOString();

type Json = Record<string, unknown>;
const make = (by: Client, json: Json) => by.request("/v1/clients", { json });
const made = (json: Json = {}, by: Client = owner) =>
  read(newServiceClient, make(by, { name: "build", scopes: ["files:read"], ...json }));
const tokenOf = ({ client_id, client_secret }: { client_id: string; client_secret: string }) =>
  world.request("/v1/auth/token", { json: { client_id, client_secret } });
const works = async (client_id: string, client_secret: string) =>
  (await tokenOf({ client_id, client_secret })).status === 200;
const bearer = (token: string) => ({ headers: { authorization: `Bearer ${token}` } });

describe("a client of the organization", () => {
  test("is made with what it was granted, which it can do at once, and nothing else", async () => {
    const file = await world.addFile(owner, "plans/a.txt");
    const client = await made({
      name: "Nachtläufer 🌙",
      scopes: ["files:read"],
      grants: [{ resource_id: file, role: "viewer" }],
    });
    expect(client).toMatchObject({ name: "Nachtläufer 🌙", role: "guest", scopes: ["files:read"] });
    expect(client.grants).toMatchObject([{ resource_id: file, role: "viewer", expires_at: null }]);
    const { access_token } = await read(tokenAnswer, tokenOf(client));
    expect((await world.request(`/v1/files/${file}`, bearer(access_token))).status).toBe(200);
    const other = await world.addFile(owner, "plans/b.txt");
    expect(await refusal(world.request(`/v1/files/${other}`, bearer(access_token)))).toEqual([
      404,
      "not_found",
    ]);
    const events = (await world.events()).filter(({ data }) => data["principal_id"] === client.client_id);
    expect(events.map(({ type }) => type).sort()).toEqual(["grant_created", "member_joined"]);
  });

  test("a grant on a root is one on the workspace, and the same twice is one", async () => {
    const root = owner.workspace_id.replace("ws_", "fld_");
    const grants = [
      { resource_id: root, role: "viewer" },
      { resource_id: owner.workspace_id, role: "viewer" },
    ];
    const client = await made({ grants });
    expect(client.grants).toMatchObject([{ resource_id: owner.workspace_id }]);
  });

  test("is shown without its secret, in the list too", async () => {
    const { client_id, client_secret } = await made();
    const shown = await owner.request(`/v1/clients/${client_id}`);
    const text = await shown.text();
    expect(text).not.toContain(client_secret);
    expect(text).not.toContain("hash");
    expect(serviceClient.parse(JSON.parse(text)).secrets).toHaveLength(1);
    const listed = await owner.request("/v1/clients?limit=100");
    expect(await listed.text()).toContain(client_id);
  });

  test("ends by itself at its expiry, and what it was granted with it", async () => {
    const client = await made({
      expires_at: inDays(1),
      grants: [{ resource_id: owner.workspace_id, role: "viewer" }],
    });
    expect(client.grants[0]?.expires_at).toBe(client.expires_at);
    world.advance(DAY - 60_000);
    const late = await read(tokenAnswer, tokenOf(client));
    world.advance(60_000);
    expect(await refusal(world.request("/v1/workspaces", bearer(late.access_token)))).toEqual([
      401,
      "unauthenticated",
    ]);
    expect((await tokenOf(client)).status).toBe(401);
  });
});

const everywhere = () => [{ resource_id: owner.workspace_id, role: "owner" }];
const refusals: [string, () => Client, () => Json, [number, string]][] = [
  ["a guest's making", () => guest, () => ({}), [403, "forbidden"]],
  ["an owner, by an admin", () => admin, () => ({ role: "owner" }), [403, "forbidden"]],
  ["admin as a guest", () => owner, () => ({ scopes: ["admin"] }), [400, "invalid_request"]],
  ["members:read as a guest", () => owner, () => ({ scopes: ["members:read"] }), [400, "invalid_request"]],
  ["a grant above the admin's own", () => admin, () => ({ grants: everywhere() }), [403, "forbidden"]],
  [
    "a grant on what isn't there",
    () => owner,
    () => ({ grants: [{ resource_id: "file_01JZZZZZZZZZZZZZZZZZZZZZZZ", role: "viewer" }] }),
    [404, "not_found"],
  ],
  [
    "a grant with a role and actions",
    () => owner,
    () => ({ grants: [{ resource_id: owner.workspace_id, role: "viewer", actions: ["read"] }] }),
    [400, "invalid_request"],
  ],
  ["an end in the past", () => owner, () => ({ expires_at: inDays(-1) }), [400, "invalid_request"]],
  ["no scope", () => owner, () => ({ scopes: [] }), [400, "invalid_request"]],
  ["a scope that there isn't", () => owner, () => ({ scopes: ["root"] }), [400, "invalid_request"]],
  [
    "another's organization",
    () => owner,
    () => ({ organization: "org_01JZZZZZZZZZZZZZZZZZZZZZZZ" }),
    [404, "not_found"],
  ],
];
test.for(refusals)("refused: %s", async ([, by, json, expected]) => {
  expect(await refusal(make(by(), { name: "x", scopes: ["files:read"], ...json() }))).toEqual(expected);
});

test("a token with fewer scopes makes no client with more", async () => {
  const narrow = await owner.withScopes("clients:write", "files:read");
  const wide = narrow("/v1/clients", { json: { name: "x", scopes: ["files:write"] } });
  expect(await refusal(wide)).toEqual([403, "forbidden"]);
  const granted = narrow("/v1/clients", {
    json: {
      name: "x",
      scopes: ["files:read"],
      grants: [{ resource_id: owner.workspace_id, role: "viewer" }],
    },
  });
  // Granting is another scope's.
  expect(await refusal(granted)).toEqual([403, "forbidden"]);
});

test("the same request under one Idempotency-Key makes one client, and shows its secret again", async () => {
  const headers = { "idempotency-key": "a-client-0123456789abcdef" };
  const json = { name: "once", scopes: ["files:read"] };
  const [first, second] = await Promise.all(
    [1, 2].map(async () => {
      for (;;) {
        const answer = await owner.request("/v1/clients", { json, headers });
        if (answer.status !== 409) return newServiceClient.parse(await answer.json());
      }
    }),
  );
  expect(second).toEqual(first);
  const narrow = await owner.withScopes("clients:write");
  expect(await refusal(narrow("/v1/clients", { json, headers }))).toEqual([403, "forbidden"]);
});

describe("its scopes and expiry", () => {
  const change = (id: string, json: Json, by: Client["request"] = owner.request) =>
    by(`/v1/clients/${id}`, { method: "PATCH", json });

  test("become fewer for its tokens at once", async () => {
    const client = await made({ scopes: ["files:read", "workspaces:write"], role: "member" });
    const { access_token } = await read(tokenAnswer, tokenOf(client));
    const changed = await read(serviceClient, change(client.client_id, { scopes: ["files:read"] }));
    expect(changed.scopes).toEqual(["files:read"]);
    const making = world.request("/v1/workspaces", { json: { name: "more" }, ...bearer(access_token) });
    expect(await refusal(making)).toEqual([403, "forbidden"]);
  });

  test("become more only by who has them", async () => {
    const { client_id } = await made();
    const narrow = await owner.withScopes("clients:write");
    const refused = change(client_id, { scopes: ["files:read", "files:write"] }, narrow);
    expect(await refusal(refused)).toEqual([403, "forbidden"]);
    // It has that already.
    expect((await change(client_id, { scopes: ["files:read"] }, narrow)).status).toBe(200);
    expect((await change(client_id, { scopes: ["files:read", "files:write"] })).status).toBe(200);
    expect(await refusal(change(client_id, { scopes: ["admin"] }))).toEqual([400, "invalid_request"]);
  });

  test("an admin changes no owner", async () => {
    const refused = change(owner.client_id, { name: "mine" }, admin.request);
    expect(await refusal(refused)).toEqual([403, "forbidden"]);
  });

  test("an expiry comes and goes", async () => {
    const { client_id } = await made();
    const dated = await read(serviceClient, change(client_id, { expires_at: inDays(3) }));
    expect(dated.expires_at).not.toBeNull();
    expect((await read(serviceClient, change(client_id, { expires_at: null }))).expires_at).toBeNull();
    const record = await world.deps.table.get(clientRecord.loose(), keys.client(client_id));
    expect([record?.expires_ms, record?.["due_pk"]]).toEqual([undefined, undefined]);
  });
});

describe("its secrets", () => {
  const next = (id: string, json: Json = {}, by: Client["request"] = owner.request) =>
    by(`/v1/clients/${id}/secrets`, { json });
  const added = (id: string, json?: Json) => read(newClientSecret, next(id, json));

  test("overlap, then the older one ends by itself", async () => {
    const { client_id, client_secret: older } = await made();
    const { client_secret: newer } = await added(client_id, { overlap_seconds: 60 });
    expect([await works(client_id, older), await works(client_id, newer)]).toEqual([true, true]);
    world.advance(61_000);
    expect([await works(client_id, older), await works(client_id, newer)]).toEqual([false, true]);
  });

  test("without an overlap the older ones end at once", async () => {
    const { client_id, client_secret: older } = await made();
    const { client_secret: newer } = await added(client_id, { overlap_seconds: 0 });
    expect([await works(client_id, older), await works(client_id, newer)]).toEqual([false, true]);
  });

  test("five are live at most", async () => {
    const { client_id } = await made();
    for (let count = 2; count <= 5; count++) await added(client_id);
    expect(await refusal(next(client_id))).toEqual([429, "grant_limit"]);
  });

  test("two rotations at once both count", async () => {
    const { client_id, client_secret } = await made();
    const both = await Promise.all([added(client_id), added(client_id)]);
    expect(new Set(both.map((one) => one.secret_id)).size).toBe(2);
    for (const secret of [client_secret, ...both.map((one) => one.client_secret)])
      expect(await works(client_id, secret)).toBe(true);
  });

  test("one ends alone, and only once", async () => {
    const { client_id, client_secret, secrets } = await made();
    const { client_secret: newer } = await added(client_id);
    const path = `/v1/clients/${client_id}/secrets/${secrets[0]?.secret_id}`;
    expect((await owner.request(path, { method: "DELETE" })).status).toBe(204);
    expect([await works(client_id, client_secret), await works(client_id, newer)]).toEqual([false, true]);
    expect(await refusal(owner.request(path, { method: "DELETE" }))).toEqual([404, "not_found"]);
  });

  test("nobody gets by one what its own token lacks", async () => {
    const { client_id } = await made({ scopes: ["files:read", "files:write"] });
    const narrow = await owner.withScopes("clients:write", "files:read");
    expect(await refusal(next(client_id, {}, narrow))).toEqual([403, "forbidden"]);
    expect(await refusal(next(owner.client_id, {}, admin.request))).toEqual([403, "forbidden"]);
    expect(await refusal(next(client_id, {}, guest.request))).toEqual([404, "not_found"]);
  });

  test("its last day of use is told, and costs one write a day", async () => {
    const { client_id, client_secret } = await made();
    const lastUsed = async () =>
      (await read(serviceClient, owner.request(`/v1/clients/${client_id}`))).secrets[0]?.last_used;
    expect(await lastUsed()).toBeNull();
    await tokenOf({ client_id, client_secret });
    expect(await lastUsed()).toBe(new Date(world.deps.now()).toISOString().slice(0, 10));
    const before = world.traces.length;
    await tokenOf({ client_id, client_secret });
    expect(world.traces.slice(before).map(({ action }) => action)).not.toContain("UpdateItem");
  });

  test("a token comes all the same where that can't be written", async () => {
    const { client_id, client_secret } = await made();
    world.setFault(({ action }) => (action === "UpdateItem" ? "before" : undefined));
    expect((await tokenOf({ client_id, client_secret })).status).toBe(200);
    world.setFault();
  });

  test("those of an administrator's commands have ids too", async () => {
    const { client_id, client_secret } = await made();
    const { client_secret: newer } = await rotateSecret(world.deps, client_id);
    expect([await works(client_id, client_secret), await works(client_id, newer)]).toEqual([true, true]);
    const { secrets } = await read(serviceClient, owner.request(`/v1/clients/${client_id}`));
    expect(new Set(secrets.map(({ secret_id }) => secret_id)).size).toBe(2);
  });
});

const scopesOf = (...scopes: Scope[]) => scopes;
test("a client's scopes are told in the table's order", async () => {
  const client = await made({ scopes: scopesOf("locks:write", "files:read") });
  expect((await read(tokenAnswer, tokenOf(client))).scope).toBe("files:read locks:write");
});
