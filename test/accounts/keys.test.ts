/** API keys: what they get, how far they reach, when they end. */
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { page, problem } from "#contract/common.ts";
import { newServiceClient } from "#core/accounts/clients-contract.ts";
import { apiKey, newKey } from "#core/accounts/keys-contract.ts";
import { createPerson } from "#core/organizations/create-person.ts";
import { endedKey } from "#core/revocation/contract.ts";
import { type Client, type Given, read, refusal, startWorld, type World } from "#test/support/world.ts";

let world: World;
let owner: Client;
let guest: Client;
beforeAll(async () => {
  world = await startWorld();
  owner = await world.client("admin");
  guest = await world.client("files:read", "files:write", "clients:write");
});
afterAll(() => world?.close());

const DAY = 86_400_000;
const inDays = (days: number) => new Date(world.deps.now() + days * DAY).toISOString();

type Json = Record<string, unknown>;
type Request = Client["request"];
const make = (json: Json, by: Request = guest.request) =>
  by("/v1/keys", { json: { name: "laptop", scopes: ["files:read"], expires_at: inDays(30), ...json } });
const made = (json: Json = {}, by?: Request) => read(newKey, make(json, by));
const end = (id: string, by: Request = guest.request) => by(`/v1/keys/${id}`, { method: "DELETE" });
const as =
  (key: string): Request =>
  (path: string, { headers, ...rest }: Given = {}) =>
    world.request(path, { ...rest, headers: { authorization: `Bearer ${key}`, ...headers } });
const reads = async (key: string, file: string) => (await as(key)(`/v1/files/${file}`)).status;
const access = (actions: string[], where: Json) => [{ type: "file_access", actions, ...where }];

test("a key is used as a token is, and its secret is nowhere but in the first answer", async () => {
  const file = await world.addFile(guest, "a.txt");
  const { api_key, key_id } = await made({ name: "Ноутбук" });
  expect(api_key).toMatch(/^whk_/);
  expect(await reads(api_key, file)).toBe(200);
  expect(await refusal(as(api_key)(`/v1/files/${file}`, { method: "DELETE" }))).toEqual([403, "forbidden"]);
  const listed = await (await guest.request("/v1/keys?limit=100")).text();
  expect(listed).toContain(key_id);
  expect(listed).not.toContain(api_key);
  expect(JSON.stringify(await world.dump())).not.toContain(api_key);
  const [event] = (await world.events("key_created")).filter(({ data }) => data["key_id"] === key_id);
  expect(event).toMatchObject({ organization_id: owner.organization_id, data: { name: "Ноутбук" } });
  expect(event?.workspace_id).toBeUndefined();
});

test("forty keys, each for one folder", async () => {
  const files = await Promise.all(
    Array.from({ length: 40 }, (_, at) => world.addFile(guest, `tenant-${at}/data.txt`)),
  );
  const keys = await Promise.all(
    files.map((_, at) =>
      made({
        name: `tenant ${at}`,
        authorization_details: access(["list", "read"], {
          workspace: guest.workspace,
          folder: `tenant-${at}`,
        }),
      }),
    ),
  );
  for (const [at, { api_key, authorization_details }] of keys.entries()) {
    expect(authorization_details).toMatchObject([{ workspace: guest.workspace_id }]);
    expect(authorization_details?.[0]?.folder).toMatch(/^fld_/);
    expect(await reads(api_key, files[at] ?? "")).toBe(200);
    expect(await reads(api_key, files[(at + 1) % 40] ?? "")).toBe(404);
  }
});

