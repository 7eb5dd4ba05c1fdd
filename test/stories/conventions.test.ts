/** What holds for every route: scopes, request ids, refusals, idempotency keys. */
import { once } from "node:events";
import { request } from "node:http";
import { json } from "node:stream/consumers";
import { brotliCompressSync, gzipSync } from "node:zlib";
import { storageDamaged } from "@wharf/local-cloud/data/damage.ts";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import * as z from "zod";
import { problem } from "#contract/common.ts";
import { type Scope, scopes } from "#contract/scopes.ts";
import { tokenAnswer } from "#core/accounts/contract.ts";
import { finalizeAnswer } from "#core/finalize/contract.ts";
import { share } from "#core/links/contract.ts";
import { startAnswer } from "#core/uploads/contract.ts";
import { allRoutes } from "#test/support/all-routes.ts";
import type { ApiInit } from "#test/support/api-client.ts";
import { type Story, startStory } from "#test/support/story.ts";

let story: Story;
let fileId: string;
const bytes = (text: string) => new TextEncoder().encode(text);
beforeAll(async () => {
  story = await startStory();
  fileId = (await story.upload(bytes("hello"), { filename: "a.txt" })).file_id;
});
afterAll(() => story?.stop());

const refusal = async (answer: Response) => problem.parse(await answer.json());

describe("scopes", () => {
  const operations = z.object({
    paths: z.record(
      z.string(),
      z.record(z.string(), z.looseObject({ "x-scopes": z.array(z.enum(scopes)).optional() })),
    ),
  });

  test("every route refuses a token without its scope, and names the scope", async () => {
    const all = await story.client("all", scopes);
    const { paths } = operations.parse(await (await story.api("/openapi.json")).json());
    const tokens = new Map<Scope, string>();
    const tokenOf = async (scope: Scope) => {
      const given = { client_id: all.clientId, client_secret: all.clientSecret, scope };
      const answer = await story.api("/v1/auth/token", { json: given, token: null });
      return tokens.get(scope) ?? tokenAnswer.parse(await answer.json()).access_token;
    };
    let checked = 0;
    for (const [path, methods] of Object.entries(paths)) {
      for (const [method, { "x-scopes": needed = [] }] of Object.entries(methods)) {
        const other = scopes.find((scope) => scope !== "admin" && !needed.includes(scope));
        if (needed.length === 0 || other === undefined) continue;
        const token = await tokenOf(other);
        tokens.set(other, token);
        const url = path.replaceAll(/\{\w+\}/g, "x");
        const answer = await story.api(url, { method: method.toUpperCase(), token });
        expect([method, path, answer.status]).toEqual([method, path, 403]);
        // Chunks go by a template that has no place for members of its own.
        expect(await refusal(answer)).toMatchObject({ code: "forbidden", required_scopes: needed });
        checked++;
      }
    }
    expect(checked).toBeGreaterThan(30);
  });

  test("with files:write alone a client sends files and sees its own uploads, nothing else", async () => {
    const sender = await story.client("sender", ["files:write", "files:delete", "locks:write"]);
    const mine = await sender.upload(bytes("mine"), { filename: "mine.txt" });
    expect(mine).toMatchObject({ status: "ready", share_url: null });
    const own = await sender.api(`/v1/uploads/${mine.upload_id}`);
    expect(own.status).toBe(200);

    const another = await story.start("b.txt", 1);
    const attempts: [number, string, ApiInit][] = [
      [403, "/v1/workspaces", {}],
      [403, `/v1/workspaces/${sender.workspaceId}/files`, {}],
      [403, `/v1/files/${mine.file_id}`, {}],
      [403, `/v1/files/${mine.file_id}/content`, {}],
      [403, `/v1/files/${mine.file_id}/shares`, { json: {} }],
      [403, "/v1/webhooks", {}],
      [403, "/v1/events", {}],
      [404, `/v1/uploads/${another.upload_id}`, {}],
      [404, `/v1/uploads/${another.upload_id}/parts`, { json: { count: 1 } }],
      [404, `/v1/uploads/${another.upload_id}/finalize`, { json: {} }],
      [404, `/v1/uploads/${another.upload_id}`, { method: "DELETE" }],
      [404, `/v1/uploads/${another.upload_id}/chunks`, { method: "PUT", body: "x" }],
      [404, `/v1/files/${fileId}`, { method: "DELETE" }],
      [404, `/v1/files/${fileId}`, { method: "PATCH", json: { name: "x.txt" } }],
      [404, `/v1/files/${fileId}/lock`, { json: {} }],
      [404, `/v1/files/${fileId}/lock`, {}],
    ];
    for (const [status, path, init] of attempts) {
      const answer = await sender.api(path, init);
      expect([init.method, path, answer.status]).toEqual([init.method, path, status]);
    }
  });

  test("another client's workspace is as good as not there", async () => {
    const stranger = await story.client("stranger");
    for (const path of [`/v1/workspaces/${story.workspaceId}/files`, `/v1/files/${fileId}`]) {
      const theirs = await stranger.api(path);
      const nobodys = await stranger.api(path.replace(/_\w{4}/, "_7777"));
      expect([theirs.status, nobodys.status]).toEqual([404, 404]);
    }
  });
});

