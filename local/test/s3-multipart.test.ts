import { createHash, randomBytes } from "node:crypto";
import { connect } from "node:net";
import { crc32 } from "node:zlib";
import {
  AbortMultipartUploadCommand,
  type CompletedPart,
  CompleteMultipartUploadCommand,
  CreateMultipartUploadCommand,
  type CreateMultipartUploadCommandInput,
  GetObjectCommand,
  ListMultipartUploadsCommand,
  ListPartsCommand,
  PutObjectCommand,
  UploadPartCommand,
  type UploadPartCommandInput,
  UploadPartCopyCommand,
} from "@aws-sdk/client-s3";
import { getSignedUrl } from "@aws-sdk/s3-request-presigner";
import { afterAll, beforeAll, describe, expect, it, vi } from "vitest";
import { BUCKET, type Harness, MIB, outcome, refusal, startS3 } from "./s3-harness.ts";

let h: Harness;
beforeAll(async () => {
  h = await startS3({
    bucket: {
      lifecycleRules: [
        { prefix: "days/", abortIncompleteMultipartUploadDays: 7 },
        { prefix: "forms/", expirationDays: 1 },
      ],
    },
  });
});
afterAll(() => h[Symbol.asyncDispose]());

const Bucket = BUCKET;
const FIRST = randomBytes(5 * MIB);
const LAST = randomBytes(1000);
const base64 = (value: number) => Buffer.from(value.toString(16).padStart(8, "0"), "hex").toString("base64");
const sha256 = (data: Uint8Array | string) => createHash("sha256").update(data).digest("base64");

type CreateOptions = Partial<CreateMultipartUploadCommandInput>;
type PartOptions = Partial<UploadPartCommandInput>;
const FULL_CRC32: CreateOptions = { ChecksumAlgorithm: "CRC32", ChecksumType: "FULL_OBJECT" };

/** An upload of one key, with the verbs that tests repeat. */
async function begin(Key: string, options: CreateOptions = {}) {
  const { UploadId } = await h.client.send(new CreateMultipartUploadCommand({ Bucket, Key, ...options }));
  const upload = { Bucket, Key, UploadId };
  return {
    upload,
    path: (part: number) => `/${BUCKET}/${encodeURIComponent(Key)}?partNumber=${part}&uploadId=${UploadId}`,
    async part(PartNumber: number, Body: Uint8Array, more: PartOptions = {}): Promise<CompletedPart> {
      const answer = await h.client.send(new UploadPartCommand({ ...upload, PartNumber, Body, ...more }));
      return {
        ...{ PartNumber, ETag: answer.ETag, ChecksumCRC32: answer.ChecksumCRC32 },
        ...{ ChecksumSHA256: answer.ChecksumSHA256, ChecksumCRC32C: answer.ChecksumCRC32C },
      };
    },
    complete: (Parts: CompletedPart[], more = {}) =>
      h.client.send(new CompleteMultipartUploadCommand({ ...upload, MultipartUpload: { Parts }, ...more })),
    abort: () => h.client.send(new AbortMultipartUploadCommand(upload)),
    parts: () => h.client.send(new ListPartsCommand(upload)),
  };
}

const unsigned = (path: string, body: Uint8Array, headers: Record<string, string> = {}) =>
  h.anonymous(path, { method: "PUT", body: new Uint8Array(body), headers });

