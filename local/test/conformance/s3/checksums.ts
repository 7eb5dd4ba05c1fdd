/** Checksums of parts and objects: which S3 enforces, and which it merely signs. */
import assert from "node:assert/strict";
import { createHash } from "node:crypto";
import { HeadObjectCommand, UploadPartCommand } from "@aws-sdk/client-s3";
import { getSignedUrl } from "@aws-sdk/s3-request-presigner";
import { type Case, numbered } from "../case.ts";
import { begin, crcText, FIRST, FULL_CRC32, LAST } from "./multipart.ts";
import { call, freshKey, isRefused, outcome, type S3Target } from "./target.ts";

const behaviours = ["s3.checksums"] as const;
const sha256 = (data: Uint8Array | string) => createHash("sha256").update(data).digest("base64");

type CreateOptions = Parameters<typeof begin>[1];

/** Headers of a part, by what its upload was begun with. */
const parts: readonly (readonly [
  what: string,
  options: CreateOptions,
  headers: Record<string, string>,
  expected: string,
])[] = [
  ["no checksum, none asked for", {}, {}, "200"],
  ["one, none asked for", {}, { "x-amz-checksum-crc32": crcText(LAST) }, "200"],
  ["none of a whole object's", FULL_CRC32, {}, "200"],
  ["the one asked for", FULL_CRC32, { "x-amz-checksum-crc32": crcText(LAST) }, "200"],
  ["a wrong one", FULL_CRC32, { "x-amz-checksum-crc32": "AAAAAA==" }, "400 BadDigest"],
  ["one of another kind", FULL_CRC32, { "x-amz-checksum-sha256": sha256(LAST) }, "400 InvalidRequest"],
  [
    "the one of a composite",
    { ChecksumAlgorithm: "SHA256" },
    { "x-amz-checksum-sha256": sha256(LAST) },
    "200",
  ],
  ["none of a composite", { ChecksumAlgorithm: "SHA256" }, {}, "400 InvalidRequest"],
  ["none of the default", { ChecksumAlgorithm: "CRC64NVME" }, {}, "200"],
];

const impossible: readonly CreateOptions[] = [
  { ChecksumAlgorithm: "SHA256", ChecksumType: "FULL_OBJECT" },
  { ChecksumAlgorithm: "CRC64NVME", ChecksumType: "COMPOSITE" },
  { ChecksumType: "FULL_OBJECT" },
];

/** Headers of an object that is `hello`. */
const objects: readonly (readonly [what: string, headers: Record<string, string>, expected: string])[] = [
  ["its MD5", { "content-md5": "XUFAKrxLKna5cZ2REBfFkg==" }, "200"],
  ["another's MD5", { "content-md5": "AAAAAAAAAAAAAAAAAAAAAA==" }, "400 BadDigest"],
  ["no MD5 at all", { "content-md5": "short" }, "400 InvalidDigest"],
  ["its CRC-32", { "x-amz-checksum-crc32": crcText(Buffer.from("hello")) }, "200"],
  ["another's CRC-32", { "x-amz-checksum-crc32": "AAAAAA==" }, "400 BadDigest"],
  ["another's SHA-256", { "x-amz-checksum-sha256": sha256("jello") }, "400 BadDigest"],
  ["a checksum of another length", { "x-amz-checksum-sha256": "AAAAAA==" }, "400 InvalidRequest"],
  [
    "two checksums",
    { "x-amz-checksum-crc32": crcText(Buffer.from("hello")), "x-amz-checksum-crc32c": "AAAAAA==" },
    "400 InvalidRequest",
  ],
  [
    "another's payload hash",
    { "x-amz-content-sha256": createHash("sha256").update("jello").digest("hex") },
    "400 XAmzContentSHA256Mismatch",
  ],
];

const put = (url: string, body: string | Uint8Array, headers = {}) =>
  fetch(url, { method: "PUT", body: typeof body === "string" ? body : new Uint8Array(body), headers });

/** A presigned part whose checksum stands in the query or among the signed headers. */
async function signedPart(target: S3Target, options: CreateOptions, where: "query" | "header") {
  const u = await begin(target, options);
  const command = new UploadPartCommand({ ...u.upload, PartNumber: 1, ChecksumSHA256: sha256(LAST) });
  const names = new Set(["x-amz-checksum-sha256"]);
  const url = await getSignedUrl(
    target.client,
    command,
    where === "query" ? { hoistableHeaders: names } : { unhoistableHeaders: names },
  );
  return { u, url };
}

