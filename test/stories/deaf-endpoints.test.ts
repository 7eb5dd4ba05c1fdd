/** An endpoint stops with an event that says so once its maker has lost what it hears, and not before. */
import { afterAll, beforeAll, expect, test } from "vitest";
import * as z from "zod";
import { scopes } from "#contract/scopes.ts";
import { newServiceClient } from "#core/accounts/clients-contract.ts";
import { newKey } from "#core/accounts/keys-contract.ts";
import { registeredWebhook, webhook } from "#core/endpoints/contract.ts";
import { eventLog } from "#core/events/contract.ts";
import { type ApiClient, createApiClient } from "#test/support/api-client.ts";
import { type Story, startStory } from "#test/support/story.ts";

const HELD = scopes.filter((scope) => !/^(admin|members|clients|workspaces)/.test(scope));
const id = (name: string) => z.looseObject({ [name]: z.string() }).transform((body) => String(body[name]));

let story: Story;
let folder: string;
beforeAll(async () => {
  story = await startStory({ scopes: [...scopes] });
  folder = (await send("projects/alpha/a.txt")).folder_id;
  await send("projects/beta/b.txt");
});
afterAll(() => story?.stop());

const send = (filename: string) => story.upload(new TextEncoder().encode("hello"), { filename });

interface Guest extends ApiClient {
  id: string;
}

/** A client that has nothing but what it is granted. */
async function guest(): Promise<Guest> {
  const json = { name: "guest", scopes: HELD };
  const { client_id, client_secret } = await story.json(newServiceClient, "/v1/clients", { json });
  const { apiUrl: origin, clock } = story.cloud;
  const credentials = { clientId: client_id, clientSecret: client_secret };
  return { id: client_id, ...createApiClient({ origin, now: clock.now, ...credentials }) };
}

const grant = (on: string, principal_id: string, more: object = { role: "manager" }) =>
  story.json(id("grant_id"), `/v1/${on}/grants`, { json: { principal_id, ...more } });
const remove = async (path: string) => expect((await story.api(path, { method: "DELETE" })).status).toBe(204);

async function register(by: ApiClient, folders: string[] = []) {
  const { url } = await story.receiver();
  const json = { url, events: ["upload_completed"], folders };
  const { webhook_id } = await by.json(registeredWebhook, "/v1/webhooks", { json });
  return webhook_id;
}

async function told(): Promise<unknown[]> {
  await story.cloud.waitForIdle();
  const log = await story.json(eventLog, `/v1/events?workspace=${story.workspaceId}&type=webhook_disabled`);
  return log.items.map(({ data }) => data);
}
const shown = async (by: ApiClient, hook: string) => {
  await story.cloud.waitForIdle();
  const { status, disabled_reason } = await by.json(webhook, `/v1/webhooks/${hook}`);
  return [status === "disabled", disabled_reason];
};
const LIVES = [false, null];
const STOPPED = [true, "no_access"];

test("with the last grant", async () => {
  const manager = await guest();
  const first = await grant(`workspaces/${story.workspaceId}`, manager.id);
  const second = await grant(`folders/${folder}`, manager.id);
  const hook = await register(manager);
  await remove(`/v1/grants/${first}`);
  expect(await shown(manager, hook)).toEqual(LIVES);
  await remove(`/v1/grants/${second}`);
  expect(await shown(manager, hook)).toEqual(STOPPED);
  expect(await told()).toContainEqual({ webhook_id: hook, reason: "no_access" });
});

test("with the last of its folders, though its maker has others", async () => {
  const manager = await guest();
  await grant(`workspaces/${story.workspaceId}`, manager.id, { role: "viewer" });
  const held = await grant(`folders/${folder}`, manager.id);
  const hook = await register(manager, [folder]);
  await remove(`/v1/grants/${held}`);
  expect(await shown(manager, hook)).toEqual(STOPPED);
});

test("not where its maker keeps what is below its folder", async () => {
  const manager = await guest();
  const below = (await send("projects/alpha/deep/er/c.txt")).folder_id;
  const held = await grant(`folders/${folder}`, manager.id);
  await grant(`folders/${below}`, manager.id);
  const hook = await register(manager, [folder]);
  await remove(`/v1/grants/${held}`);
  expect(await shown(manager, hook)).toEqual(LIVES);
});

test("hears of grants where its maker may have webhooks and give grants, and nowhere else", async () => {
  const manager = await guest();
  await grant(`folders/${folder}`, manager.id);
  const { folder_id: beta } = await send("projects/beta/g.txt");
  await grant(`folders/${beta}`, manager.id, { actions: ["list", "grant"] });
  const receiver = await story.receiver();
  const json = { url: receiver.url, events: ["grant_created"] };
  const { webhook_id } = await manager.json(registeredWebhook, "/v1/webhooks", { json });
  const friend = await guest();
  const elsewhere = await grant(`folders/${beta}`, friend.id, { role: "viewer" });
  const there = await grant(`folders/${folder}`, friend.id, { role: "viewer" });
  const got = () => receiver.received.map(({ body }) => String(body)).join();
  await story.eventually(() => expect(got()).toContain(there));
  await story.cloud.waitForIdle();
  expect(got()).not.toContain(elsewhere);
  // Without the scope it hears of nothing, and nobody has anything sent to it.
  const scopes = { method: "PATCH", json: { scopes: ["files:read", "grants:read"] } };
  expect((await story.api(`/v1/clients/${manager.id}`, scopes)).status).toBe(200);
  const tested = await story.api(`/v1/webhooks/${webhook_id}/test`, { json: {} });
  expect([tested.status, receiver.received.length]).toEqual([403, 1]);
});

