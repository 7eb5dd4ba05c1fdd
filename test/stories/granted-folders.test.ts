/** Who was granted a folder hears of it, by long poll and by webhook, waits for its locks, and stops when the grant ends. */
import { afterAll, beforeAll, expect, test } from "vitest";
import * as z from "zod";
import { type Scope, scopes } from "#contract/scopes.ts";
import { FIRST_ORGANIZATION } from "#core/access/records.ts";
import { createClient } from "#core/accounts/create-client.ts";
import { eventLog } from "#core/events/contract.ts";
import { type ApiClient, createApiClient } from "#test/support/api-client.ts";
import { type Story, startStory } from "#test/support/story.ts";

const SCOPES = scopes.filter((scope) => scope !== "admin");
const made = z.object({ grant_id: z.string() });

let story: Story;
let folder: string;
beforeAll(async () => {
  story = await startStory({ scopes: SCOPES });
  folder = (await send("projects/alpha/a.txt")).folder_id;
  await send("projects/beta/b.txt");
});
afterAll(() => story?.stop());

const send = (filename: string) => story.upload(new TextEncoder().encode("hello"), { filename });

async function guest(name: string, role: string): Promise<ApiClient & { grant: string }> {
  const deps = { table: story.table, now: story.cloud.clock.now };
  const { client_id, client_secret } = await createClient(deps, { name, scopes: SCOPES, role: "guest" });
  const json = { principal_id: client_id, role };
  const { grant_id } = await story.json(made, `/v1/folders/${folder}/grants`, { json });
  const { apiUrl: origin, clock } = story.cloud;
  const credentials = { clientId: client_id, clientSecret: client_secret };
  return { grant: grant_id, ...createApiClient({ origin, now: clock.now, ...credentials }) };
}

const end = async ({ grant }: { grant: string }) =>
  expect((await story.api(`/v1/grants/${grant}`, { method: "DELETE" })).status).toBe(204);

const log = (client: ApiClient, query: string) =>
  client.json(eventLog, `/v1/events?workspace=${story.workspaceId}&${query}`);
const namesIn = ({ items }: z.infer<typeof eventLog>) =>
  items.flatMap(({ data }) => ("name" in data ? [data["name"]] : []));

test("a reader of one folder hears of that folder alone", async () => {
  const reader = await guest("reader", "viewer");
  await story.eventually(async () => expect(namesIn(await log(story, ""))).toContain("b.txt"));
  const heard = await log(reader, "");
  expect(namesIn(heard)).toContain("a.txt");
  expect(namesIn(heard)).not.toContain("b.txt");
  expect(JSON.stringify(heard)).not.toContain("beta");
});

test("that its folder is deleted is told to a reader of that one alone, as is its return", async () => {
  const reader = await guest("of what was deleted", "viewer");
  expect((await story.api(`/v1/folders/${folder}`, { method: "DELETE" })).status).toBe(204);
  expect((await story.api(`/v1/trash/${folder}/restore`, { method: "POST" })).status).toBe(200);
  const types = async () =>
    (await log(reader, "type=folder_deleted,folder_restored")).items.map(({ type }) => type);
  await story.eventually(async () => expect(await types()).toEqual(["folder_deleted", "folder_restored"]));
  await end(reader);
});

test("who was given what is told to those who may ask for it", async () => {
  const manager = await guest("granting", "manager");
  const reader = await guest("not granting", "viewer");
  const grantsIn = async (client: ApiClient) =>
    (await log(client, "type=grant_created,grant_ended")).items.map(({ data }) => data["grant_id"]);
  await story.eventually(async () => expect(await grantsIn(manager)).toContain(reader.grant));
  expect(await grantsIn(reader)).toEqual([]);
  await end(manager);
  await end(reader);
});

test("what happens to an organization is told by what a token's scopes let it read", async () => {
  const deps = { table: story.table, now: story.cloud.clock.now };
  const admin = async (...held: Scope[]) => {
    const { client_id, client_secret } = await createClient(deps, {
      name: "admin",
      scopes: held,
      role: "admin",
    });
    const { apiUrl: origin, clock } = story.cloud;
    return createApiClient({ origin, now: clock.now, clientId: client_id, clientSecret: client_secret });
  };
  const keyer = await admin("clients:write", "files:read");
  const lister = await admin("members:read", "files:read");
  const expires_at = new Date(story.cloud.clock.now() + 3_600_000).toISOString();
  await keyer.json(z.unknown(), "/v1/keys", { json: { name: "k", scopes: ["files:read"], expires_at } });
  const path = `/v1/events?organization=${FIRST_ORGANIZATION}`;
  const typesFor = async (client: ApiClient) =>
    new Set((await client.json(eventLog, path)).items.map(({ type }) => type.split("_")[0]));
  await story.eventually(async () => expect(await typesFor(keyer)).toEqual(new Set(["key"])));
  expect(await typesFor(lister)).not.toContain("key");
  const refused = await (await admin("files:read", "webhooks:read")).api(path);
  expect([refused.status, await refused.json()]).toMatchObject([
    403,
    { required_scopes: ["members:read", "clients:read"] },
  ]);
});

test("a long poll that runs hears of nothing once its grant has ended", async () => {
  const reader = await guest("waiting", "viewer");
  const { next_cursor } = await log(reader, "after=latest");
  const query = `/v1/events?workspace=${story.workspaceId}&after=${next_cursor}&wait=10`;
  const waiting = reader.api(query);
  // It waits by now, or asks in vain.
  await end(reader);
  await send("projects/alpha/secret.txt");
  const answer = await waiting;
  expect([answer.status, (await answer.text()).includes("secret.txt")]).toEqual([404, false]);
});

test("a wait for a lock ends with the grant, and gets none", async () => {
  const agent = await guest("agent", "editor");
  const { file_id } = await send("projects/alpha/locked.txt");
  const lock = `/v1/files/${file_id}/lock`;
  const held = z.object({ lock_token: z.string() });
  const { lock_token } = await story.json(held, lock, { json: {} });
  const waiting = agent.api(`${lock}/wait`, { json: { wait_seconds: 15 } });
  await end(agent);
  expect((await waiting).status).toBe(404);
  const released = await story.api(lock, { method: "DELETE", headers: { "Lock-Token": lock_token } });
  expect(released.status).toBe(204);
  expect((await (await story.api(lock)).json()) as object).toMatchObject({ locked: false });
});

test("an endpoint hears what its maker may have webhooks for, and no more once that is nothing", async () => {
  const manager = await guest("manager", "manager");
  const receiver = await story.receiver();
  const registered = await manager.api("/v1/webhooks", {
    json: { url: receiver.url, events: ["upload_completed"] },
  });
  expect(registered.status).toBe(201);
  const inFolder = await send("projects/alpha/heard.txt");
  const beside = await send("projects/beta/unheard.txt");
  const got = () => receiver.received.map(({ body }) => String(body)).join();
  await story.eventually(() => expect(got()).toContain(inFolder.file_id));
  await end(manager);
  const after = await send("projects/alpha/later.txt");
  // What everybody hears of has gone out when the last of it has.
  await story.cloud.waitForIdle();
  expect([got().includes(beside.file_id), got().includes(after.file_id)]).toEqual([false, false]);
});

test("a viewer may not have webhooks for the folder", async () => {
  const viewer = await guest("viewer", "viewer");
  const url = (await story.receiver()).url;
  const json = { url, events: ["*"], folders: [folder] };
  const refused = await viewer.api("/v1/webhooks", { json });
  expect([refused.status, await refused.text()]).toEqual([400, expect.stringContaining(folder)]);
});