const combined: readonly Case<S3Target>[] = [
  {
    name: "parts' CRC-32 combine to the whole object's",
    behaviours: ["s3.full-object-crc"],
    async check(target) {
      const u = await begin(target, FULL_CRC32);
      const whole = crcText(LAST, Buffer.from(crcText(FIRST), "base64").readUInt32BE());
      const done = await u.complete([await u.part(1, FIRST), await u.part(2, LAST)], {
        ChecksumType: "FULL_OBJECT",
        ChecksumCRC32: whole,
      });
      assert.deepEqual([done.ChecksumType, done.ChecksumCRC32], ["FULL_OBJECT", whole]);
      const { Bucket, Key } = u.upload;
      const head = await target.client.send(new HeadObjectCommand({ Bucket, Key, ChecksumMode: "ENABLED" }));
      assert.equal(head.ChecksumCRC32, whole);
    },
  },
  {
    name: "a whole object's CRC-32 comes of parts that were sent without, whose own S3 lists",
    behaviours: ["s3.full-object-crc"],
    async check(target) {
      const u = await begin(target, FULL_CRC32);
      await call(target, u.path(1), { method: "PUT", body: LAST });
      const { Parts = [] } = await u.parts();
      assert.equal(Parts[0]?.ChecksumCRC32, crcText(LAST));
      const done = await u.complete(
        Parts.map(({ PartNumber, ETag, ChecksumCRC32 }) => ({ PartNumber, ETag, ChecksumCRC32 })),
      );
      assert.deepEqual([done.ChecksumType, done.ChecksumCRC32], ["FULL_OBJECT", crcText(LAST)]);
    },
  },
  {
    name: "a composite is the digest of digests, and needs each part's",
    behaviours,
    async check(target) {
      const { u, url } = await signedPart(target, { ChecksumAlgorithm: "SHA256" }, "header");
      const response = await put(url, LAST, { "x-amz-checksum-sha256": sha256(LAST) });
      const part = { PartNumber: 1, ETag: response.headers.get("etag") ?? "" };
      await isRefused(u.complete([part]), "InvalidRequest");
      const done = await u.complete([{ ...part, ChecksumSHA256: sha256(LAST) }]);
      assert.equal(done.ChecksumSHA256, `${sha256(createHash("sha256").update(LAST).digest())}-1`);
      assert.equal(done.ChecksumType, "COMPOSITE");
    },
  },
  {
    name: "is CRC64NVME when nobody asked for any",
    behaviours,
    async check(target) {
      const u = await begin(target);
      const response = await call(target, u.path(1), { method: "PUT", body: LAST });
      const done = await u.complete([{ PartNumber: 1, ETag: response.headers.get("etag") ?? "" }]);
      assert.match(done.ChecksumCRC64NVME ?? "none", /^.{11}=$/);
    },
  },
  {
    name: "in the query of a presigned URL is signed and ignored",
    behaviours: ["s3.checksums", "s3.presigned"],
    async check(target) {
      const { u, url } = await signedPart(target, {}, "query");
      assert.equal(new URL(url).searchParams.get("x-amz-checksum-sha256"), sha256(LAST));
      assert.equal(await outcome(await put(url, "another")), "200");
      await u.abort();
    },
  },
  {
    name: "signed as a header is the one that S3 enforces",
    behaviours: ["s3.checksums", "s3.presigned"],
    async check(target) {
      const { u, url } = await signedPart(target, { ChecksumAlgorithm: "SHA256" }, "header");
      const headers = { "x-amz-checksum-sha256": sha256(LAST) };
      assert.equal(await outcome(await put(url, LAST.subarray(1), headers)), "400 BadDigest");
      assert.equal(await outcome(await put(url, LAST, headers)), "200");
      await u.abort();
    },
  },
];

export const checksumCases: readonly Case<S3Target>[] = numbered([
  ...parts.map(([what, options, headers, expected]) => ({
    name: `a part with ${what}: ${expected}`,
    behaviours,
    async check(target: S3Target) {
      const u = await begin(target, options);
      const answer = await call(target, u.path(1), { method: "PUT", body: LAST, headers });
      assert.equal(await outcome(answer), expected);
      await u.abort();
    },
  })),
  ...impossible.map((options) => ({
    name: `${JSON.stringify(options)} can't be asked for`,
    behaviours,
    check: (target: S3Target) => isRefused(begin(target, options), "InvalidRequest"),
  })),
  ...objects.map(([what, headers, expected]) => ({
    name: `an object with ${what}: ${expected}`,
    behaviours,
    async check(target: S3Target) {
      const key = freshKey();
      const answer = await call(target, key, { method: "PUT", body: "hello", headers });
      assert.equal(await outcome(answer), expected);
      assert.equal((await call(target, key)).status, expected === "200" ? 200 : 404);
    },
  })),
  ...combined,
]);
