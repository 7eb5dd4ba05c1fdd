/** An endpoint stops with an event that says so once its maker has lost what it hears, and not before. */
import { afterAll, beforeAll, expect, test } from "vitest";
import * as z from "zod";
import { scopes } from "#contract/scopes.ts";
import { newServiceClient } from "#core/accounts/clients-contract.ts";
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
