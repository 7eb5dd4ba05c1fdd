/** What the sweep does of keys and clients: it tells before they end, and tidies up afterwards. */
import { afterEach, beforeEach, expect, test } from "vitest";
import { keys } from "#aws/keys.ts";
import { newClientSecret, newServiceClient, serviceClient } from "#core/accounts/clients-contract.ts";
import { newKey } from "#core/accounts/keys-contract.ts";
import { clientRecord } from "#core/accounts/records.ts";
import { sweepClients } from "#core/revocation/sweep-clients.ts";
import { sweepKeys } from "#core/revocation/sweep-keys.ts";
import { sweepRevocations } from "#core/revocation/sweep-revocations.ts";
import { type Client, read, refusal, startWorld, type World } from "#test/support/world.ts";

let world: World;
let owner: Client;
beforeEach(async () => {
  world = await startWorld();
  owner = await world.client("admin");
});
afterEach(() => world?.close());

const DAY = 86_400_000;
const inDays = (days: number) => new Date(world.deps.now() + days * DAY).toISOString();
const makeKey = (days: number) =>
  read(
    newKey,
    owner.request("/v1/keys", {
      json: { name: "laptop", scopes: ["files:read"], expires_at: inDays(days) },
    }),
  );
const makeClient = (json: Record<string, unknown> = {}) =>
  read(
    newServiceClient,
    owner.request("/v1/clients", { json: { name: "build", scopes: ["files:read"], ...json } }),
  );
const told = async (type: string) => (await world.events(type)).map(({ data }) => data["days"]);

test("a key is told of 14 and 2 days before, once each, and counts no more when it has ended", async () => {
  const { key_id } = await makeKey(30);
  const sweep = () => sweepKeys(world.deps);
  expect([await sweep(), await told("key_expiring")]).toEqual([0, []]);
  world.advance(16 * DAY);
  expect([await sweep(), await sweep(), await told("key_expiring")]).toEqual([1, 0, [14]]);
  world.advance(12 * DAY);
  expect([await sweep(), await sweep(), await told("key_expiring")]).toEqual([1, 0, [14, 2]]);
  world.advance(2 * DAY);
  expect([await sweep(), await sweep()]).toEqual([1, 0]);
  const holder = await world.deps.table.get(clientRecord.loose(), keys.client(owner.client_id));
  expect(holder?.["live_keys"]).toBe(0);
  const [event] = await world.events("key_expiring");
  expect(event).toMatchObject({ organization_id: owner.organization_id, data: { key_id, name: "laptop" } });
});

test("a sweep that was late tells of the last warning alone", async () => {
  await makeKey(30);
  world.advance(29 * DAY);
  await sweepKeys(world.deps);
  expect(await told("key_expiring")).toEqual([2]);
});

test("nobody is warned of what lay behind when the key was made", async () => {
  await makeKey(10);
  await makeKey(1);
  await sweepKeys(world.deps);
  expect(await told("key_expiring")).toEqual([]);
  world.advance(8 * DAY);
  await sweepKeys(world.deps);
  expect(await told("key_expiring")).toEqual([2]);
});

test("a key that was revoked is told of no more", async () => {
  const { key_id } = await makeKey(30);
  expect((await owner.request(`/v1/keys/${key_id}`, { method: "DELETE" })).status).toBe(200);
  world.advance(31 * DAY);
  expect(await sweepKeys(world.deps)).toBe(0);
  const holder = await world.deps.table.get(clientRecord.loose(), keys.client(owner.client_id));
  expect(holder?.["live_keys"]).toBe(0);
});