describe("a restriction", () => {
  let file: string;
  let folder: string;
  beforeAll(async () => {
    file = await world.addFile(guest, "here/deep/a.txt");
    const { authorization_details } = await made({
      authorization_details: access(["read"], { workspace: guest.workspace_id, folder: "/here/deep/" }),
    });
    folder = authorization_details?.[0]?.folder ?? "";
  });

  test("is bound by ids: of a root, its workspace", async () => {
    const root = guest.workspace_id.replace("ws_", "fld_");
    const { authorization_details } = await made({
      authorization_details: [
        ...access(["read", "list"], { folder: root }),
        ...access(["read"], { workspace: guest.workspace, folder: "/" }),
        ...access(["read"], { file }),
        ...access(["read"], { folder }),
      ],
    });
    const workspace = guest.workspace_id;
    expect(authorization_details).toEqual([
      { type: "file_access", actions: ["read", "list"], workspace },
      { type: "file_access", actions: ["read"], workspace },
      { type: "file_access", actions: ["read"], workspace, file },
      { type: "file_access", actions: ["read"], workspace, folder },
    ]);
  });

  const ws = () => guest.workspace_id;
  const bad: [string, () => Json | unknown, number | undefined][] = [
    ["another type", () => [{ type: "payment", actions: ["read"], workspace: ws() }], 0],
    ["a member that isn't known", () => access(["read"], { workspace: ws(), until: "x" }), 0],
    ["an action that isn't known", () => access(["fly"], { workspace: ws() }), 0],
    ["no list", () => "everything", undefined],
    ["an empty list", () => [], undefined],
    ["an action twice", () => access(["read", "read"], { workspace: ws() }), 0],
    ["nothing named", () => access(["read"], {}), 0],
    ["a path without its workspace", () => access(["read"], { folder: "here" }), 0],
    ["a folder that isn't there", () => access(["read"], { workspace: ws(), folder: "gone" }), 0],
    [
      "a file where a folder is meant",
      () => access(["read"], { workspace: ws(), folder: "here/deep/a.txt" }),
      0,
    ],
    ["a workspace that isn't there", () => access(["read"], { workspace: "nowhere" }), 0],
    ["another's workspace", () => access(["read"], { workspace: owner.workspace_id }), 0],
    ["a folder of another workspace", () => access(["read"], { workspace: owner.workspace_id, folder }), 0],
    [
      "an action of no scope of the key's, as the second",
      () => [...access(["read"], { workspace: ws() }), ...access(["write"], { workspace: ws() })],
      1,
    ],
  ];
  test.for(bad)("refused: %s", async ([, details, index]) => {
    const answer = await make({ authorization_details: details() });
    const told = problem.parse(await answer.json());
    expect([answer.status, told.code, told["index"]]).toEqual([400, "invalid_authorization_details", index]);
  });

  test("what isn't there and what is another's are told alike", async () => {
    const told = async (workspace: string) => {
      const answer = await make({ authorization_details: access(["read"], { workspace }) });
      return problem.parse(await answer.json()).detail;
    };
    expect(await told("ws_01JZZZZZZZZZZZZZZZZZZZZZZZ")).toBe(await told(owner.workspace_id));
  });

  test("makes, sees and ends no key, client or secret", async () => {
    const key = await made(
      {
        scopes: ["admin"],
        authorization_details: access(["read", "grant"], { workspace: owner.workspace_id }),
      },
      owner.request,
    );
    const by = as(key.api_key);
    const json = { name: "x", scopes: ["files:read"] };
    const calls: [string, Given][] = [
      ["/v1/keys", { json: { ...json, expires_at: inDays(1) } }],
      ["/v1/clients", { json }],
      [`/v1/clients/${guest.client_id}/secrets`, { json: {} }],
      [`/v1/clients/${guest.client_id}`, { method: "DELETE" }],
      [`/v1/clients/${guest.client_id}`, { method: "PATCH", json: { name: "y" } }],
      [`/v1/clients/${guest.client_id}`, {}],
      ["/v1/clients", {}],
      ["/v1/keys", {}],
      [`/v1/keys/${key.key_id}`, { method: "DELETE" }],
    ];
    for (const [path, given] of calls)
      expect([path, ...(await refusal(by(path, given)))]).toEqual([path, 403, "forbidden"]);
  });
});

const refusals: [string, () => Json, [number, string]][] = [
  ["no end", () => ({ expires_at: undefined }), [400, "invalid_request"]],
  ["an end in the past", () => ({ expires_at: inDays(-1) }), [400, "invalid_request"]],
  ["an end in more than a year", () => ({ expires_at: inDays(366) }), [400, "invalid_request"]],
  [
    "a scope that the caller lacks",
    () => ({ scopes: ["files:delete", "webhooks:write"] }),
    [403, "forbidden"],
  ],
  ["another's client, by who manages none", () => ({ client: owner.client_id }), [404, "not_found"]],
  ["a name of nothing", () => ({ name: "" }), [400, "invalid_request"]],
];
test.for(refusals)("refused: %s", async ([, json, expected]) => {
  expect(await refusal(make(json()))).toEqual(expected);
});

test("for a client of the organization, within its scopes", async () => {
  const file = await world.addFile(guest, "theirs.txt");
  const { api_key, principal_id, key_id } = await made({ client: guest.client_id }, owner.request);
  expect(principal_id).toBe(guest.client_id);
  expect(await reads(api_key, file)).toBe(200);
  const more = make({ client: guest.client_id, scopes: ["webhooks:write"] }, owner.request);
  expect(await refusal(more)).toEqual([403, "forbidden"]);
  const path = `/v1/keys/${key_id}?client=${guest.client_id}`;
  expect(await refusal(owner.request(path.split("?")[0] ?? "", { method: "DELETE" }))).toEqual([
    404,
    "not_found",
  ]);
  expect((await owner.request(path, { method: "DELETE" })).status).toBe(200);
  expect(await reads(api_key, file)).toBe(401);
});

test("a person's own", async () => {
  const person = await createPerson(world.deps, {
    ...{ email: "ada@example.com", name: "Ada", role: "member" },
    key: { scopes: ["files:read", "clients:write"], days: 90 },
  });
  const { api_key, principal_id } = await made({}, as(person.api_key));
  expect([principal_id, api_key.slice(0, 5)]).toEqual([person.person_id, "whk_u"]);
  expect((await as(api_key)("/v1/workspaces")).status).toBe(200);
});

