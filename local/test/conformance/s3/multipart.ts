/** Uploads by parts: what becomes of them, and what is refused. */
import assert from "node:assert/strict";
import { createHash, randomBytes } from "node:crypto";
import { crc32 } from "node:zlib";
import {
  AbortMultipartUploadCommand,
  type CompletedPart,
  CompleteMultipartUploadCommand,
  CreateMultipartUploadCommand,
  type CreateMultipartUploadCommandInput,
  GetObjectCommand,
  HeadObjectCommand,
  ListMultipartUploadsCommand,
  ListPartsCommand,
  PutObjectCommand,
  UploadPartCommand,
} from "@aws-sdk/client-s3";
import { type Case, numbered } from "../case.ts";
import { call, freshKey, isRefused, MIB, outcome, type S3Target } from "./target.ts";

export const FIRST = randomBytes(5 * MIB);
export const LAST = randomBytes(1000);

/** As S3 writes a CRC-32. */
export const crcText = (bytes: Uint8Array, before = 0) =>
  Buffer.from(crc32(bytes, before).toString(16).padStart(8, "0"), "hex").toString("base64");

type CreateOptions = Partial<CreateMultipartUploadCommandInput>;
/** As uploads by presigned parts are. */
export const FULL_CRC32: CreateOptions = { ChecksumAlgorithm: "CRC32", ChecksumType: "FULL_OBJECT" };

/** An upload of one key, with the verbs that cases repeat. */
export async function begin(
  { client, bucket }: S3Target,
  options: CreateOptions = {},
  Key = freshKey("upload"),
) {
  const Bucket = bucket;
  const { UploadId } = await client.send(new CreateMultipartUploadCommand({ Bucket, Key, ...options }));
  const upload = { Bucket, Key, UploadId };
  return {
    upload,
    path: (part: number | string) => `${Key}?partNumber=${part}&uploadId=${UploadId}`,
    async part(PartNumber: number, Body: Uint8Array): Promise<CompletedPart> {
      const { ETag } = await client.send(new UploadPartCommand({ ...upload, PartNumber, Body }));
      return { PartNumber, ETag, ...(options.ChecksumType && { ChecksumCRC32: crcText(Body) }) };
    },
    complete: (Parts: CompletedPart[], more = {}) =>
      client.send(new CompleteMultipartUploadCommand({ ...upload, MultipartUpload: { Parts }, ...more })),
    abort: () => client.send(new AbortMultipartUploadCommand(upload)),
    parts: (more = {}) => client.send(new ListPartsCommand({ ...upload, ...more })),
    async read(more = {}): Promise<Buffer> {
      const got = await client.send(new GetObjectCommand({ Bucket, Key, ...more }));
      return Buffer.from((await got.Body?.transformToByteArray()) ?? []);
    },
  };
}

const behaviours = ["s3.multipart"] as const;