describe("X-Request-ID", () => {
  const send = (id: string | undefined, path = "/v1/workspaces", init: ApiInit = {}) =>
    story.api(path, { ...init, headers: id === undefined ? {} : { "X-Request-ID": id } });

  test.for(["a", "build-17.step_3", "A".repeat(128)])("%s is echoed", async (id) => {
    expect((await send(id)).headers.get("x-request-id")).toBe(id);
  });

  test.for([undefined, "with space", "ümlaut", "a/b", "A".repeat(129)])("%s is replaced", async (id) => {
    const echoed = (await send(id)).headers.get("x-request-id");
    expect(echoed).toMatch(/^[A-Za-z0-9._-]{1,128}$/);
    expect(echoed).not.toBe(id);
  });

  test("refusals carry it in header and body", async () => {
    for (const init of [{ token: null }, { json: { surprise: 1 } }]) {
      const answer = await send("trace-me", "/v1/uploads", { method: "POST", ...init });
      expect(answer.headers.get("x-request-id")).toBe("trace-me");
      expect(await refusal(answer)).toMatchObject({ request_id: "trace-me" });
    }
  });

  test("chunks echo it, though a template answers them", async () => {
    const { upload_id } = await story.start("c.bin", 6 * 1024 * 1024);
    const answer = await send("chunk-1", `/v1/uploads/${upload_id}/chunks?part=1`, {
      method: "PUT",
      body: bytes("x".repeat(5 * 1024 * 1024)),
    });
    expect(answer.status).toBe(307);
    expect(answer.headers.get("x-request-id")).toBe("chunk-1");
  });
});

describe("headers that are held to a form", () => {
  test.for([
    ["DELETE", "/lock", {}, "/Lock-Token"],
    ["DELETE", "/lock", { "Lock-Token": "x".repeat(201) }, "/Lock-Token"],
    ["DELETE", "", { "Lock-Token": "a\tb" }, "/Lock-Token"],
    ["DELETE", "", { "If-Match": '"ver_1", "ver_2"' }, "/If-Match"],
    ["PATCH", "", { "If-Match": 'W/"ver_1"' }, "/If-Match"],
    ["POST", "/shares", { "Idempotency-Key": "k".repeat(256) }, "/Idempotency-Key"],
  ] as const)("%s …%s with %j is refused by name", async ([method, path, headers, pointer]) => {
    const json = method === "DELETE" ? {} : { json: method === "PATCH" ? { name: "b.txt" } : {} };
    const answer = await story.api(`/v1/files/${fileId}${path}`, { method, headers, ...json });
    expect(answer.status).toBe(400);
    expect(await refusal(answer)).toMatchObject({
      code: "invalid_request",
      in: "header",
      errors: [{ pointer }],
    });
  });
});

