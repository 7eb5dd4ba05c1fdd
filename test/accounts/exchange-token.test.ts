/** Tokens that are restricted, and those that are exchanged for narrower ones (RFC 8693, RFC 9396). */
import { afterAll, beforeAll, expect, test } from "vitest";
import { newServiceClient } from "#core/accounts/clients-contract.ts";
import { ACCESS_TOKEN, grantTypes, tokenAnswer, tokenError } from "#core/accounts/contract.ts";
import { newKey } from "#core/accounts/keys-contract.ts";
import { type Client, type Given, read, refusal, startWorld, type World } from "#test/support/world.ts";

let world: World;
let owner: Client;
let client: { client_id: string; client_secret: string };
let workspace: string;
let here: string;
let there: string;
beforeAll(async () => {
  world = await startWorld();
  owner = await world.client("admin");
  workspace = owner.workspace_id;
  here = await world.addFile(owner, "here/a.txt");
  there = await world.addFile(owner, "there/b.txt");
  client = await read(
    newServiceClient,
    owner.request("/v1/clients", {
      json: {
        name: "worker",
        scopes: ["files:read", "files:write", "shares:write", "clients:write"],
        role: "member",
        grants: [{ resource_id: workspace, role: "editor" }],
      },
    }),
  );
});
afterAll(() => world?.close());

type Json = Record<string, unknown>;
const TOKEN = "/v1/auth/token";
const issue = (json: Json = {}) => {
  const { client_id, client_secret } = client;
  return world.request(TOKEN, { json: { client_id, client_secret, ...json } });
};
const issued = (json?: Json) => read(tokenAnswer, issue(json));
const asked = (subject_token: string, json: Json = {}) => ({
  grant_type: grantTypes.exchange,
  ...{ subject_token, subject_token_type: ACCESS_TOKEN, ...json },
});
const exchange = (subject: string, json?: Json) => world.request(TOKEN, { json: asked(subject, json) });
const exchanged = (subject: string, json?: Json) => read(tokenAnswer, exchange(subject, json));
const as = (token: string, path: string, { headers, ...rest }: Given = {}) =>
  world.request(path, { ...rest, headers: { authorization: `Bearer ${token}`, ...headers } });
const reads = async (token: string, file: string) => (await as(token, `/v1/files/${file}`)).status;
const access = (folder: string, ...actions: string[]) => [
  { type: "file_access", actions, workspace, folder },
];
const refused = async (answer: Response | Promise<Response>) => {
  const { status } = await answer;
  return [status, tokenError.parse(await (await answer).json()).error];
};

test("a token for one folder reads nothing else, and says what it got by ids", async () => {
  const { access_token, authorization_details } = await issued({
    authorization_details: access("here", "list", "read"),
  });
  expect(authorization_details).toMatchObject([
    { type: "file_access", workspace, actions: ["list", "read"] },
  ]);
  expect(authorization_details?.[0]?.folder).toMatch(/^fld_/);
  expect([await reads(access_token, here), await reads(access_token, there)]).toEqual([200, 404]);
});

test("the same by a form, in which it is JSON", async () => {
  const { client_id, client_secret } = client;
  const form = { grant_type: "client_credentials", scope: "files:read" };
  const basic = Buffer.from(`${client_id}:${client_secret}`).toString("base64");
  const by = (authorization_details: string) =>
    world.request(TOKEN, {
      form: { ...form, authorization_details },
      headers: { authorization: `Basic ${basic}` },
    });
  const token = await read(tokenAnswer, by(JSON.stringify(access("here", "read"))));
  expect([await reads(token.access_token, here), await reads(token.access_token, there)]).toEqual([200, 404]);
  for (const text of ["{", "{}", "[]", '[{"type":"x"}]'])
    expect(await refused(by(text))).toEqual([400, "invalid_authorization_details"]);
});

test("a narrower token does less, at fewer places, and for a shorter time", async () => {
  const subject = await issued();
  const token = await exchanged(subject.access_token, {
    ...{ scope: "files:read", authorization_details: access("here", "read"), expires_in: 60 },
  });
  expect(token).toMatchObject({
    ...{ issued_token_type: ACCESS_TOKEN, token_type: "Bearer", expires_in: 60, scope: "files:read" },
    authorization_details: [{ actions: ["read"] }],
  });
  expect([await reads(token.access_token, here), await reads(token.access_token, there)]).toEqual([200, 404]);
  const write = as(token.access_token, `/v1/files/${here}`, { method: "PATCH", json: { description: "x" } });
  expect(await refusal(write)).toEqual([403, "forbidden"]);
  world.advance(60_000);
  expect([await reads(token.access_token, here), await reads(subject.access_token, here)]).toEqual([
    401, 200,
  ]);
});