test("a hundred live ones at most, and one that has ended makes room", async () => {
  const busy = await world.client("files:read", "clients:write");
  const all = [];
  for (let count = 0; count < 100; count++) all.push(await made({}, busy.request));
  expect(await refusal(make({}, busy.request))).toEqual([429, "grant_limit"]);
  expect((await end(all[0]?.key_id ?? "", busy.request)).status).toBe(200);
  await made({}, busy.request);
  const many = make({}, busy.request);
  expect(await refusal(many)).toEqual([429, "grant_limit"]);
}, 60_000);

test("ends at its expiry, to the millisecond", async () => {
  const { api_key } = await made({ expires_at: inDays(1) });
  expect((await as(api_key)("/v1/workspaces")).status).toBe(200);
  world.advance(DAY);
  expect(await refusal(as(api_key)("/v1/workspaces"))).toEqual([401, "unauthenticated"]);
});

test("its last day of use is told, and costs one write a day", async () => {
  const { api_key, key_id } = await made();
  const lastUsed = async () => {
    const { items } = await read(page.of(apiKey), guest.request("/v1/keys?limit=100"));
    return items.find((one) => one.key_id === key_id)?.last_used;
  };
  expect(await lastUsed()).toBeNull();
  const writes = async () => {
    const before = world.traces.length;
    await as(api_key)("/v1/workspaces");
    return world.traces.slice(before).filter(({ action }) => action === "UpdateItem").length;
  };
  expect([await writes(), await writes()]).toEqual([1, 0]);
  expect(await lastUsed()).toBe(new Date(world.deps.now()).toISOString().slice(0, 10));
  world.advance(DAY);
  expect(await writes()).toBe(1);
});

const WRONG: [string, (key: string) => string][] = [
  ["another secret", (key) => `${key.slice(0, -43)}${"A".repeat(43)}`],
  ["cut short", (key) => key.slice(0, -1)],
  ["another's id", (key) => key.replace(/_[0-9A-Z]{26}_/, "_01JZZZZZZZZZZZZZZZZZZZZZZZ_")],
  ["as a token", (key) => key.replace("whk_", "wht_")],
  ["as a person's", (key) => key.replace("whk_", "whk_u")],
];
test.for(WRONG)("refused as a credential: %s", async ([, wrong]) => {
  const { api_key } = await made();
  expect(await refusal(as(wrong(api_key))("/v1/workspaces"))).toEqual([401, "unauthenticated"]);
});

describe("what a key has made", () => {
  test("does no more, lives no longer, and ends with it", async () => {
    const parent = await made({ scopes: ["admin"], expires_at: inDays(10) }, owner.request);
    const by = as(parent.api_key);
    const later = make({ scopes: ["admin"], expires_at: inDays(11) }, by);
    expect(await refusal(later)).toEqual([400, "invalid_request"]);
    const child = await made({ scopes: ["admin"], expires_at: inDays(9) }, by);
    const client = await read(
      newServiceClient,
      by("/v1/clients", { json: { name: "made", scopes: ["admin"], role: "admin" } }),
    );
    expect(client.expires_at).toBe(parent.expires_at);
    const { access_token } = (await (
      await world.request("/v1/auth/token", {
        json: { client_id: client.client_id, client_secret: client.client_secret },
      })
    ).json()) as { access_token: string };
    const grandchild = await made({ expires_at: inDays(1) }, as(access_token));
    const grantTo = await by(`/v1/workspaces/${owner.workspace_id}/grants`, {
      json: { principal_id: guest.client_id, role: "viewer" },
    });
    expect(grantTo.status).toBe(201);
    const secret = await by(`/v1/clients/${guest.client_id}/secrets`, { json: {} });
    expect(secret.status).toBe(201);

    const told = await read(endedKey, end(parent.key_id, owner.request));
    expect(told).toMatchObject({
      complete: true,
      ended: { keys: 2, clients: 1, grants: 1, secrets: 1 },
    });
    for (const key of [parent.api_key, child.api_key, access_token, grandchild.api_key])
      expect(await refusal(as(key)("/v1/workspaces"))).toEqual([401, "unauthenticated"]);
    // Once more: nothing is left.
    const again = await read(endedKey, end(parent.key_id, owner.request));
    expect(again).toMatchObject({ revoked_at: told.revoked_at, ended: { keys: 0, clients: 0 } });
    expect(await world.events("key_revoked")).toMatchObject(
      expect.arrayContaining([
        expect.objectContaining({ data: expect.objectContaining({ key_id: child.key_id }) }),
      ]),
    );
  });

  test("nothing is made by one that is being ended", async () => {
    const parent = await made({ scopes: ["admin"] }, owner.request);
    const answer = await world.meanwhile(
      () => make({ scopes: ["files:read"], expires_at: inDays(1) }, as(parent.api_key)),
      async () => {
        world.setFault();
        await end(parent.key_id, owner.request);
      },
    );
    expect(await refusal(Promise.resolve(answer))).toEqual([401, "unauthenticated"]);
  });
});