/** An id that the route's schema takes. */
function idFor(path: string, name: string): string {
  const [, collection = ""] = path.split("/").slice(1);
  if (name === "token") return `whc_01JZZZZZZZZZZZZZZZZZZZZZZZ_${"A".repeat(43)}`;
  const prefix = {
    ...{ v: "ver", ws: "ws", delivery_id: "dlv", job_id: "job", principal: "usr", sid: "sec" },
  }[name];
  const own = {
    ...{
      uploads: "upl",
      files: "file",
      trash: "file",
      shares: "shr",
      webhooks: "hook",
      orgs: "org",
      groups: "grp",
      invitations: "inv",
    },
    ...{ clients: "cli", keys: "key", grants: "grt", workspaces: "ws", folders: "fld", transfers: "trf" },
  }[collection];
  return `${prefix ?? own}_01JZZZZZZZZZZZZZZZZZZZZZZZ`;
}

describe("what isn't there", () => {
  test("a path without its version is told where it is", async () => {
    const answer = await story.api("/uploads", { json: { filename: "a.txt" } });
    expect(answer.status).toBe(404);
    expect(await refusal(answer)).toMatchObject({ detail: expect.stringContaining("/v1/uploads") });
  });

  test.for(["/v1", "/v1/", "/v2/uploads", "/v1/nothing", "/v1/files/upload/more", "/V1/uploads"])(
    "%s is 404",
    async (path) => {
      const answer = await story.api(path);
      expect(answer.status).toBe(404);
      expect(answer.headers.get("content-type")).toBe("application/problem+json");
      expect(await refusal(answer)).toMatchObject({ code: "not_found" });
    },
  );

  test.for([
    ["DELETE", "/v1/workspaces", "GET, HEAD, POST"],
    ["DELETE", "/v1/uploads", "GET, HEAD, POST"],
    ["PUT", "/healthz", "GET, HEAD"],
    ["GET", "/v1/auth/token", "POST"],
    ["POST", "/v1/files/x", "DELETE, GET, HEAD, PATCH"],
    ["PATCH", "/v1/files/upload", "POST"],
    ["DELETE", "/v1/webhooks/event-types", "GET, HEAD"],
  ])("%s %s is 405 and says what there is", async ([method = "", path = "", allow]) => {
    const answer = await story.api(path, { method });
    expect(answer.status).toBe(405);
    expect(answer.headers.get("allow")).toBe(allow);
    expect(await refusal(answer)).toMatchObject({ code: "method_not_allowed" });
  });

  test.for(["TRACE", "PROPFIND", "LOCK"])(
    "%s, which API Gateway has no method for, is 405 too",
    async (method) => {
      for (const path of ["/v1/workspaces", `/v1/files/${fileId}/content`, "/s/x", "/docs"]) {
        const [answer] = await once(request(`${story.origin}${path}`, { method }).end(), "response");
        const { code } = problem.parse(await json(answer));
        expect([path, answer.statusCode, code]).toEqual([path, 405, "method_not_allowed"]);
        expect(answer.headers.allow).toMatch(/\bGET\b/);
      }
    },
  );

  test("an unknown field is named as such, whatever else is wrong", async () => {
    const answer = await story.api("/v1/uploads", { json: { file_name: "a.txt", size: -1 } });
    expect(answer.status).toBe(400);
    expect(await refusal(answer)).toMatchObject({
      code: "unknown_field",
      in: "body",
      errors: [{ pointer: "/file_name" }, { pointer: "/size" }, { pointer: "/filename" }],
    });
  });

  test("every POST and PATCH refuses a field that it doesn't know, and every GET such a parameter", async () => {
    const all = await story.client("strict", scopes);
    const document = z.object({ paths: z.record(z.string(), z.record(z.string(), z.unknown())) });
    const { paths } = document.parse(await (await story.api("/openapi.json")).json());
    let checked = 0;
    for (const [path, methods] of Object.entries(paths)) {
      if (!path.startsWith("/v1") || path === "/v1/auth/token") continue;
      const url = path.replaceAll(/\{(\w+)\}/g, (_, name: string) => idFor(path, name));
      for (const method of Object.keys(methods)) {
        if (method === "put" || method === "delete" || path === "/v1/files/upload") continue;
        const answer = await (method === "get"
          ? all.api(`${url}?nonsense=1`)
          : all.api(url, { method: method.toUpperCase(), json: { nonsense: 1 } }));
        expect([method, path, answer.status]).toEqual([method, path, 400]);
        const { code, errors } = z.looseObject({ errors: z.array(z.unknown()) }).parse(await answer.json());
        expect([path, code, errors]).toEqual([
          path,
          "unknown_field",
          expect.arrayContaining([expect.objectContaining({ pointer: "/nonsense" })]),
        ]);
        checked++;
      }
    }
    expect(checked).toBeGreaterThan(30);
  });

  test("every write refuses a condition that it would ignore", async () => {
    const all = await story.client("demanding", scopes);
    let checked = 0;
    for (const route of await allRoutes()) {
      if (route.method === "GET" || route.path === "/v1/auth/token") continue;
      const url = route.path.replaceAll(/\{(\w+)\}/g, (_, name: string) => idFor(route.path, name));
      for (const name of ["If-Match", "If-None-Match", "If-Unmodified-Since"]) {
        if (Object.hasOwn(route.headers, name)) continue;
        const answer = await all.api(url, { method: route.method, headers: { [name]: "*" } });
        expect([route.id, name, answer.status]).toEqual([route.id, name, 400]);
        expect(await refusal(answer)).toMatchObject({ code: "invalid_request", header: name.toLowerCase() });
        checked++;
      }
    }
    expect(checked).toBeGreaterThan(60);
  });

  test("a compressed body counts as what it was, in a coding that is taken", async () => {
    const send = (coding: string, body: Uint8Array) =>
      story.api("/v1/uploads", {
        body: Buffer.from(body),
        headers: { "Content-Type": "application/json", "Content-Encoding": coding },
      });
    const start = JSON.stringify({ filename: "packed.txt", size: 1 });
    expect((await send("gzip", gzipSync(start))).status).toBe(201);
    for (const refused of [
      await send("br", brotliCompressSync(start)),
      await send("gzip", Buffer.from(start)),
    ])
      expect([refused.status, (await refusal(refused)).code]).toEqual([415, "unsupported_media_type"]);
  });

  test("a query parameter that comes twice is refused, since one of the two would be ignored", async () => {
    const answer = await story.api("/v1/workspaces?limit=1&limit=2");
    expect([answer.status, (await refusal(answer)).code]).toEqual([400, "invalid_request"]);
  });

  test.for(["1e1", "0x1", "", "1.0", "+1", "101"])("a limit of %j is none", async (limit) => {
    const answer = await story.api(`/v1/workspaces?limit=${encodeURIComponent(limit)}`);
    expect(answer.status).toBe(400);
    expect(await refusal(answer)).toMatchObject({ in: "query", errors: [{ pointer: "/limit" }] });
  });

  test("ids that are none are refused by where they stand", async () => {
    const answer = await story.api("/v1/files/file_1");
    expect(answer.status).toBe(400);
    expect(await refusal(answer)).toMatchObject({ in: "path", errors: [{ pointer: "/id" }] });
  });
});