test("what was made with a key ends when the key has expired, as when it is revoked", async () => {
  const json = { name: "setup", scopes: ["admin"], expires_at: inDays(1) };
  const { api_key } = await read(newKey, owner.request("/v1/keys", { json }));
  const headers = { authorization: `Bearer ${api_key}` };
  const build = { name: "build", scopes: ["files:read"] };
  const made = await read(newServiceClient, world.request("/v1/clients", { json: build, headers }));
  expect(made.created_by).toBe(owner.client_id);
  world.advance(DAY);
  await sweepKeys(world.deps);
  await sweepRevocations(world.deps);
  const shown = await read(serviceClient, owner.request(`/v1/clients/${made.client_id}`));
  expect(shown.revoked_at).not.toBeNull();
});

test("a secret that is being replaced is told of, and forgotten when it has ended", async () => {
  const { client_id, secrets } = await makeClient();
  const overlap_seconds = 30 * 86_400;
  const path = `/v1/clients/${client_id}`;
  await read(newClientSecret, owner.request(`${path}/secrets`, { json: { overlap_seconds } }));
  const sweep = () => sweepClients(world.deps);
  world.advance(16 * DAY);
  expect([await sweep(), await sweep(), await told("secret_expiring")]).toEqual([1, 0, [14]]);
  world.advance(12 * DAY);
  expect([await sweep(), await told("secret_expiring")]).toEqual([1, [14, 2]]);
  world.advance(2 * DAY);
  expect(await sweep()).toBe(1);
  const record = await world.deps.table.get(clientRecord, keys.client(client_id));
  expect(record?.secrets.map(({ secret_id }) => secret_id)).not.toContain(secrets[0]?.secret_id);
  expect((await read(serviceClient, owner.request(path))).secrets).toHaveLength(1);
  expect(await sweep()).toBe(0);
});

test("a client whose time is over is revoked, with what it has made", async () => {
  const client = await makeClient({
    expires_at: inDays(1),
    scopes: ["files:read", "clients:write"],
    role: "member",
  });
  const token = await world.request("/v1/auth/token", {
    json: { client_id: client.client_id, client_secret: client.client_secret },
  });
  const { access_token } = (await token.json()) as { access_token: string };
  const key = await read(
    newKey,
    world.request("/v1/keys", {
      json: { name: "own", scopes: ["files:read"], expires_at: inDays(0.5) },
      headers: { authorization: `Bearer ${access_token}` },
    }),
  );
  world.advance(DAY);
  expect(await sweepClients(world.deps)).toBe(1);
  await sweepRevocations(world.deps);
  const shown = await read(serviceClient, owner.request(`/v1/clients/${client.client_id}`));
  expect(shown.revoked_at).not.toBeNull();
  expect((await world.events("member_left")).map(({ data }) => data["principal_id"])).toEqual([
    client.client_id,
  ]);
  expect((await world.events("key_revoked")).map(({ data }) => data["key_id"])).toEqual([key.key_id]);
  expect(await sweepClients(world.deps)).toBe(0);
});

test("a client that was given more time meanwhile lives on", async () => {
  const client = await makeClient({ expires_at: inDays(1) });
  world.advance(DAY);
  const longer = { method: "PATCH", json: { expires_at: inDays(5) } };
  const swept = await world.meanwhile(
    () => sweepClients(world.deps),
    async () => {
      world.setFault();
      await owner.request(`/v1/clients/${client.client_id}`, longer);
    },
  );
  expect(swept).toBe(0);
  const shown = await read(serviceClient, owner.request(`/v1/clients/${client.client_id}`));
  expect(shown.revoked_at).toBeNull();
});

test("the only owner of an organization isn't ended by a call, and counts no more when another is", async () => {
  const path = `/v1/clients/${owner.client_id}`;
  expect(await refusal(owner.request(path, { method: "DELETE" }))).toEqual([409, "conflict"]);
  const second = await makeClient({ scopes: ["admin"], role: "owner" });
  expect((await owner.request(path, { method: "DELETE" })).status).toBe(200);
  const token = await world.request("/v1/auth/token", {
    json: { client_id: second.client_id, client_secret: second.client_secret },
  });
  // It was made by the first, and ends with it: the only owner that is left is none.
  expect(token.status).toBe(401);
});
