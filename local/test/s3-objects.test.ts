import { randomBytes } from "node:crypto";
import { once } from "node:events";
import { request } from "node:http";
import { Readable } from "node:stream";
import {
  CopyObjectCommand,
  DeleteObjectCommand,
  DeleteObjectsCommand,
  DeleteObjectTaggingCommand,
  GetObjectCommand,
  GetObjectTaggingCommand,
  HeadObjectCommand,
  PutObjectCommand,
  PutObjectTaggingCommand,
} from "@aws-sdk/client-s3";
import { getSignedUrl } from "@aws-sdk/s3-request-presigner";
import { afterAll, beforeAll, describe, expect, it, vi } from "vitest";
import { BUCKET, type Harness, MIB, outcome, refusal, startS3 } from "./s3-harness.ts";

let h: Harness;
beforeAll(async () => {
  h = await startS3();
});
afterAll(() => h[Symbol.asyncDispose]());

const Bucket = BUCKET;
const put = (Key: string, Body: string | Uint8Array, more = {}) =>
  h.client.send(new PutObjectCommand({ Bucket, Key, Body, ...more }));
const read = async (Key: string) =>
  (await h.client.send(new GetObjectCommand({ Bucket, Key }))).Body?.transformToString();

/** PUTs a body whose length is known although it is yet to come, which `fetch` can't. */
async function sendStreaming(path: string, headers: Record<string, string>, body: ReadableStream) {
  const req = request(`${h.endpoint}${path}`, { method: "PUT", headers });
  const answered = once(req, "response");
  for await (const chunk of body) req.write(chunk);
  req.end();
  const [response] = await answered;
  return Buffer.concat(await response.toArray()).toString();
}

describe("an object", () => {
  it("streams from an SDK stream with a trailing checksum", async () => {
    const body = randomBytes(3 * MIB);
    const pieces = [body.subarray(0, 100_000), body.subarray(100_000)];
    await h.client.send(
      new PutObjectCommand({
        ...{ Bucket, Key: "stream", Body: Readable.from(pieces), ContentLength: body.length },
        ChecksumAlgorithm: "CRC32C",
      }),
    );
    const got = await h.client.send(new GetObjectCommand({ Bucket, Key: "stream", ChecksumMode: "ENABLED" }));
    expect(got.ChecksumCRC32C).toBeDefined();
    expect(got.ContentEncoding).toBeUndefined();
    expect(Buffer.from((await got.Body?.transformToByteArray()) ?? []).equals(body)).toBe(true);
  });

  it.each([
    "plain",
    "with space",
    "plus+sign",
    "a//b",
    "/leading",
    "../../etc/passwd",
    "./x/../y",
    "trailing/",
    "ünïcode/日本語/😀",
    "percent%2Fencoded",
    "query?and#hash&amp;",
    "quote'\"<>",
    "back\\slash",
    "control\u0001\r\nkey",
    "k".repeat(1024),
  ])("may be called %j", async (key) => {
    await put(key, key);
    expect(await read(key)).toBe(key);
    const head = await h.client.send(new HeadObjectCommand({ Bucket, Key: key }));
    expect(head.ContentLength).toBe(Buffer.byteLength(key));
    const result = await h.client.send(
      new DeleteObjectsCommand({ Bucket, Delete: { Objects: [{ Key: key }] } }),
    );
    expect(result.Deleted).toEqual([{ Key: key }]);
    expect((await refusal(read(key))).name).toBe("NoSuchKey");
  });

  it("is found by virtual host as well", async () => {
    await put("virtual/host", "v");
    const { port } = new URL(h.endpoint);
    const text = await new Promise<string>((resolve, reject) => {
      const headers = { host: `${BUCKET}.localhost:${port}` };
      request({ host: "127.0.0.1", port, path: "/virtual/host", headers }, async (res) => {
        resolve(Buffer.concat(await res.toArray()).toString());
      })
        .on("error", reject)
        .end();
    });
    expect(text).toBe("v");
  });

  it("makes an event when it is written and when it is deleted", async () => {
    h.events.length = 0;
    await put("event", "12345");
    await h.client.send(new CopyObjectCommand({ Bucket, Key: "event2", CopySource: `${BUCKET}/event` }));
    await h.client.send(new DeleteObjectCommand({ Bucket, Key: "event" }));
    await h.client.send(new DeleteObjectCommand({ Bucket, Key: "event" }));
    expect(h.events.map((event) => [event["detail-type"], event.detail.reason])).toEqual([
      ["Object Created", "PutObject"],
      ["Object Created", "CopyObject"],
      ["Object Deleted", "DeleteObject"],
    ]);
    expect(h.events[0]).toMatchObject({
      source: "aws.s3",
      resources: [`arn:aws:s3:::${BUCKET}`],
      detail: { bucket: { name: BUCKET }, object: { key: "event", size: 5, etag: expect.any(String) } },
    });
    const sequencers = h.events.map((event) => event.detail.object.sequencer);
    expect(sequencers).toEqual([...sequencers].sort());
    expect(new Set(sequencers).size).toBe(3);
  });

  it("needs the actions that S3 checks", async () => {
    h.authorized.length = 0;
    await put("auth", "x", { Tagging: "a=b" });
    await h.client.send(new HeadObjectCommand({ Bucket, Key: "auth" }));
    await h.client.send(new CopyObjectCommand({ Bucket, Key: "auth2", CopySource: `${BUCKET}/auth` }));
    await h.client.send(new DeleteObjectCommand({ Bucket, Key: "auth" }));
    const arn = `arn:aws:s3:::${BUCKET}/auth`;
    expect(h.authorized).toEqual([
      ...[`s3:PutObject ${arn}`, `s3:PutObjectTagging ${arn}`, `s3:GetObject ${arn}`],
      ...[`s3:PutObject ${arn}2`, `s3:GetObject ${arn}`, `s3:PutObjectTagging ${arn}2`],
      `s3:DeleteObject ${arn}`,
    ]);
  });

  it("that is missing looks forbidden to who may not list", async () => {
    h.denied.add("s3:ListBucket");
    try {
      expect((await refusal(read("nothing"))).name).toBe("AccessDenied");
    } finally {
      h.denied.clear();
    }
    expect((await refusal(read("nothing"))).name).toBe("NoSuchKey");
  });

  it("is traced with operation and status", async () => {
    h.traces.length = 0;
    await put("traced", "x");
    await expect.poll(() => h.traces.length).toBe(1);
    await read("traced");
    // The client may have the last byte before the server has ended the call.
    await expect.poll(() => h.traces.length).toBe(2);
    await refusal(read("untraced"));
    await expect.poll(() => h.traces.length).toBe(3);
    expect(h.traces.map(({ action, status }) => `${action} ${status}`)).toEqual([
      ...["PutObject 200", "GetObject 200", "GetObject 404"],
    ]);
  });
});

