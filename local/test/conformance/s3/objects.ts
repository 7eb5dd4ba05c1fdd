/** Objects: written under conditions, read by ranges and conditions, with the headers that a signed URL sets. */
import assert from "node:assert/strict";
import {
  DeleteObjectCommand,
  GetObjectCommand,
  HeadObjectCommand,
  PutObjectCommand,
} from "@aws-sdk/client-s3";
import { getSignedUrl } from "@aws-sdk/s3-request-presigner";
import { type Case, numbered } from "../case.ts";
import { call, freshKey, isRefused, outcome, type S3Target } from "./target.ts";

const put = ({ client, bucket }: S3Target, Key: string, Body: string, more = {}) =>
  client.send(new PutObjectCommand({ Bucket: bucket, Key, Body, ...more }));
const read = async ({ client, bucket }: S3Target, Key: string) => {
  const { Body } = await client.send(new GetObjectCommand({ Bucket: bucket, Key }));
  return Body?.transformToString();
};

const DIGITS = "0123456789";
const etag = '"781e5e245d69b566979b86e28d23f2c7"';
const past = "Mon, 01 Jan 2001 00:00:00 GMT";
const future = "Wed, 01 Jan 2098 00:00:00 GMT";

/** Of the ten digits. */
const ranges: readonly (readonly [
  range: string,
  status: number,
  body: string,
  contentRange: string | null,
])[] = [
  ["bytes=0-3", 206, "0123", "bytes 0-3/10"],
  ["bytes=7-", 206, "789", "bytes 7-9/10"],
  ["bytes=-3", 206, "789", "bytes 7-9/10"],
  ["bytes=-100", 206, DIGITS, "bytes 0-9/10"],
  ["bytes=9-100", 206, "9", "bytes 9-9/10"],
  ["bytes=5-2", 200, DIGITS, null],
  ["bytes=0-1,4-5", 200, DIGITS, null],
  ["items=0-1", 200, DIGITS, null],
  ["bytes=-", 200, DIGITS, null],
];

const unsatisfiable: readonly (readonly [content: string, range: string])[] = [
  [DIGITS, "bytes=10-"],
  [DIGITS, "bytes=-0"],
  ["", "bytes=0-0"],
];

/** Of the ten digits, which were written after `past` and before `future`. */
const conditions: readonly (readonly [headers: Record<string, string>, status: number])[] = [
  [{ "if-match": etag }, 200],
  [{ "if-match": '"other"' }, 412],
  [{ "if-match": `"other", ${etag}` }, 200],
  [{ "if-match": etag, "if-unmodified-since": past }, 200],
  [{ "if-unmodified-since": past }, 412],
  [{ "if-unmodified-since": future }, 200],
  [{ "if-none-match": etag }, 304],
  [{ "if-none-match": "*" }, 304],
  [{ "if-none-match": '"other"' }, 200],
  [{ "if-none-match": '"other"', "if-modified-since": future }, 200],
  [{ "if-modified-since": future }, 304],
  [{ "if-modified-since": past }, 200],
  [{ "if-modified-since": "not a date" }, 200],
];

/** What lies under a key, written at its first use. */
const stored = new WeakMap<S3Target, Map<string, Promise<string>>>();
function keyOf(target: S3Target, content: string): Promise<string> {
  const keys = stored.get(target) ?? new Map<string, Promise<string>>();
  stored.set(target, keys);
  const key = freshKey("content");
  const known = keys.get(content) ?? put(target, key, content).then(() => key);
  keys.set(content, known);
  return known;
}

const WRITE = ["s3.conditional-write"] as const;
const RANGES = ["s3.ranges"] as const;
const HEADERS = ["s3.response-headers"] as const;