test("without more it is restricted as its subject is, and never lives longer", async () => {
  const subject = await issued({ authorization_details: access("here", "read") });
  world.advance(600_000);
  const token = await exchanged(subject.access_token, { expires_in: 900 });
  expect(token.expires_in).toBeLessThanOrEqual(300);
  expect(token.authorization_details).toEqual(subject.authorization_details);
  expect([await reads(token.access_token, here), await reads(token.access_token, there)]).toEqual([200, 404]);
});

test("by a form, where expires_in is text", async () => {
  const { access_token } = await issued();
  const form = { ...asked(access_token), expires_in: "30", authorization_details: "" };
  expect(await refused(world.request(TOKEN, { form }))).toEqual([400, "invalid_authorization_details"]);
  const { authorization_details: _, ...good } = form;
  expect(await read(tokenAnswer, world.request(TOKEN, { form: good }))).toMatchObject({ expires_in: 30 });
});

const refusals: [string, Json, string][] = [
  ["a scope more", { scope: "files:read webhooks:write" }, "invalid_scope"],
  ["a scope that there isn't", { scope: "root" }, "invalid_scope"],
  [
    "another folder",
    { authorization_details: [{ type: "file_access", actions: ["read"], workspace: "" }] },
    "invalid_authorization_details",
  ],
  ["no type of the subject", { subject_token_type: undefined }, "invalid_request"],
  ["a JWT for subject", { subject_token_type: "urn:ietf:params:oauth:token-type:jwt" }, "invalid_request"],
  ["another type of token", { requested_token_type: "urn:x" }, "invalid_request"],
  ["a subject that is none", { subject_token: "wht_nobody" }, "invalid_request"],
  ["no subject", { subject_token: undefined }, "invalid_request"],
  ["more than 900 s", { expires_in: 901 }, "invalid_request"],
];
test.for(refusals)("refused: %s", async ([, json, error]) => {
  const { access_token } = await issued({ scope: "files:read" });
  expect(await refused(exchange(access_token, json))).toEqual([400, error]);
});

test("a restricted token is exchanged for none that reaches further", async () => {
  const subject = await issued({ authorization_details: access("here", "read") });
  for (const [folder, ...actions] of [
    ["there", "read"],
    ["/", "read"],
    ["here", "list"],
  ] as const) {
    const wider = exchange(subject.access_token, { authorization_details: access(folder, ...actions) });
    expect(await refused(wider)).toEqual([400, "invalid_authorization_details"]);
  }
});

test("four times and no more, and all end with the first", async () => {
  const made = await owner.request("/v1/keys", {
    json: {
      ...{ name: "root of all", scopes: ["files:read"] },
      expires_at: new Date(world.deps.now() + 86_400_000).toISOString(),
    },
  });
  const key = newKey.parse(await made.json());
  const chain = [key.api_key];
  for (let times = 0; times < 4; times++) chain.push((await exchanged(chain.at(-1) ?? "")).access_token);
  expect(await refused(exchange(chain.at(-1) ?? ""))).toEqual([400, "invalid_request"]);
  expect(await Promise.all(chain.map((token) => reads(token, here)))).toEqual(chain.map(() => 200));
  expect((await owner.request(`/v1/keys/${key.key_id}`, { method: "DELETE" })).status).toBe(200);
  expect(await Promise.all(chain.map((token) => reads(token, here)))).toEqual(chain.map(() => 401));
});

test("an exchanged token makes nothing that outlives the key behind it", async () => {
  const expires_at = new Date(world.deps.now() + 86_400_000).toISOString();
  const json = { name: "parent", scopes: ["files:read", "clients:write"], expires_at };
  const parent = await read(newKey, owner.request("/v1/keys", { json }));
  const { access_token } = await exchanged(parent.api_key);
  const longer = new Date(Date.parse(expires_at) + 1).toISOString();
  const make = (until: string) =>
    as(access_token, "/v1/keys", { json: { ...json, name: "child", expires_at: until } });
  expect(await refusal(make(longer))).toEqual([400, "invalid_request"]);
  const child = await read(newKey, make(expires_at));
  await owner.request(`/v1/keys/${parent.key_id}`, { method: "DELETE" });
  expect(await reads(child.api_key, here)).toBe(401);
});