describe("ranges and conditions", () => {
  beforeAll(async () => {
    await put("digits", "0123456789");
    await put("empty", "");
  });

  it.each([["empty", "bytes=-1"]])("%s %s is not satisfiable", async (key, range) => {
    expect(await outcome(await h.anonymous(`/${BUCKET}/${key}`, { headers: { range } }))).toBe(
      "416 InvalidRange",
    );
  });

  it("response-* overrides need a signature", async () => {
    const query = "response-content-type=text%2Fplain&response-content-disposition=inline";
    expect(await outcome(await h.anonymous(`/${BUCKET}/digits?${query}`))).toBe("400 InvalidRequest");
    const command = new GetObjectCommand({
      ...{ Bucket, Key: "digits", ResponseContentType: "text/plain" },
      ResponseContentDisposition: "inline",
    });
    const response = await fetch(await getSignedUrl(h.client, command));
    expect(response.headers.get("content-type")).toBe("text/plain");
    expect(response.headers.get("content-disposition")).toBe("inline");
  });

  it("conflicts with a delete that comes in between", async () => {
    const { ETag = "" } = await put("between", "1");
    let send: (chunk: string) => void = () => {};
    const body = new ReadableStream({
      start(controller) {
        controller.enqueue(Buffer.from("he"));
        send = (chunk) => {
          controller.enqueue(Buffer.from(chunk));
          controller.close();
        };
      },
    });
    h.authorized.length = 0;
    const headers = { "if-match": ETag, "content-length": "5" };
    const write = sendStreaming(`/${BUCKET}/between`, headers, body);
    await vi.waitFor(() => expect(h.authorized).toHaveLength(1));
    await h.client.send(new DeleteObjectCommand({ Bucket, Key: "between" }));
    send("llo");
    expect(await write).toContain("<Code>ConditionalRequestConflict</Code>");
  });
});

