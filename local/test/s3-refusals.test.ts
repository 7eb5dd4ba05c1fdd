import { once } from "node:events";
import { connect } from "node:net";
import {
  CopyObjectCommand,
  CreateMultipartUploadCommand,
  GetObjectTaggingCommand,
  HeadObjectCommand,
  ListMultipartUploadsCommand,
  ListObjectsCommand,
  ListObjectsV2Command,
  PutObjectCommand,
  PutObjectTaggingCommand,
} from "@aws-sdk/client-s3";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { BUCKET, errorCode, type Harness, outcome, refusal, startS3 } from "./s3-harness.ts";

let h: Harness;
beforeAll(async () => {
  h = await startS3();
  await h.client.send(new PutObjectCommand({ Bucket, Key: "source", Body: "bytes" }));
});
afterAll(() => h[Symbol.asyncDispose]());

const Bucket = BUCKET;
/** Sends these bytes and no others; answers everything that comes back. */
async function raw(target: string, headers: Record<string, string>, body: string): Promise<string> {
  const socket = connect(Number(new URL(h.endpoint).port), "127.0.0.1");
  const lines = Object.entries({ host: "localhost", connection: "close", ...headers });
  const head = lines.map(([name, value]) => `${name}: ${value}\r\n`).join("");
  socket.write(Buffer.from(`${target} HTTP/1.1\r\n${head}\r\n${body}`, "latin1"));
  let text = "";
  socket.on("data", (chunk) => {
    text += chunk;
  });
  await once(socket, "close");
  return text;
}

const CHUNKED = { "transfer-encoding": "chunked" };

describe("how long a body is", () => {
  async function put(headers: Record<string, string>, query = "", method = "PUT") {
    const chunked = headers["transfer-encoding"] !== undefined;
    const body = chunked ? "5\r\nhello\r\n0\r\n\r\n" : headers["content-length"] ? "hello" : "";
    const text = await raw(`${method} /${BUCKET}/lengths${query}`, headers, body);
    const code = /<Code>.*<\/Code>/.test(text) ? errorCode(text) : "";
    const detail = /<Header>.*<\/Header>/.exec(text)?.[0] ?? "";
    return [text.slice("HTTP/1.1 ".length, 12), code, detail].filter(Boolean).join(" ");
  }

  it.each<[string, Record<string, string>, string]>([
    ["nothing says", {}, "411 MissingContentLength"],
    ["a length", { "content-length": "5" }, "200"],
    ["HTTP's chunks", CHUNKED, "501 NotImplemented <Header>Transfer-Encoding</Header>"],
    [
      "HTTP's chunks without S3's framing",
      { ...CHUNKED, "x-amz-decoded-content-length": "5" },
      "501 NotImplemented <Header>Transfer-Encoding</Header>",
    ],
    [
      "HTTP's chunks around S3's, without the decoded length",
      { ...CHUNKED, "x-amz-content-sha256": "STREAMING-UNSIGNED-PAYLOAD-TRAILER" },
      "501 NotImplemented <Header>Transfer-Encoding</Header>",
    ],
  ])("%s", async (_name, headers, expected) => {
    expect(await put(headers)).toBe(expected);
  });

  it.each([
    ["PUT", "?partNumber=1&uploadId=U", "404 NoSuchUpload"],
    ["POST", "?uploadId=U", "411 MissingContentLength"],
    ["PUT", "?tagging", "411 MissingContentLength"],
    ["POST", "?uploads", "200"],
  ])("of %s %s without one", async (method, query, expected) => {
    expect(await put({}, query, method)).toBe(expected);
  });
});

describe("the checksum that an SDK names", () => {
  const crc32 = { "x-amz-checksum-crc32": "NhCmhg==" };
  it.each<[string, Record<string, string>, string]>([
    ["is sent", { "x-amz-sdk-checksum-algorithm": "CRC32", ...crc32 }, "200"],
    ["is missing", { "x-amz-sdk-checksum-algorithm": "CRC32" }, "400 InvalidRequest"],
    ["is another", { "x-amz-sdk-checksum-algorithm": "SHA256", ...crc32 }, "400 InvalidRequest"],
  ])("%s", async (_name, headers, expected) => {
    const init = { method: "PUT", body: "hello", headers };
    expect(await outcome(await h.anonymous(`/${BUCKET}/named`, init))).toBe(expected);
  });
});

describe("the owner that a request expects", () => {
  it.each([
    ["000000000000", "200"],
    ["111111111111", "403 AccessDenied"],
    ["somebody", "400 InvalidBucketOwnerAWSAccountID"],
    ["", "400 InvalidBucketOwnerAWSAccountID"],
  ])("%j: %s", async (owner, expected) => {
    const headers = { "x-amz-expected-bucket-owner": owner };
    expect(await outcome(await h.anonymous(`/${BUCKET}/source`, { headers }))).toBe(expected);
    expect(await outcome(await h.anonymous(`/${BUCKET}?list-type=2`, { headers }))).toBe(expected);
    const put = { method: "PUT", body: "x", headers };
    expect(await outcome(await h.anonymous(`/${BUCKET}/owned`, put))).toBe(expected);
  });

  it("is asked of a copy's source too", async () => {
    const copy = { Bucket, Key: "owned copy", CopySource: `${BUCKET}/source` };
    const ExpectedSourceBucketOwner = "111111111111";
    const refused = h.client.send(new CopyObjectCommand({ ...copy, ExpectedSourceBucketOwner }));
    expect((await refusal(refused)).name).toBe("AccessDenied");
  });
});

