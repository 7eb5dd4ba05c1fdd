/** The bucket's CORS rules, which stand in `target.ts`. */
import assert from "node:assert/strict";
import { type Case, numbered } from "../case.ts";
import { call, freshKey, outcome, type S3Target } from "./target.ts";

const behaviours = ["s3.cors"] as const;
const APP = "https://app.example.com";

interface Preflight {
  readonly origin?: string;
  readonly method?: string;
  readonly headers?: string;
}

const preflights: readonly (readonly [what: string, asked: Preflight, expected: string])[] = [
  ["of an origin by its wildcard", { origin: APP, method: "PUT" }, "200"],
  ["of headers by their wildcard", { origin: APP, method: "PUT", headers: "content-type" }, "200"],
  ["of a method that no rule has", { origin: APP, method: "DELETE" }, "403 AccessForbidden"],
  ["of an origin that no rule has", { origin: "https://example.com", method: "PUT" }, "403 AccessForbidden"],
  ["of another scheme", { origin: "http://app.example.com", method: "PUT" }, "403 AccessForbidden"],
  [
    "of a header that no rule has",
    { origin: APP, method: "PUT", headers: "authorization" },
    "403 AccessForbidden",
  ],
  ["of anybody, where everybody may", { origin: "https://anywhere.test", method: "HEAD" }, "200"],
  ["without an origin", { method: "PUT" }, "400 BadRequest"],
  ["without a method", { origin: APP }, "400 BadRequest"],
];

function preflight(
  { endpoint, bucket }: S3Target,
  { origin, method, headers }: Preflight,
): Promise<Response> {
  return fetch(`${endpoint}/${bucket}/key`, {
    method: "OPTIONS",
    headers: {
      ...(origin && { origin }),
      ...(method && { "access-control-request-method": method }),
      ...(headers && { "access-control-request-headers": headers }),
    },
  });
}

const allowed = (answer: Response) => answer.headers.get("access-control-allow-origin");

const answers: readonly Case<S3Target>[] = [
  {
    name: "a preflight is answered with its rule",
    behaviours,
    async check(target) {
      const asked = { origin: APP, method: "PUT", headers: "Content-Type, x-amz-checksum-crc32" };
      const { headers } = await preflight(target, asked);
      const list = (name: string) =>
        (headers.get(name) ?? "").split(",").map((value) => value.trim().toLowerCase());
      assert.equal(headers.get("access-control-allow-origin"), APP);
      assert.deepEqual(list("access-control-allow-methods"), ["get", "put"]);
      assert.deepEqual(list("access-control-allow-headers"), ["content-type", "x-amz-checksum-crc32"]);
      assert.deepEqual(list("access-control-expose-headers"), ["etag", "x-amz-request-id"]);
      assert.equal(headers.get("access-control-max-age"), "300");
    },
  },
  {
    name: "a request has the headers of its rule",
    behaviours,
    async check(target) {
      const origin = "http://localhost:5173";
      const answer = await call(target, freshKey(), { method: "PUT", body: "x", headers: { origin } });
      assert.equal(allowed(answer), origin);
      assert.match(answer.headers.get("access-control-expose-headers") ?? "", /etag/i);
    },
  },
  {
    name: "a request that fails has them too",
    behaviours,
    async check(target) {
      const origin = "http://localhost:5173";
      const answer = await call(target, freshKey(), { headers: { origin } });
      assert.deepEqual([answer.status, allowed(answer)], [404, origin]);
    },
  },
  {
    name: "a request of another origin has none",
    behaviours,
    async check(target) {
      const headers = { origin: "https://evil.test" };
      assert.equal(allowed(await call(target, freshKey(), { headers })), null);
    },
  },
  {
    name: "a request of anybody has *, and no credentials, where everybody may",
    behaviours,
    async check(target) {
      const headers = { origin: "https://evil.test" };
      const answer = await call(target, freshKey(), { method: "HEAD", headers });
      const credentials = answer.headers.get("access-control-allow-credentials");
      assert.deepEqual([allowed(answer), credentials], ["*", null]);
    },
  },
];

export const corsCases: readonly Case<S3Target>[] = numbered([
  ...preflights.map(([what, asked, expected]) => ({
    name: `a preflight ${what}: ${expected}`,
    behaviours,
    check: async (target: S3Target) => assert.equal(await outcome(await preflight(target, asked)), expected),
  })),
  ...answers,
]);