const joined: readonly Case<S3Target>[] = [
  {
    name: "joins parts by their numbers, whatever their order and gaps",
    behaviours,
    async check(target) {
      const u = await begin(target, { ContentType: "video/mp4", Metadata: { a: "b" } });
      const last = await u.part(7, LAST);
      const first = await u.part(2, FIRST);
      const done = await u.complete([first, last]);
      const md5s = createHash("md5");
      for (const part of [FIRST, LAST]) md5s.update(createHash("md5").update(part).digest());
      assert.equal(done.ETag, `"${md5s.digest("hex")}-2"`);
      assert((await u.read()).equals(Buffer.concat([FIRST, LAST])));
      const Range = `bytes=${FIRST.length - 10}-${FIRST.length + 9}`;
      assert((await u.read({ Range })).equals(Buffer.concat([FIRST.subarray(-10), LAST.subarray(0, 10)])));
      const { Bucket, Key } = u.upload;
      const head = await target.client.send(new HeadObjectCommand({ Bucket, Key }));
      assert.deepEqual([head.ContentType, head.Metadata], ["video/mp4", { a: "b" }]);
    },
  },
  {
    name: "reads one part by its number",
    behaviours,
    async check(target) {
      const u = await begin(target);
      await u.complete([await u.part(1, FIRST), await u.part(2, LAST)]);
      assert((await u.read({ PartNumber: 2 })).equals(LAST));
      await isRefused(u.read({ PartNumber: 3 }), "InvalidPartNumber");
    },
  },
  {
    name: "answers a repeated completion with the first one's answer",
    behaviours,
    async check(target) {
      const u = await begin(target);
      const parts = [await u.part(1, LAST)];
      const first = await u.complete(parts);
      assert.equal((await u.complete(parts)).ETag, first.ETag);
    },
  },
  {
    name: "knows a completed upload no more",
    behaviours,
    async check(target) {
      const u = await begin(target);
      await u.complete([await u.part(1, LAST)]);
      await isRefused(u.part(1, LAST), "NoSuchUpload");
      await isRefused(u.abort(), "NoSuchUpload");
    },
  },
  {
    name: "replaces a part that comes again",
    behaviours,
    async check(target) {
      const u = await begin(target);
      const before = await u.part(1, FIRST);
      const after = await u.part(1, LAST);
      await isRefused(u.complete([before]), "InvalidPart");
      await u.complete([after]);
      assert((await u.read()).equals(LAST));
    },
  },
  {
    name: "leaves out parts that the list leaves out",
    behaviours,
    async check(target) {
      const u = await begin(target);
      await u.part(1, FIRST);
      await u.complete([await u.part(2, LAST)]);
      assert((await u.read()).equals(LAST));
    },
  },
  {
    name: "is gone once aborted",
    behaviours,
    async check(target) {
      const u = await begin(target);
      const part = await u.part(1, LAST);
      await u.abort();
      for (const again of [() => u.part(1, LAST), u.parts, () => u.complete([part]), u.abort])
        await isRefused(again(), "NoSuchUpload");
    },
  },
  {
    name: "is no object before it is completed",
    behaviours,
    async check(target) {
      const u = await begin(target);
      await u.part(1, LAST);
      await isRefused(u.read(), "NoSuchKey");
      await u.abort();
    },
  },
  {
    name: "lists parts in pages",
    behaviours: ["s3.multipart", "s3.listing"],
    async check(target) {
      const u = await begin(target, FULL_CRC32);
      for (const number of [10_000, 3, 1, 2]) await u.part(number, LAST);
      const numbers = (page: Awaited<ReturnType<typeof u.parts>>) =>
        page.Parts?.map(({ PartNumber }) => PartNumber);
      const first = await u.parts({ MaxParts: 3 });
      assert.deepEqual(
        [numbers(first), first.IsTruncated, first.NextPartNumberMarker],
        [[1, 2, 3], true, "3"],
      );
      const second = await u.parts({ MaxParts: 3, PartNumberMarker: first.NextPartNumberMarker });
      assert.deepEqual([numbers(second), second.IsTruncated], [[10_000], false]);
      assert.equal(first.Parts?.[0]?.Size, LAST.length);
      await u.abort();
    },
  },
  {
    name: "lists parts with their checksums",
    behaviours: ["s3.multipart", "s3.checksums"],
    async check(target) {
      const u = await begin(target, FULL_CRC32);
      await u.part(1, LAST);
      const { Parts, ChecksumAlgorithm } = await u.parts();
      assert.deepEqual([Parts?.[0]?.ChecksumCRC32, ChecksumAlgorithm], [crcText(LAST), "CRC32"]);
      await u.abort();
    },
  },
  {
    name: "lists uploads under way in pages, by prefix",
    behaviours: ["s3.multipart", "s3.listing"],
    async check(target) {
      const prefix = freshKey("open");
      const keys = [`${prefix}/a`, `${prefix}/b`, `${prefix}/b`];
      const uploads = [];
      for (const key of keys) uploads.push(await begin(target, {}, key));
      const seen: (string | undefined)[] = [];
      let marker = {};
      for (let page = 0; page < 5; page++) {
        const input = { Bucket: target.bucket, Prefix: `${prefix}/`, MaxUploads: 1, ...marker };
        const answer = await target.client.send(new ListMultipartUploadsCommand(input));
        for (const { UploadId } of answer.Uploads ?? []) seen.push(UploadId);
        if (!answer.IsTruncated) break;
        marker = { KeyMarker: answer.NextKeyMarker, UploadIdMarker: answer.NextUploadIdMarker };
      }
      assert.deepEqual(new Set(seen), new Set(uploads.map(({ upload }) => upload.UploadId)));
      assert.equal(seen.length, 3);
      for (const u of uploads) await u.abort();
    },
  },
  {
    name: "overwrites, unless it must not",
    behaviours: ["s3.multipart", "s3.conditional-write"],
    async check(target) {
      const u = await begin(target);
      const { Bucket, Key } = u.upload;
      await target.client.send(new PutObjectCommand({ Bucket, Key, Body: "old" }));
      const parts = [await u.part(1, LAST)];
      await isRefused(u.complete(parts, { IfNoneMatch: "*" }), "PreconditionFailed");
      await u.complete(parts);
      assert((await u.read()).equals(LAST));
    },
  },
  {
    name: "overwrites what If-Match names only",
    behaviours: ["s3.multipart", "s3.conditional-write"],
    async check(target) {
      const u = await begin(target);
      const { Bucket, Key } = u.upload;
      const old = await target.client.send(new PutObjectCommand({ Bucket, Key, Body: "old" }));
      const parts = [await u.part(1, LAST)];
      await isRefused(u.complete(parts, { IfMatch: '"other"' }), "PreconditionFailed");
      await u.complete(parts, { IfMatch: old.ETag });
    },
  },
];