describe("a multipart upload", () => {
  it("joins its parts, with ranges across them", async () => {
    const u = await begin("joined", { ...FULL_CRC32, ContentType: "video/mp4", Metadata: { a: "b" } });
    const last = await u.part(7, LAST);
    const first = await u.part(2, FIRST);
    h.events.length = 0;
    const done = await u.complete([first, last], {
      MpuObjectSize: FIRST.length + LAST.length,
      IfNoneMatch: "*",
      ChecksumType: "FULL_OBJECT",
      ChecksumCRC32: base64(crc32(LAST, crc32(FIRST))),
    });
    const md5s = createHash("md5");
    for (const part of [FIRST, LAST]) md5s.update(createHash("md5").update(part).digest());
    expect(done.ETag).toBe(`"${md5s.digest("hex")}-2"`);
    expect(done.ChecksumType).toBe("FULL_OBJECT");

    const whole = Buffer.concat([FIRST, LAST]);
    const get = async (more = {}) => {
      const got = await h.client.send(new GetObjectCommand({ Bucket, Key: "joined", ...more }));
      return { ...got, body: Buffer.from((await got.Body?.transformToByteArray()) ?? []) };
    };
    const got = await get({ ChecksumMode: "ENABLED" });
    expect(got.body.equals(whole)).toBe(true);
    expect(got).toMatchObject({ ContentType: "video/mp4", Metadata: { a: "b" } });
    expect(got.ChecksumCRC32).toBe(base64(crc32(whole)));
    const across = await get({ Range: `bytes=${FIRST.length - 10}-${FIRST.length + 9}` });
    expect(across.body.equals(whole.subarray(FIRST.length - 10, FIRST.length + 10))).toBe(true);
    const second = await get({ PartNumber: 2 });
    expect(second.body.equals(LAST)).toBe(true);
    expect(second.PartsCount).toBe(2);
    expect((await refusal(get({ PartNumber: 3 }))).name).toBe("InvalidPartNumber");
    expect(h.events.map((event) => event.detail)).toMatchObject([
      { reason: "CompleteMultipartUpload", object: { key: "joined", size: whole.length } },
    ]);
  });

  it("answers a repeated completion with the first one's answer", async () => {
    const u = await begin("repeated", FULL_CRC32);
    const parts = [await u.part(1, LAST)];
    const first = await u.complete(parts, { IfNoneMatch: "*" });
    h.events.length = 0;
    const second = await u.complete(parts, { IfNoneMatch: "*" });
    expect(second.ETag).toBe(first.ETag);
    expect(second.ChecksumCRC32).toBe(first.ChecksumCRC32);
    expect(h.events).toEqual([]);
    expect((await refusal(u.complete([{ ...parts[0], PartNumber: 2 }]))).name).toBe("NoSuchUpload");
    expect((await refusal(u.part(1, LAST))).name).toBe("NoSuchUpload");
    expect((await refusal(u.abort())).name).toBe("NoSuchUpload");
  });

  it("needs the actions that S3 checks", async () => {
    h.authorized.length = 0;
    const u = await begin("auth");
    await u.part(1, LAST);
    await u.parts();
    await u.abort();
    await h.client.send(new ListMultipartUploadsCommand({ Bucket }));
    const actions = h.authorized.map((line) => line.split(" ")[0]);
    expect(actions).toEqual([
      ...["s3:PutObject", "s3:PutObject", "s3:ListMultipartUploadParts", "s3:AbortMultipartUpload"],
      "s3:ListBucketMultipartUploads",
    ]);
  });

  it("copies parts from other objects", async () => {
    await h.client.send(new PutObjectCommand({ Bucket, Key: "copy source", Body: "0123456789" }));
    const u = await begin("from copy", FULL_CRC32);
    const source = { CopySource: `${BUCKET}/copy%20source`, CopySourceRange: "bytes=2-5" };
    const copy = (PartNumber: number, more = {}) =>
      h.client.send(new UploadPartCopyCommand({ ...u.upload, PartNumber, ...source, ...more }));
    expect((await refusal(copy(1, { CopySourceRange: "bytes=5-10" }))).name).toBe("InvalidArgument");
    const { CopyPartResult } = await copy(1);
    await u.complete([{ PartNumber: 1, ETag: CopyPartResult?.ETag }]);
    const got = await h.client.send(new GetObjectCommand({ Bucket, Key: "from copy" }));
    expect(await got.Body?.transformToString()).toBe("2345");
  });
});

describe("refused completions", () => {
  let u: Awaited<ReturnType<typeof begin>>;
  let large: CompletedPart;
  beforeAll(async () => {
    u = await begin("refused", FULL_CRC32);
    large = await u.part(2, FIRST);
  });

  it("say how large the object would be", async () => {
    const { message } = await refusal(u.complete([large], { MpuObjectSize: 7 }));
    expect(message).toBe(
      `The provided 'x-amz-mp-object-size' header value 7 does not match what was computed: ${FIRST.length}`,
    );
  });
});