describe("what describes an object", () => {
  it("can't have tags of AWS's own", async () => {
    const TagSet = [{ Key: "aws:mine", Value: "1" }];
    const tagged = h.client.send(new PutObjectTaggingCommand({ Bucket, Key: "source", Tagging: { TagSet } }));
    expect(await refusal(tagged)).toEqual({
      name: "InvalidTag",
      message: "Your TagKey cannot be prefixed with aws:",
    });
    const put = h.client.send(new PutObjectCommand({ Bucket, Key: "tagged", Tagging: "aws%3Amine=1" }));
    expect((await refusal(put)).name).toBe("InvalidTag");
    const { TagSet: kept } = await h.client.send(new GetObjectTaggingCommand({ Bucket, Key: "source" }));
    expect(kept).toEqual([]);
  });

  it.each([
    ["COLD", "400 InvalidStorageClass"],
    ["GLACIER", "501 NotImplemented"],
    ["STANDARD", "200"],
  ])("the storage class %s: %s", async (storageClass, expected) => {
    const headers = { "x-amz-storage-class": storageClass };
    const put = { method: "PUT", body: "x", headers };
    expect(await outcome(await h.anonymous(`/${BUCKET}/class`, put))).toBe(expected);
    const start = await h.anonymous(`/${BUCKET}/class?uploads`, { method: "POST", headers });
    expect(await outcome(start)).toBe(expected);
  });

  const utf8 = (text: string) => Buffer.from(text).toString("latin1");
  it.each([
    ["ASCII stays", "plain = _?", "plain = _?"],
    ["bytes of UTF-8", utf8("Grüße = 1_?"), "=?UTF-8?Q?Gr=C3=BC=C3=9Fe_=3D_1=5F=3F?="],
    ["an encoded word", "=?UTF-8?B?R3LDvMOfZQ==?=", "=?UTF-8?Q?Gr=C3=BC=C3=9Fe?="],
    ["several", "=?utf-8?q?Gr=C3=BC?= =?UTF-8?Q?=C3=9Fe_x?=", "=?UTF-8?Q?Gr=C3=BC=C3=9Fe_x?="],
    ["an encoded word of ASCII", "=?UTF-8?Q?a_b?=", "a b"],
    ["what can't be printed", utf8("a\u0085"), "=?UTF-8?B?YcKF?="],
    ["what is no UTF-8", "caf\xe9", "=?UTF-8?Q?caf=C3=A9?="],
  ])("metadata: %s", async (_name, sent, answered) => {
    const headers = { "x-amz-meta-a": sent, "content-length": "1" };
    expect(await raw(`PUT /${BUCKET}/metadata`, headers, "x")).toMatch(/^HTTP\/1.1 200 /);
    const head = await h.anonymous(`/${BUCKET}/metadata`, { method: "HEAD" });
    expect(head.headers.get("x-amz-meta-a")).toBe(answered);
  });
});

describe("owners in listings", () => {
  const id = expect.stringMatching(/^[0-9a-f]{64}$/);

  it("version 1 always tells them, version 2 where asked", async () => {
    const asked = { Bucket, Prefix: "source" };
    const v1 = await h.client.send(new ListObjectsCommand(asked));
    expect(v1.Contents).toMatchObject([{ Owner: { ID: id } }]);
    const v2 = await h.client.send(new ListObjectsV2Command(asked));
    expect(v2.Contents?.[0]?.Owner).toBeUndefined();
    const owned = await h.client.send(new ListObjectsV2Command({ ...asked, FetchOwner: true }));
    expect(owned.Contents).toMatchObject([{ Owner: { ID: id } }]);
    expect((await h.client.send(new HeadObjectCommand({ Bucket, Key: "source" }))).ContentLength).toBe(5);
  });

  it("uploads tell them", async () => {
    await h.client.send(new CreateMultipartUploadCommand({ Bucket, Key: "owned upload" }));
    const { Uploads } = await h.client.send(new ListMultipartUploadsCommand({ Bucket, Prefix: "owned up" }));
    expect(Uploads).toMatchObject([{ Owner: { ID: id }, Initiator: { ID: id } }]);
  });
});

describe("what CompleteMultipartUpload looks at first", () => {
  it("in S3's order", async () => {
    const { UploadId } = await h.client.send(
      new CreateMultipartUploadCommand({
        ...{ Bucket, Key: "ordered", ChecksumAlgorithm: "CRC32", ChecksumType: "FULL_OBJECT" },
      }),
    );
    await h.client.send(new PutObjectCommand({ Bucket, Key: "ordered", Body: "taken" }));
    const part = (number: number) => `<Part><PartNumber>${number}</PartNumber><ETag>none</ETag></Part>`;
    const post = async (body: string, headers: Record<string, string>, id = UploadId) => {
      const path = `/${BUCKET}/ordered?uploadId=${id}`;
      return outcome(await h.anonymous(path, { method: "POST", body, headers }));
    };
    const wrap = (parts: string) => `<CompleteMultipartUpload>${parts}</CompleteMultipartUpload>`;
    const unordered = wrap(part(2) + part(1));
    const taken = { "if-none-match": "*" };
    const mode = { "x-amz-checksum-type": "COMPOSITE" };
    const size = { "x-amz-mp-object-size": "1" };

    expect(await post("", { ...taken, ...mode })).toBe("400 InvalidRequest");
    expect(await post(wrap(""), { ...taken, ...mode })).toBe("400 MalformedXML");
    expect(await post(unordered, { ...taken, ...mode, ...size }, "other")).toBe("404 NoSuchUpload");
    expect(await post(unordered, { ...taken, ...mode, ...size })).toBe("412 PreconditionFailed");
    expect(await post(unordered, { ...mode, ...size })).toBe("400 InvalidPartOrder");
    expect(await post(wrap(part(1)), { ...mode, ...size })).toBe("400 InvalidRequest");
    expect(await post(wrap(part(1)), size)).toBe("400 InvalidPart");
  });
});