test("and then is sent nothing by its maker's wish either", async () => {
  const manager = await guest();
  const held = await grant(`folders/${folder}`, manager.id);
  const receiver = await story.receiver();
  const json = { url: receiver.url, events: ["upload_completed"] };
  const { webhook_id } = await manager.json(registeredWebhook, "/v1/webhooks", { json });
  await receiver.until(1, undefined, receiver.pings);
  await remove(`/v1/grants/${held}`);
  expect(await shown(manager, webhook_id)).toEqual(STOPPED);
  const path = `/v1/webhooks/${webhook_id}`;
  const other = (await story.receiver()).url;
  for (const [method, at, body] of [
    ["POST", `${path}/enable`, { force: true }],
    ["POST", `${path}/enable`, {}],
    ["POST", `${path}/test`, {}],
    ["PATCH", path, { url: other }],
  ] as const) {
    const refused = await manager.api(at, { method, json: body });
    expect([at, refused.status, await refused.json()]).toMatchObject([at, 403, { required_action: "hooks" }]);
  }
  expect((await manager.api(path, { method: "PATCH", json: { description: "idle" } })).status).toBe(200);
  await story.cloud.waitForIdle();
  expect([receiver.pings.length, receiver.received.length]).toEqual([1, 0]);
  await grant(`folders/${folder}`, manager.id);
  expect((await manager.api(`${path}/enable`, { json: {} })).status).toBe(200);
});

test("when the key that it was registered with expires: it hears nothing from that moment on", async () => {
  const manager = await guest();
  await grant(`folders/${folder}`, manager.id);
  const expires_at = new Date(story.cloud.clock.now() + 3_600_000).toISOString();
  const json = { name: "an hour", scopes: HELD, client: manager.id, expires_at };
  const { api_key } = await story.json(newKey, "/v1/keys", { json });
  const receiver = await story.receiver();
  const registered = await story.api("/v1/webhooks", {
    json: { url: receiver.url, events: ["upload_completed"] },
    token: api_key,
  });
  const hook = registeredWebhook.parse(await registered.json()).webhook_id;
  const before = await send("projects/alpha/before.txt");
  const got = () => receiver.received.map(({ body }) => String(body)).join();
  await story.eventually(() => expect(got()).toContain(before.file_id));
  story.advance(3_600_000);
  const after = await send("projects/alpha/after.txt");
  await story.cloud.waitForIdle();
  expect(got()).not.toContain(after.file_id);
  // The sweep that finds the key ended, and the next one, which ends what was made with it.
  story.advance(60_000);
  story.advance(60_000);
  expect(await shown(manager, hook)).toEqual([true, "revoked"]);
});

test("when a grant expires", async () => {
  const manager = await guest();
  const expires_at = new Date(story.cloud.clock.now() + 60_000).toISOString();
  await grant(`folders/${folder}`, manager.id, { role: "manager", expires_at });
  const hook = await register(manager);
  story.advance(120_000);
  expect(await shown(manager, hook)).toEqual(STOPPED);
});

test("with its maker's group, and when the group loses its grant", async () => {
  const managers = [await guest(), await guest()];
  const group = await story.json(id("group_id"), "/v1/groups", { json: { name: "hearers" } });
  const held = await grant(`folders/${folder}`, group);
  const hooks: string[] = [];
  for (const manager of managers) {
    const put = await story.api(`/v1/groups/${group}/members/${manager.id}`, { method: "PUT" });
    expect(put.status).toBe(204);
    hooks.push(await register(manager));
  }
  const all = () => Promise.all(managers.map((manager, at) => shown(manager, hooks[at] ?? "")));
  await remove(`/v1/groups/${group}/members/${managers[0]?.id}`);
  expect(await all()).toEqual([STOPPED, LIVES]);
  await remove(`/v1/grants/${held}`);
  expect(await all()).toEqual([STOPPED, STOPPED]);
  const log = await story.json(eventLog, `/v1/events?organization=${await home()}`);
  expect(
    log.items.filter(({ type }) => type.startsWith("group_")).map(({ type, data }) => [type, data]),
  ).toEqual([
    ...managers.map(({ id }) => ["group_joined", { group_id: group, principal_id: id }]),
    ["group_left", { group_id: group, principal_id: managers[0]?.id }],
  ]);
});

async function home(): Promise<string> {
  const orgs = z.object({ items: z.array(z.object({ organization_id: z.string() })) });
  return (await story.json(orgs, "/v1/orgs")).items[0]?.organization_id ?? "";
}