describe("Idempotency-Key", () => {
  const shareWith = (key: string, json: unknown = {}, headers: Record<string, string> = {}) =>
    story.api(`/v1/files/${fileId}/shares`, { json, headers: { "Idempotency-Key": key, ...headers } });

  test("the same request with the same key has one effect and one answer", async () => {
    const first = await shareWith("one");
    const again = await shareWith("one");
    expect([first.status, again.status]).toEqual([201, 201]);
    expect(first.headers.get("idempotency-replayed")).toBeNull();
    expect(again.headers.get("idempotency-replayed")).toBe("true");
    expect(await again.json()).toEqual(await first.json());
  });

  test("another request with the key is 422", async () => {
    await shareWith("two");
    const answer = await shareWith("two", { expire_in: 60 });
    expect(answer.status).toBe(422);
    expect(await refusal(answer)).toMatchObject({ code: "idempotency_mismatch" });
  });

  test("a condition is part of the request, a lease isn't", async () => {
    const started = await story.start("conditional.txt", 0);
    const finalize = (headers: Record<string, string> = {}) =>
      story.api(`/v1/uploads/${started.upload_id}/finalize`, {
        json: { share: false },
        headers: { "Idempotency-Key": "conditional", ...headers },
      });
    expect((await finalize({ "If-None-Match": "*" })).status).toBe(200);
    expect((await finalize({ "If-None-Match": "*" })).headers.get("idempotency-replayed")).toBe("true");
    for (const other of [undefined, { "If-Match": "*" }]) {
      const answer = await finalize(other);
      expect([answer.status, (await refusal(answer)).code]).toEqual([422, "idempotency_mismatch"]);
    }
  });

  test("while the first is running the second is 409", async () => {
    let release = () => {};
    const held = new Promise<void>((resolve) => {
      release = resolve;
    });
    let running = () => {};
    const reached = new Promise<void>((resolve) => {
      running = resolve;
    });
    story.cloud.setFaults(async ({ action }) => {
      if (action !== "TransactWriteItems") return undefined;
      running();
      await held;
      return undefined;
    });
    const first = shareWith("three");
    await reached;
    const second = await shareWith("three");
    expect(second.status).toBe(409);
    expect(Number(second.headers.get("retry-after"))).toBeGreaterThan(0);
    expect(await refusal(second)).toMatchObject({ code: "idempotency_in_progress" });
    story.cloud.setFaults(undefined);
    release();
    expect((await first).status).toBe(201);
    const third = await shareWith("three");
    expect(await third.json()).toEqual(await (await first).json());
  });

  test("a key whose function has died is free within seconds", async () => {
    let dead: string | undefined;
    story.cloud.setFaults(async ({ action, environment }) => {
      if (action !== "TransactWriteItems" || environment === undefined) return undefined;
      dead ??= environment;
      await story.cloud.killEnvironment(environment);
      return "before";
    });
    expect((await shareWith("dead")).status).toBe(500);
    story.cloud.setFaults(undefined);
    expect(dead).toBeDefined();
    const early = await shareWith("dead");
    expect(early.status).toBe(409);
    const wait = Number(early.headers.get("retry-after"));
    expect(wait).toBeLessThanOrEqual(5);
    story.advance(wait * 1_000);
    expect((await shareWith("dead")).status).toBe(201);
  });

  test("ten at once make one link", async () => {
    const answers = await Promise.all(Array.from({ length: 10 }, () => shareWith("four")));
    const made = answers.filter(({ status }) => status === 201);
    expect(made.length).toBeGreaterThan(0);
    expect(answers.every(({ status }) => status === 201 || status === 409)).toBe(true);
    const ids = await Promise.all(made.map(async (answer) => share.parse(await answer.json()).share_id));
    expect(new Set(ids).size).toBe(1);
  });

  test("a refused request leaves its key free for a corrected one", async () => {
    const start = (json: Record<string, unknown>) =>
      story.api("/v1/uploads", {
        json: { filename: "a.txt", size: 1, ...json },
        headers: { "Idempotency-Key": "five" },
      });
    expect((await start({ if_exists: "fail" })).status).toBe(409);
    expect((await start({ if_exists: "rename" })).status).toBe(201);
  });

  test("started again with its key, an upload is the same with fresh URLs", async () => {
    const start = async () =>
      startAnswer.parse(
        await (
          await story.api("/v1/uploads", {
            json: { filename: "again.txt", size: 1 },
            headers: { "Idempotency-Key": "six" },
          })
        ).json(),
      );
    const first = await start();
    story.advance(60_000);
    const again = await start();
    expect(again.upload_id).toBe(first.upload_id);
    expect(again.parts[0]?.url).not.toBe(first.parts[0]?.url);
    const put = await fetch(again.parts[0]?.url ?? "", { method: "PUT", body: "x" });
    expect(put.status).toBe(200);
  });

  test("a file sent in one request is told from another by its bytes", async () => {
    const send = (content: string) => {
      const body = new FormData();
      body.set("file", new Blob([content]), "direct.txt");
      return story.api("/v1/files/upload", { method: "POST", body, headers: { "Idempotency-Key": "seven" } });
    };
    const first = finalizeAnswer.parse(await (await send("one")).json());
    const again = await send("one");
    expect(again.headers.get("idempotency-replayed")).toBe("true");
    expect(finalizeAnswer.parse(await again.json())).toEqual(first);
    expect((await send("two")).status).toBe(422);
  });

  test("a request that changes nothing is done again, but only the same one", async () => {
    const { upload_id } = await story.start("many.bin", 60_000_000);
    const sign = (key: string, json: unknown) =>
      story.api(`/v1/uploads/${upload_id}/parts`, { json, headers: { "Idempotency-Key": key } });
    const [first, again] = [await sign("ten", { count: 2 }), await sign("ten", { count: 2 })];
    expect([first.status, again.status]).toEqual([200, 200]);
    expect(first.headers.get("idempotency-replayed")).toBeNull();
    expect(again.headers.get("idempotency-replayed")).toBe("true");
    const other = await sign("ten", { count: 3 });
    expect([other.status, (await refusal(other)).code]).toEqual([422, "idempotency_mismatch"]);
    expect((await sign("eleven", { first: 9, count: 1 })).status).toBe(400);
    expect((await sign("eleven", { first: 1, count: 1 })).status).toBe(200);
  });

  test("started under another name, an upload is so again", async () => {
    const start = () =>
      story.json(startAnswer, "/v1/uploads", {
        json: { filename: "a.txt", size: 1, if_exists: "rename" },
        headers: { "Idempotency-Key": "twelve" },
      });
    const first = await start();
    expect(first.name).toMatch(/^a \(\d+\)\.txt$/);
    expect(await start()).toMatchObject({ upload_id: first.upload_id, name: first.name });
  });

  test("two clients may use the same key", async () => {
    const other = await story.client("other");
    const file = await other.upload(bytes("x"), { filename: "x.txt" });
    await shareWith("eight");
    const answer = await other.api(`/v1/files/${file.file_id}/shares`, {
      json: {},
      headers: { "Idempotency-Key": "eight" },
    });
    expect(answer.status).toBe(201);
    expect(answer.headers.get("idempotency-replayed")).toBeNull();
  });

  test.for([
    ["empty", ""],
    ["too long", "k".repeat(256)],
    ["not ASCII", "ké"],
  ])("a key that is %s is refused", async ([, key = ""]) => {
    expect(await refusal(await shareWith(key))).toMatchObject({ status: 400, code: "invalid_request" });
  });

  test.for(["k".repeat(255), "with spaces, and; signs", '"quoted"'])("the key %s will do", async (key) => {
    expect((await shareWith(key)).status).toBe(201);
  });

  test("after 24 hours the key is free", async () => {
    const first = share.parse(await (await shareWith("nine")).json());
    story.advance(86_400_001);
    const later = await shareWith("nine");
    expect(later.status).toBe(201);
    expect(share.parse(await later.json()).share_id).not.toBe(first.share_id);
  });
});

test("a damaged database is said, and nobody is asked to come again shortly", async () => {
  const fault = { error: storageDamaged("dynamodb", undefined) };
  story.cloud.setFaults(({ service }) => (service === "dynamodb" ? fault : undefined));
  const answer = await story.api(`/v1/files/${fileId}`);
  story.cloud.setFaults(undefined);
  expect([answer.status, answer.headers.get("retry-after")]).toEqual([500, null]);
  expect(await refusal(answer)).toMatchObject({ code: "internal", detail: fault.error.message });
});