describe("refused writes", () => {
  it.each<[string, Record<string, string>, string]>([
    [
      "two checksums",
      { "x-amz-checksum-crc32": "AAAAAA==", "x-amz-checksum-crc32c": "AAAAAA==" },
      "400 InvalidRequest",
    ],
    ["sha256 of the payload", { "x-amz-content-sha256": "0".repeat(64) }, "400 XAmzContentSHA256Mismatch"],
    ["too much metadata", { "x-amz-meta-big": "x".repeat(2100) }, "400 MetadataTooLarge"],
    ["public ACL", { "x-amz-acl": "public-read" }, "400 AccessControlListNotSupported"],
    ["duplicate tags", { "x-amz-tagging": "a=1&a=2" }, "400 InvalidArgument"],
    ["SSE-KMS", { "x-amz-server-side-encryption": "aws:kms" }, "501 NotImplemented"],
    ["SSE-C", { "x-amz-server-side-encryption-customer-algorithm": "AES256" }, "501 NotImplemented"],
  ])("%s %o", async (_name, headers, expected) => {
    const response = await h.anonymous(`/${BUCKET}/refused`, { method: "PUT", body: "hello", headers });
    expect(await outcome(response)).toBe(expected);
    expect((await h.anonymous(`/${BUCKET}/refused`)).status).toBe(404);
  });

  it.each<[string, string, string]>([
    ["PUT", `/nowhere/x`, "404 NoSuchBucket"],
    ["PUT", `/${BUCKET}/${"k".repeat(1025)}`, "400 KeyTooLongError"],
    ["GET", `/${BUCKET}/%ff`, "400 InvalidURI"],
    ["GET", `/${BUCKET}/x?acl`, "501 NotImplemented"],
    ["PUT", `/${BUCKET}/x?versionId=1`, "501 NotImplemented"],
    ["PATCH", `/${BUCKET}/x`, "405 MethodNotAllowed"],
  ])("%s %s answers %s", async (method, path, expected) => {
    expect(await outcome(await h.anonymous(path, { method }))).toBe(expected);
  });

  it("errors are S3's XML with ids", async () => {
    const response = await h.anonymous(`/${BUCKET}/missing?x=1`);
    const requestId = response.headers.get("x-amz-request-id");
    const text = await response.text();
    expect(response.headers.get("content-type")).toBe("application/xml");
    expect(text).toContain(
      `<Resource>/${BUCKET}/missing</Resource><RequestId>${requestId}</RequestId><HostId>`,
    );
    expect(text).toContain("<Key>missing</Key>");
  });
});

describe("copies", () => {
  it("keep or replace metadata and tags", async () => {
    await put("source +ü", "copy me", { Metadata: { a: "1" }, Tagging: "t=1", ContentType: "text/x" });
    const CopySource = encodeURIComponent(`${BUCKET}/source +ü`);
    await h.client.send(new CopyObjectCommand({ Bucket, Key: "kept", CopySource }));
    const kept = await h.client.send(new HeadObjectCommand({ Bucket, Key: "kept" }));
    expect(kept).toMatchObject({ Metadata: { a: "1" }, ContentType: "text/x", TagCount: 1 });
    await h.client.send(
      new CopyObjectCommand({
        ...{ Bucket, Key: "replaced", CopySource, MetadataDirective: "REPLACE", Metadata: { b: "2" } },
        ...{ TaggingDirective: "REPLACE", ContentType: "text/y" },
      }),
    );
    const replaced = await h.client.send(new HeadObjectCommand({ Bucket, Key: "replaced" }));
    expect(replaced).toMatchObject({ Metadata: { b: "2" }, ContentType: "text/y" });
    expect(replaced.TagCount).toBeUndefined();
    expect(await read("replaced")).toBe("copy me");
  });

  it("obey conditions on both sides", async () => {
    const { ETag } = await put("conditional", "x");
    const copy = (more: object) =>
      h.client.send(
        new CopyObjectCommand({ Bucket, Key: "copied", CopySource: `${BUCKET}/conditional`, ...more }),
      );
    expect((await refusal(copy({ CopySourceIfMatch: '"other"' }))).name).toBe("PreconditionFailed");
    expect((await refusal(copy({ CopySourceIfNoneMatch: ETag }))).name).toBe("PreconditionFailed");
    await copy({ CopySourceIfMatch: ETag, IfNoneMatch: "*" });
    expect((await refusal(copy({ IfNoneMatch: "*" }))).name).toBe("PreconditionFailed");
    expect((await refusal(copy({ CopySource: `${BUCKET}/gone` }))).name).toBe("NoSuchKey");
    expect((await refusal(copy({ CopySource: "nowhere/x" }))).name).toBe("NoSuchBucket");
    expect((await refusal(copy({ Key: "conditional" }))).name).toBe("InvalidRequest");
  });
});

describe("tags", () => {
  it("are set, read and removed", async () => {
    await put("tagged", "x", { Tagging: "team=core&stage=a%20b" });
    const tags = async () =>
      (await h.client.send(new GetObjectTaggingCommand({ Bucket, Key: "tagged" }))).TagSet;
    expect(await tags()).toEqual([
      { Key: "team", Value: "core" },
      { Key: "stage", Value: "a b" },
    ]);
    const TagSet = [{ Key: "only", Value: "<&>" }];
    const invalid = new PutObjectTaggingCommand({ Bucket, Key: "tagged", Tagging: { TagSet } });
    expect((await refusal(h.client.send(invalid))).name).toBe("InvalidTag");
    const Tagging = { TagSet: [{ Key: "only", Value: "one" }] };
    await h.client.send(new PutObjectTaggingCommand({ Bucket, Key: "tagged", Tagging }));
    expect(await tags()).toEqual(Tagging.TagSet);
    await h.client.send(new DeleteObjectTaggingCommand({ Bucket, Key: "tagged" }));
    expect(await tags()).toEqual([]);
  });
});
