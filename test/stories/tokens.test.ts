import { afterAll, beforeAll, expect, test } from "vitest";
import { problem } from "#contract/common.ts";
import { tokenAnswer, tokenError } from "#core/accounts/contract.ts";
import { retireSecrets, revokeClient, rotateSecret } from "#core/revocation/change-client.ts";
import type { ApiInit } from "#test/support/api-client.ts";
import { type Story, startStory } from "#test/support/story.ts";

let story: Story;
beforeAll(async () => {
  story = await startStory({
    scopes: ["files:read", "files:write", "files:delete", "locks:write", "workspaces:write", "shares:write"],
  });
});
afterAll(() => story?.stop());

const TOKEN = "/v1/auth/token";
const credentials = () => ({ client_id: story.clientId, client_secret: story.clientSecret });
const ask = (init: ApiInit) => story.api(TOKEN, { method: "POST", token: null, ...init });
const form = (fields: Record<string, string>, headers: Record<string, string> = {}): ApiInit => ({
  body: new URLSearchParams(fields).toString(),
  headers: { "content-type": "application/x-www-form-urlencoded", ...headers },
});
const basic = () => {
  const pair = `${encodeURIComponent(story.clientId)}:${encodeURIComponent(story.clientSecret)}`;
  return { authorization: `Basic ${Buffer.from(pair).toString("base64")}` };
};
const tokenFor = async (init: ApiInit) => tokenAnswer.parse(await (await ask(init)).json()).access_token;
const whoami = (token: string) => story.api("/v1/workspaces", { token });
const grant_type = "client_credentials";

test("a secret becomes a token of 900 s, by JSON", async () => {
  const answer = await ask({ json: credentials() });
  expect(answer.status).toBe(200);
  expect(answer.headers.get("cache-control")).toBe("no-store");
  const token = tokenAnswer.parse(await answer.json());
  expect(token).toMatchObject({
    token_type: "Bearer",
    expires_in: 900,
    scope: "files:read files:write files:delete locks:write shares:write workspaces:write",
  });
  // 256 bits in base64url are 43 characters.
  expect(token.access_token).toMatch(/_[\w-]{43}$/);
  expect((await whoami(token.access_token)).status).toBe(200);
});

test("by a form with the credentials in the body", async () => {
  const token = await tokenFor(form({ grant_type, ...credentials() }));
  expect((await whoami(token)).status).toBe(200);
});

test("by a form with a parameter that nobody knows, which RFC 6749 has ignored", async () => {
  const token = await tokenFor(form({ grant_type, ...credentials(), audience: "wharf" }));
  expect((await whoami(token)).status).toBe(200);
});

test("by a form with Basic credentials", async () => {
  const answer = await ask(form({ grant_type, scope: "files:read" }, basic()));
  expect(tokenAnswer.parse(await answer.json())).toMatchObject({ scope: "files:read" });
});

const refusals: [string, () => ApiInit, number, string][] = [
  [
    "credentials in header and body at once",
    () => form({ grant_type, ...credentials() }, basic()),
    400,
    "invalid_request",
  ],
  ["the same at once by JSON", () => ({ json: credentials(), headers: basic() }), 400, "invalid_request"],
  ["a form without grant_type", () => form(credentials()), 400, "invalid_request"],
  [
    "another grant_type",
    () => form({ ...credentials(), grant_type: "password" }),
    400,
    "unsupported_grant_type",
  ],
  [
    "a field twice",
    () => ({
      ...form({}),
      body: `grant_type=${grant_type}&${new URLSearchParams({ grant_type, ...credentials() })}`,
    }),
    400,
    "invalid_request",
  ],
  ["a wrong secret", () => ({ json: { ...credentials(), client_secret: "wrong" } }), 401, "invalid_client"],
  [
    "a client that isn't there",
    () => ({ json: { client_id: "cli_01JZZZZZZZZZZZZZZZZZZZZZZZ", client_secret: "wrong" } }),
    401,
    "invalid_client",
  ],
  [
    "an id that is none",
    () => ({ json: { client_id: "../x", client_secret: "wrong" } }),
    401,
    "invalid_client",
  ],
  [
    "a field of JSON that there isn't",
    () => ({ json: { ...credentials(), scopes: ["files:read"] } }),
    400,
    "invalid_request",
  ],
  ["no secret", () => ({ json: { client_id: story.clientId } }), 400, "invalid_request"],
  ["no JSON", () => ({ body: "{", headers: JSON_TYPE }), 400, "invalid_request"],
  ["a body of numbers", () => ({ json: { client_id: 1, client_secret: 2 } }), 400, "invalid_request"],
  ["a list", () => ({ json: [] }), 400, "invalid_request"],
  ["XML", () => ({ body: "<a/>", headers: { "content-type": "text/xml" } }), 400, "invalid_request"],
  [
    "a form of 20 kB",
    () => form({ grant_type, ...credentials(), x: "x".repeat(20_000) }),
    400,
    "invalid_request",
  ],
  [
    "Basic credentials that aren't base64",
    () => form({ grant_type }, { authorization: "Basic !!" }),
    401,
    "invalid_client",
  ],
  [
    "a scope that the client doesn't hold",
    () => ({ json: { ...credentials(), scope: "files:read admin" } }),
    400,
    "invalid_scope",
  ],
  ["a scope that there isn't", () => ({ json: { ...credentials(), scope: "root" } }), 400, "invalid_scope"],
];
/** `WWW-Authenticate`, as API Gateway lets it out. */
const CHALLENGE = "x-amzn-remapped-www-authenticate";
const JSON_TYPE = { "content-type": "application/json" };