describe("checksums of parts", () => {
  it("are named when they don't fit", async () => {
    const u = await begin("mismatch", { ChecksumAlgorithm: "SHA256" });
    const text = await (await unsigned(u.path(1), LAST)).text();
    expect(text).toContain(
      "Checksum Type mismatch occurred, expected checksum Type: sha256, actual checksum Type: null",
    );
    await u.abort();
  });

  it("in the query of a presigned URL is signed and ignored", async () => {
    const u = await begin("hoisted");
    const command = new UploadPartCommand({ ...u.upload, PartNumber: 1, ChecksumSHA256: sha256(LAST) });
    const url = await getSignedUrl(h.client, command, {
      hoistableHeaders: new Set(["x-amz-checksum-sha256"]),
    });
    expect(new URL(url).searchParams.get("x-amz-checksum-sha256")).toBe(sha256(LAST));
    const put = (target: string, headers = {}) => fetch(target, { method: "PUT", body: "another", headers });
    expect(await outcome(await put(url))).toBe("200");
    const changed = url.replace(/(x-amz-checksum-sha256=)./, "$1_");
    expect(await outcome(await put(changed))).toBe("403 SignatureDoesNotMatch");
    const twice = await put(url, { "x-amz-checksum-sha256": sha256("another") });
    expect(await twice.text()).toContain("<HeadersNotSigned>x-amz-checksum-sha256</HeadersNotSigned>");
    await u.abort();
  });

  it("of nothing, which the SDK signs into a URL by default, is ignored too", async () => {
    const u = await begin("sdk default");
    const url = await getSignedUrl(h.client, new UploadPartCommand({ ...u.upload, PartNumber: 1 }));
    expect(new URL(url).searchParams.get("x-amz-checksum-crc32")).toBe("AAAAAA==");
    expect(await outcome(await fetch(url, { method: "PUT", body: "another" }))).toBe("200");
    await u.abort();
  });

  it("in the query is none to a composite upload", async () => {
    const u = await begin("hoisted composite", { ChecksumAlgorithm: "SHA256" });
    const command = new UploadPartCommand({ ...u.upload, PartNumber: 1, ChecksumSHA256: sha256(LAST) });
    const url = await getSignedUrl(h.client, command, {
      hoistableHeaders: new Set(["x-amz-checksum-sha256"]),
    });
    const answer = await fetch(url, { method: "PUT", body: new Uint8Array(LAST) });
    expect(await answer.text()).toContain("expected checksum Type: sha256, actual checksum Type: null");
    await u.abort();
  });
});

describe("parts", () => {
  it("of a client that dies midway are not kept", async () => {
    const u = await begin("dies", FULL_CRC32);
    const { port } = new URL(h.endpoint);
    h.traces.length = 0;
    const socket = connect(Number(port), "127.0.0.1", () => {
      socket.write(
        `PUT ${u.path(1)} HTTP/1.1\r\nHost: localhost\r\nContent-Length: 1000000\r\n\r\nonly this`,
      );
      socket.end();
    });
    await vi.waitFor(() => expect(h.traces.map((trace) => trace.action)).toEqual(["UploadPart"]));
    expect((await u.parts()).Parts).toBeUndefined();
    await u.abort();
  });

  it("larger than 5 GiB are refused before they are sent", async () => {
    const u = await begin("huge", FULL_CRC32);
    const { port } = new URL(h.endpoint);
    const answer = await new Promise<string>((resolve, reject) => {
      const socket = connect(Number(port), "127.0.0.1", () => {
        socket.write(
          `PUT ${u.path(1)} HTTP/1.1\r\nHost: localhost\r\nContent-Length: ${6 * 1024 ** 3}\r\n\r\n`,
        );
      });
      let text = "";
      socket.on("data", (chunk) => {
        text += chunk;
        if (!text.endsWith("</Error>")) return;
        resolve(text);
        socket.destroy();
      });
      socket.on("error", reject);
    });
    expect(answer).toContain("400 Bad Request");
    expect(answer).toContain("EntityTooLarge");
    await u.abort();
  });
});

describe("uploads under way", () => {
  it("are aborted by the lifecycle rule, at the midnight after their days", async () => {
    const u = await begin("days/old");
    const other = await begin("nights/old");
    await u.part(1, LAST);
    const day = 24 * 60 * 60 * 1000;
    h.clock.advance(6 * day);
    expect(h.s3.runLifecycle()).toBe(0);
    // The signatures of the client are by the machine's clock; the lifecycle is asked directly.
    h.clock.advance(2 * day);
    expect(h.s3.runLifecycle()).toBe(0); // its own timer has run already
    h.clock.advance(-8 * day);
    expect((await refusal(u.parts())).name).toBe("NoSuchUpload");
    await other.abort();
  });
});

describe("objects of a prefix", () => {
  it("are deleted by the lifecycle rule, at the midnight after their days", async () => {
    const put = (Key: string) => h.client.send(new PutObjectCommand({ Bucket: BUCKET, Key, Body: "x" }));
    await put("forms/old");
    await put("formsnot/old");
    h.events.length = 0;
    const day = 24 * 60 * 60 * 1000;
    h.clock.advance(2 * day);
    expect(h.s3.runLifecycle()).toBe(1);
    h.clock.advance(-2 * day);
    expect((await h.anonymous(`/${BUCKET}/forms/old`)).status).toBe(404);
    expect((await h.anonymous(`/${BUCKET}/formsnot/old`)).status).toBe(200);
    expect(h.events).toMatchObject([
      {
        "detail-type": "Object Deleted",
        detail: {
          ...{ object: { key: "forms/old" }, requester: "s3.amazonaws.com" },
          ...{ reason: "Lifecycle Expiration", "deletion-type": "Permanently Deleted" },
        },
      },
    ]);
  });
});
