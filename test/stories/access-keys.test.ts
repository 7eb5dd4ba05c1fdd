/** Service clients, API keys and tokens that do less: what a team gives its programs, and how it takes that back. */
import { afterAll, beforeAll, expect, test } from "vitest";
import type * as z from "zod";
import { newClientSecret, newServiceClient, serviceClient } from "#core/accounts/clients-contract.ts";
import { ACCESS_TOKEN, grantTypes, tokenAnswer } from "#core/accounts/contract.ts";
import { newKey } from "#core/accounts/keys-contract.ts";
import { endedClient, endedKey } from "#core/revocation/contract.ts";
import { type Story, startStory } from "#test/support/story.ts";

type Admin = Awaited<ReturnType<Story["client"]>>;

let story: Story;
let admin: Admin;
const secrets: string[] = [];
beforeAll(async () => {
  story = await startStory();
  admin = await story.client("admins", ["admin"]);
});
afterAll(() => story?.stop());

const DAY = 86_400_000;
const inDays = (days: number) => new Date(story.cloud.clock.now() + days * DAY).toISOString();
const bytes = new TextEncoder().encode("hello");
const TOKEN = "/v1/auth/token";
/** What is shown once, kept to be looked for in the logs. */
function kept<T extends { api_key?: string; client_secret?: string; access_token?: string }>(shown: T): T {
  const { api_key, client_secret, access_token } = shown;
  secrets.push(...[api_key, client_secret, access_token].filter((one) => one !== undefined));
  return shown;
}
const make = async <T extends Parameters<typeof kept>[0]>(
  schema: z.ZodType<T>,
  path: string,
  json: unknown,
  token?: string,
) => kept(await admin.json(schema, path, { json, ...(token === undefined ? {} : { token }) }));
const makeKey = (json: Record<string, unknown> = {}, token?: string) =>
  make(
    newKey,
    "/v1/keys",
    { name: "script", scopes: ["files:read"], expires_at: inDays(30), ...json },
    token,
  );
const makeClient = (json: Record<string, unknown> = {}) =>
  make(newServiceClient, "/v1/clients", { name: "build", scopes: ["files:read"], ...json });
const reads = async (token: string, file: string) => (await admin.api(`/v1/files/${file}`, { token })).status;
const asked = (json: Record<string, unknown>) => admin.api(TOKEN, { json, token: null });
const tokenFor = async (json: Record<string, unknown>) =>
  kept(tokenAnswer.parse(await (await asked(json)).json()));
const exchange = (subject_token: string, json: Record<string, unknown> = {}) =>
  tokenFor({
    grant_type: grantTypes.exchange,
    ...{ subject_token, subject_token_type: ACCESS_TOKEN, ...json },
  });

/** `test/accounts/keys.test.ts` has forty. */
const SCRIPTS = 8;

test("scripts, each with a key for one folder", async () => {
  const files: string[] = [];
  for (let at = 0; at < SCRIPTS; at++)
    files.push((await admin.upload(bytes, { filename: `tenant-${at}/data.txt` })).file_id);
  const made = await Promise.all(
    files.map((_, at) =>
      makeKey({
        name: `Mandant ${at} – Zürich 東京`,
        authorization_details: [
          {
            ...{ type: "file_access", actions: ["list", "read"] },
            ...{ workspace: admin.workspaceId, folder: `tenant-${at}` },
          },
        ],
      }),
    ),
  );
  const seen = await Promise.all(
    made.map(async ({ api_key }, at) => [
      await reads(api_key, files[at] ?? ""),
      await reads(api_key, files[(at + 1) % SCRIPTS] ?? ""),
    ]),
  );
  expect(seen).toEqual(files.map(() => [200, 404]));
});

test("a client of the organization works with what it was granted, by HTTP Basic too", async () => {
  const { file_id } = await admin.upload(bytes, { filename: "plans/a.txt" });
  const client = await makeClient({
    name: "構築 🌙",
    grants: [{ resource_id: file_id, actions: ["read", "list"], expires_at: inDays(1) }],
  });
  const basic = Buffer.from(`${client.client_id}:${client.client_secret}`).toString("base64");
  const answer = await admin.api(TOKEN, {
    token: null,
    body: new URLSearchParams({ grant_type: "client_credentials" }).toString(),
    headers: {
      authorization: `Basic ${basic}`,
      "content-type": "application/x-www-form-urlencoded",
    },
  });
  const { access_token } = kept(tokenAnswer.parse(await answer.json()));
  expect(await reads(access_token, file_id)).toBe(200);
  const shown = await admin.json(serviceClient, `/v1/clients/${client.client_id}`);
  expect(shown).toMatchObject({ name: "構築 🌙", grants: [{ resource_id: file_id }] });
  expect(shown.secrets[0]?.last_used).toMatch(/^\d{4}-\d\d-\d\d$/);
});

