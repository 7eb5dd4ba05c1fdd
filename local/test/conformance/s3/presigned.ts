/** Presigned URLs, sent as they are and altered. */
import assert from "node:assert/strict";
import { request } from "node:http";
import { GetObjectCommand, PutObjectCommand, UploadPartCommand } from "@aws-sdk/client-s3";
import { getSignedUrl } from "@aws-sdk/s3-request-presigner";
import { type Case, numbered } from "../case.ts";
import { begin } from "./multipart.ts";
import { freshKey, outcome, type S3Target } from "./target.ts";

const behaviours = ["s3.presigned"] as const;

interface Sent {
  readonly method: string;
  readonly url: string;
  readonly headers?: Record<string, string>;
}

const query = (name: string, change: (value: string) => string) => (sent: Sent) => ({
  ...sent,
  url: sent.url.replace(new RegExp(`([?&]${name}=)([^&]*)`), (_all, head, value) => head + change(value)),
});
const drop = (name: string) => (sent: Sent) => ({
  ...sent,
  url: sent.url.replace(new RegExp(`([?&])${name}=[^&]*&?`), "$1"),
});
const more = (headers: Record<string, string>) => (sent: Sent) => ({ ...sent, headers });
const flip = (value: string) => (value.startsWith("0") ? "1" : "0") + value.slice(1);

const MISMATCH = "403 SignatureDoesNotMatch";
const DENIED = "403 AccessDenied";
const INCOMPLETE = "400 AuthorizationQueryParametersError";

const altered: readonly (readonly [what: string, alter: (sent: Sent) => Sent, expected: string])[] = [
  ["another method", (sent) => ({ ...sent, method: "GET" }), MISMATCH],
  ["another key", (sent) => ({ ...sent, url: sent.url.replace("?", "2?") }), MISMATCH],
  ["another part number", query("partNumber", () => "8"), MISMATCH],
  ["another upload", query("uploadId", flip), MISMATCH],
  ["a parameter more", (sent) => ({ ...sent, url: `${sent.url}&x-amz-acl=public-read` }), MISMATCH],
  ["a parameter less", drop("x-id"), MISMATCH],
  ["a longer life", query("X-Amz-Expires", () => "61"), MISMATCH],
  ["another signature", query("X-Amz-Signature", flip), MISMATCH],
  ["a signed header that isn't sent", query("X-Amz-SignedHeaders", () => "host%3Bx-amz-acl"), MISMATCH],
  ["a host that isn't signed", query("X-Amz-SignedHeaders", () => "date"), DENIED],
  ["a header that isn't signed", more({ "x-amz-acl": "private" }), DENIED],
  ["a checksum that isn't signed", more({ "x-amz-checksum-crc32": "AAAAAA==" }), DENIED],
  [
    "another region",
    query("X-Amz-Credential", (value) => value.replace("us-east-1", "us-west-2")),
    INCOMPLETE,
  ],
  [
    "another day",
    query("X-Amz-Credential", (value) => value.replace(/%2F\d{8}%2F/, "%2F20200101%2F")),
    INCOMPLETE,
  ],
  ["an algorithm that isn't there", query("X-Amz-Algorithm", () => "AWS4-NONE"), INCOMPLETE],
  ["a life of a week and a second", query("X-Amz-Expires", () => "604801"), INCOMPLETE],
  ["a negative life", query("X-Amz-Expires", () => "-1"), INCOMPLETE],
  ["a life in words", query("X-Amz-Expires", () => "soon"), INCOMPLETE],
  ["no date", drop("X-Amz-Date"), INCOMPLETE],
  ["no expiry", drop("X-Amz-Expires"), INCOMPLETE],
  [
    "an unknown key",
    query("X-Amz-Credential", (value) => value.replace(/^[^%]+/, "AKIAUNKNOWNUNKNOWN00")),
    "403 InvalidAccessKeyId",
  ],
];

/** `fetch` would put the URL in order. */
function send({ method, url, headers }: Sent): Promise<Response> {
  const { hostname, port } = new URL(url);
  const path = url.slice(url.indexOf("/", "http://".length));
  return new Promise((resolve, reject) => {
    const sent = request({ hostname, port, path, method, headers: { ...headers } }, async (answer) => {
      const body = Buffer.concat(await answer.toArray());
      resolve(new Response(method === "HEAD" ? null : body, { status: answer.statusCode ?? 500 }));
    });
    sent.on("error", reject).end(method === "PUT" ? "bytes" : undefined);
  });
}

const signed = async (target: S3Target, expiresIn = 60) => {
  const u = await begin(target);
  const url = await getSignedUrl(target.client, new UploadPartCommand({ ...u.upload, PartNumber: 7 }), {
    expiresIn,
  });
  return { u, sent: { method: "PUT", url } };
};

const whole: readonly Case<S3Target>[] = [
  {
    name: "is taken as it was signed, in any order of its query",
    behaviours,
    async check(target) {
      const { u, sent } = await signed(target);
      assert.equal(await outcome(await send(sent)), "200");
      const [head, tail = ""] = sent.url.split("?");
      const turned = `${head}?${tail.split("&").reverse().join("&")}`;
      assert.equal(await outcome(await send({ ...sent, url: turned })), "200");
      await u.abort();
    },
  },
  {
    name: "works for keys of all kinds",
    behaviours,
    async check(target) {
      for (const name of ["with space", "plus+sign", "ünïcode/日本語/😀", "per%2Fcent", "q?&#'\"", "a//b"]) {
        const input = { Bucket: target.bucket, Key: freshKey(name) };
        const put = await getSignedUrl(target.client, new PutObjectCommand(input));
        assert.equal((await send({ method: "PUT", url: put })).status, 200, name);
        const get = await getSignedUrl(target.client, new GetObjectCommand(input));
        assert.equal(await (await send({ method: "GET", url: get })).text(), "bytes", name);
      }
    },
  },
  {
    name: "ends with its seconds",
    behaviours: ["s3.presigned-expiry"],
    async check(target) {
      const command = new GetObjectCommand({ Bucket: target.bucket, Key: freshKey() });
      const at = async (secondsAgo: number) => {
        const signingDate = new Date(Date.now() - secondsAgo * 1_000);
        const url = await getSignedUrl(target.client, command, { expiresIn: 60, signingDate });
        return outcome(await send({ method: "GET", url }));
      };
      // Long enough before its end that a slow machine doesn't come too late.
      assert.equal(await at(20), "404 NoSuchKey");
      assert.equal(await at(62), DENIED);
    },
  },
  {
    name: "isn't valid long before it was signed",
    behaviours: ["s3.presigned-expiry"],
    async check(target) {
      const command = new GetObjectCommand({ Bucket: target.bucket, Key: freshKey() });
      const signingDate = new Date(Date.now() + 20 * 60_000);
      const url = await getSignedUrl(target.client, command, { expiresIn: 60, signingDate });
      assert.equal(await outcome(await send({ method: "GET", url })), DENIED);
    },
  },
];

export const presignedCases: readonly Case<S3Target>[] = numbered([
  ...whole,
  ...altered.map(([what, alter, expected]) => ({
    name: `with ${what}: ${expected}`,
    behaviours,
    async check(target: S3Target) {
      const { u, sent } = await signed(target);
      assert.equal(await outcome(await send(alter(sent))), expected);
      await u.abort();
    },
  })),
]);