test.for(refusals)("refused in RFC 6749's shape: %s", async ([, init, status, error]) => {
  const answer = await ask(init());
  expect(answer.status).toBe(status);
  const told = tokenError.parse(await answer.json());
  expect(told).toMatchObject({ error });
  // A place before each fault, and no words of the validator's.
  expect(told.error_description).not.toMatch(/(^|; ): |Unrecognized|Invalid input/);
  expect(answer.headers.get("cache-control")).toBe("no-store");
  if (status === 401) expect(answer.headers.get(CHALLENGE)).toMatch(/^Basic /);
});

test("a token with fewer scopes than its client can do no more than it says", async () => {
  const token = await tokenFor({ json: { ...credentials(), scope: "files:read" } });
  expect((await whoami(token)).status).toBe(200);
  const refused = await story.api("/v1/uploads", { token, json: { filename: "a.txt", size: 1 } });
  expect(refused.status).toBe(403);
  expect(problem.parse(await refused.json())).toMatchObject({
    code: "forbidden",
    required_scopes: ["files:write"],
  });
  expect(refused.headers.get(CHALLENGE)).toContain('scope="files:write"');
});

test("a token dies after 900 s", async () => {
  const token = await story.token();
  story.advance(897_000);
  expect((await whoami(token)).status).toBe(200);
  story.advance(3_000);
  const answer = await whoami(token);
  expect(answer.status).toBe(401);
  expect(answer.headers.get(CHALLENGE)).toMatch(/^Bearer .*invalid_token/);
});

const administrator = () => ({ table: story.table, now: story.cloud.clock.now });

test("revoking a client stops its tokens at once, and it gets no new ones", async () => {
  const doomed = await story.client("doomed", ["files:read"]);
  const token = await doomed.token();
  expect((await whoami(token)).status).toBe(200);
  await revokeClient(administrator(), doomed.clientId);
  expect((await whoami(token)).status).toBe(401);
  const again = await ask({ json: { client_id: doomed.clientId, client_secret: doomed.clientSecret } });
  expect(again.status).toBe(401);
});

test("two secrets work while one is being replaced, then only the newer", async () => {
  const { clientId: client_id, clientSecret: client_secret } = await story.client("turning", ["files:read"]);
  const older = { json: { client_id, client_secret } };
  const newer = { json: { client_id, ...(await rotateSecret(administrator(), client_id)) } };
  for (const init of [older, newer]) expect((await whoami(await tokenFor(init))).status).toBe(200);
  await retireSecrets(administrator(), client_id);
  expect((await ask(older)).status).toBe(401);
  expect((await ask(newer)).status).toBe(200);
});

const bad: [string, string | undefined][] = [
  ["none", undefined],
  ["Basic", "Basic abc"],
  ["an empty one", "Bearer "],
  ["one that isn't ours", "Bearer eyJhbGciOiJub25lIn0.e30."],
  ["a guessed one", `Bearer wht_01JZZZZZZZZZZZZZZZZZZZZZZZ_${"A".repeat(43)}`],
  ["two", "Bearer a, Bearer b"],
  ["a very long one", `Bearer ${"a".repeat(6_000)}`],
];
test.for(bad)("without a good token there is 401: %s", async ([, authorization]) => {
  const answer = await story.api("/v1/workspaces", {
    token: null,
    headers: authorization === undefined ? {} : { authorization },
  });
  expect(answer.status).toBe(401);
  expect(answer.headers.get(CHALLENGE)).toMatch(/^Bearer/);
  expect(problem.parse(await answer.json())).toMatchObject({ code: "unauthenticated", status: 401 });
});

test("logs hold no token and no secret", async () => {
  const token = await story.token();
  await whoami(token);
  const swapped = { client_id: story.clientSecret, client_secret: story.clientId };
  expect((await ask({ json: swapped })).status).toBe(401);
  const logged = story.cloud.logs
    .lines()
    .map(({ text }) => text)
    .join("\n");
  expect(logged).toContain(TOKEN);
  for (const secret of [token, token.slice(-43), story.clientSecret]) expect(logged).not.toContain(secret);
});