test("a secret turns with an overlap; two that turn it at once both get one", async () => {
  const { client_id, client_secret } = await makeClient();
  const next = () => make(newClientSecret, `/v1/clients/${client_id}/secrets`, { overlap_seconds: 3_600 });
  const both = await Promise.all([next(), next()]);
  const works = async (secret: string) => (await asked({ client_id, client_secret: secret })).status;
  for (const secret of [client_secret, ...both.map((one) => one.client_secret)])
    expect(await works(secret)).toBe(200);
  story.advance(3_600_000);
  expect(await works(client_secret)).toBe(401);
  const statuses = await Promise.all(both.map((one) => works(one.client_secret)));
  expect(statuses).toContain(200);
});

test("a worker's narrower token dies with the key behind it, at once", async () => {
  const { file_id } = await admin.upload(bytes, { filename: "jobs/one.txt" });
  const key = await makeKey({ scopes: ["files:read", "files:write"] });
  const { access_token, scope } = await exchange(key.api_key, { scope: "files:read", expires_in: 300 });
  expect(scope).toBe("files:read");
  expect(await reads(access_token, file_id)).toBe(200);
  const told = await admin.json(endedKey, `/v1/keys/${key.key_id}`, { method: "DELETE" });
  expect(told).toMatchObject({ complete: true });
  expect([await reads(access_token, file_id), await reads(key.api_key, file_id)]).toEqual([401, 401]);
});

test("a restricted token makes nothing that could outlive it", async () => {
  const { access_token } = await exchange(await admin.token(), {
    authorization_details: [{ type: "file_access", actions: ["read"], workspace: admin.workspaceId }],
  });
  for (const [path, json] of [
    ["/v1/keys", { name: "x", scopes: ["files:read"], expires_at: inDays(1) }],
    ["/v1/clients", { name: "x", scopes: ["files:read"] }],
    [`/v1/clients/${admin.clientId}/secrets`, {}],
  ] as const)
    expect([path, (await admin.api(path, { json, token: access_token })).status]).toEqual([path, 403]);
});

test("a key tells of its end before it comes, then ends", async () => {
  const key = await makeKey({ expires_at: inDays(3) });
  const { file_id } = await admin.upload(bytes, { filename: "late.txt" });
  expect(await reads(key.api_key, file_id)).toBe(200);
  story.advance(DAY + 60_000);
  await story.eventually(async () => {
    const { items } = (await (await admin.api("/v1/keys?limit=100")).json()) as {
      items: { key_id: string }[];
    };
    expect(items.map(({ key_id }) => key_id)).toContain(key.key_id);
    const stored = await story.table.batchGet([{ pk: `CLIENT#${admin.clientId}`, sk: `KEY#${key.key_id}` }]);
    expect(stored[0]?.["warned_days"]).toBe(2);
  });
  story.advance(2 * DAY);
  expect(await reads(key.api_key, file_id)).toBe(401);
});

test("a client ends with all that it has made", async () => {
  const { file_id } = await admin.upload(bytes, { filename: "all.txt" });
  const client = await makeClient({ scopes: ["admin"], role: "admin" });
  const { client_id, client_secret } = client;
  const { access_token } = await tokenFor({ client_id, client_secret });
  const key = await makeKey({ scopes: ["admin"] }, access_token);
  const further = await makeKey({ expires_at: inDays(1) }, key.api_key);
  const receiver = await story.receiver();
  const hook = await admin.api("/v1/webhooks", {
    json: { url: receiver.url, events: ["*"] },
    token: key.api_key,
  });
  expect(hook.status).toBe(201);
  const granted = await admin.api(`/v1/files/${file_id}/grants`, {
    json: { principal_id: story.clientId, role: "viewer" },
    token: access_token,
  });
  expect(granted.status).toBe(201);
  expect(await reads(await story.token(), file_id)).toBe(200);

  const told = await admin.json(endedClient, `/v1/clients/${client_id}`, { method: "DELETE" });
  expect(told).toMatchObject({
    complete: true,
    ended: { keys: 2, grants: 1, endpoints: 1, clients: 0 },
  });
  for (const token of [access_token, key.api_key, further.api_key])
    expect(await reads(token, file_id)).toBe(401);
  expect(await reads(await story.token(), file_id)).toBe(404);
});

test("logs hold no key and no secret", async () => {
  const wrong = await admin.api("/v1/workspaces", { token: `${secrets[0]}x` });
  expect(wrong.status).toBe(401);
  expect(await wrong.text()).not.toContain(secrets[0]);
  const logged = story.cloud.logs
    .lines()
    .map(({ text }) => text)
    .join("\n");
  expect(secrets.length).toBeGreaterThan(SCRIPTS + 5);
  for (const secret of secrets) expect(logged).not.toContain(secret.slice(-43));
});