const written: readonly Case<S3Target>[] = [
  {
    name: "If-None-Match: * writes a key once",
    behaviours: WRITE,
    async check(target) {
      const key = freshKey();
      await put(target, key, "1", { IfNoneMatch: "*" });
      await isRefused(put(target, key, "2", { IfNoneMatch: "*" }), "PreconditionFailed");
      assert.equal(await read(target, key), "1");
    },
  },
  {
    name: "If-None-Match: * writes again what was deleted",
    behaviours: WRITE,
    async check(target) {
      const Key = freshKey();
      await put(target, Key, "1", { IfNoneMatch: "*" });
      await target.client.send(new DeleteObjectCommand({ Bucket: target.bucket, Key }));
      await put(target, Key, "2", { IfNoneMatch: "*" });
      assert.equal(await read(target, Key), "2");
    },
  },
  {
    name: "If-None-Match takes nothing but *",
    behaviours: WRITE,
    check: (target) => isRefused(put(target, freshKey(), "1", { IfNoneMatch: '"etag"' }), "NotImplemented"),
  },
  {
    name: "If-Match replaces only what it names",
    behaviours: WRITE,
    async check(target) {
      const key = freshKey();
      const { ETag } = await put(target, key, "1");
      await isRefused(put(target, key, "2", { IfMatch: '"other"' }), "PreconditionFailed");
      await put(target, key, "2", { IfMatch: ETag });
      assert.equal(await read(target, key), "2");
    },
  },
  {
    name: "If-Match on what isn't there finds no key",
    behaviours: WRITE,
    check: (target) => isRefused(put(target, freshKey(), "2", { IfMatch: etag }), "NoSuchKey"),
  },
  {
    name: "of writers that make one key where there is none, one wins",
    behaviours: WRITE,
    async check(target) {
      const key = freshKey();
      const writes = [1, 2, 3, 4].map((n) => put(target, key, String(n), { IfNoneMatch: "*" }));
      const settled = await Promise.allSettled(writes);
      assert.equal(settled.filter(({ status }) => status === "fulfilled").length, 1);
    },
  },
  {
    name: "an object comes back with what its writer said of it",
    behaviours: HEADERS,
    async check(target) {
      const Key = freshKey();
      const said = {
        ContentType: "text/plain; charset=utf-8",
        CacheControl: "max-age=60",
        ContentDisposition: 'attachment; filename="report.txt"',
        Metadata: { origin: "ci" },
      };
      const { ETag } = await put(target, Key, "hello", said);
      assert.equal(ETag, '"5d41402abc4b2a76b9719d911017c592"');
      const head = await target.client.send(new HeadObjectCommand({ Bucket: target.bucket, Key }));
      const { ContentType, CacheControl, ContentDisposition, Metadata, ContentLength } = head;
      assert.deepEqual({ ContentType, CacheControl, ContentDisposition, Metadata }, said);
      assert.equal(ContentLength, 5);
    },
  },
  {
    name: "a signed URL sets type, disposition and caching of its answer",
    behaviours: HEADERS,
    async check(target) {
      const command = new GetObjectCommand({
        Bucket: target.bucket,
        Key: await keyOf(target, DIGITS),
        ResponseContentType: "text/plain; charset=utf-8",
        ResponseContentDisposition: "attachment; filename*=UTF-8''%C3%BC.txt",
        ResponseCacheControl: "no-store",
      });
      const { headers } = await fetch(await getSignedUrl(target.client, command));
      assert.deepEqual(
        ["content-type", "content-disposition", "cache-control"].map((name) => headers.get(name)),
        ["text/plain; charset=utf-8", "attachment; filename*=UTF-8''%C3%BC.txt", "no-store"],
      );
    },
  },
  {
    name: "If-Range falls back to the whole object when it changed",
    behaviours: RANGES,
    async check(target) {
      const key = await keyOf(target, DIGITS);
      const get = async (condition: string) => {
        const headers = { range: "bytes=0-1", "if-range": condition };
        return (await call(target, key, { headers })).text();
      };
      assert.equal(await get(etag), "01");
      assert.equal(await get('"other"'), DIGITS);
    },
  },
];

export const objectCases: readonly Case<S3Target>[] = numbered([
  ...written,
  ...ranges.map(([range, status, body, contentRange]) => ({
    name: `${range} answers ${status}`,
    behaviours: RANGES,
    async check(target: S3Target) {
      const answer = await call(target, await keyOf(target, DIGITS), { headers: { range } });
      assert.deepEqual(
        [answer.status, answer.headers.get("content-range"), await answer.text()],
        [status, contentRange, body],
      );
    },
  })),
  ...unsatisfiable.map(([content, range]) => ({
    name: `${range} of ${content.length} bytes can't be satisfied`,
    behaviours: RANGES,
    async check(target: S3Target) {
      const answer = await call(target, await keyOf(target, content), { headers: { range } });
      assert.equal(await outcome(answer), "416 InvalidRange");
    },
  })),
  ...conditions.map(([headers, status]) => ({
    name: `${JSON.stringify(headers)} answers ${status}`,
    behaviours: RANGES,
    async check(target: S3Target) {
      const answer = await call(target, await keyOf(target, DIGITS), { headers });
      await answer.text();
      assert.deepEqual([answer.status, answer.headers.get("etag")], [status, status === 412 ? null : etag]);
    },
  })),
]);