/** Of an upload whose part 1 is small and whose part 2 is large. */
type Completion = (small: CompletedPart, large: CompletedPart) => { parts: CompletedPart[]; more?: object };
const refusedCompletions: readonly (readonly [what: string, ask: Completion, name: string])[] = [
  ["descending parts", (small, large) => ({ parts: [large, small] }), "InvalidPartOrder"],
  ["a part twice", (_, large) => ({ parts: [large, large] }), "InvalidPartOrder"],
  ["a part that never came", (small) => ({ parts: [{ ...small, PartNumber: 3 }] }), "InvalidPart"],
  ["another ETag", (small, large) => ({ parts: [{ ...small, ETag: large.ETag }] }), "InvalidPart"],
  ["a small part in the middle", (small, large) => ({ parts: [small, large] }), "EntityTooSmall"],
  ["another size", (_, large) => ({ parts: [large], more: { MpuObjectSize: 1 } }), "InvalidRequest"],
  ["another checksum", (_, large) => ({ parts: [large], more: { ChecksumCRC32: "AAAAAA==" } }), "BadDigest"],
  [
    "a checksum of another kind",
    (_, large) => ({ parts: [large], more: { ChecksumCRC32C: "AAAAAA==" } }),
    "InvalidRequest",
  ],
  [
    "another checksum type",
    (_, large) => ({ parts: [large], more: { ChecksumType: "COMPOSITE" } }),
    "InvalidRequest",
  ],
  ["no parts", () => ({ parts: [] }), "MalformedXML"],
];

/** Parts have numbers from 1 to 10,000. */
const wrongNumbers = ["0", "10001", "-1", "x", ""];

export const multipartCases: readonly Case<S3Target>[] = numbered([
  ...joined,
  ...refusedCompletions.map(([what, ask, name]) => ({
    name: `a completion with ${what} is refused, and the upload stays`,
    behaviours,
    async check(target: S3Target) {
      const u = await begin(target, FULL_CRC32);
      const large = await u.part(2, FIRST);
      const { parts, more } = ask(await u.part(1, LAST), large);
      await isRefused(u.complete(parts, more), name);
      const left = await u.parts();
      assert.deepEqual(
        left.Parts?.map(({ PartNumber }) => PartNumber),
        [1, 2],
      );
      await u.complete([large]);
    },
  })),
  ...wrongNumbers.map((number) => ({
    name: `no part has the number ${JSON.stringify(number)}`,
    behaviours,
    async check(target: S3Target) {
      const u = await begin(target);
      const answer = await call(target, u.path(number), { method: "PUT", body: LAST });
      assert.equal(await outcome(answer), "400 InvalidArgument");
      await u.abort();
    },
  })),
]);
