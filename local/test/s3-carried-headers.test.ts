/** What S3 makes of the headers that clients repeat where a redirect leads: a presigned UploadPart with each of them. */
import { createHash } from "node:crypto";
import { CreateMultipartUploadCommand, PutObjectCommand, UploadPartCommand } from "@aws-sdk/client-s3";
import { getSignedUrl } from "@aws-sdk/s3-request-presigner";
import { afterAll, beforeAll, expect, test } from "vitest";
import { errorCode, send } from "./echo-port.ts";
import { BUCKET, type Harness, startS3 } from "./s3-harness.ts";

const BODY = "hello";
const md5 = (text: string) => createHash("md5").update(text).digest("base64");
const LONG_AGO = "Sat, 01 Jan 2000 00:00:00 GMT";

let h: Harness;
let url: string;

beforeAll(async () => {
  h = await startS3();
  const upload = { Bucket: BUCKET, Key: "carried" };
  const { UploadId } = await h.client.send(new CreateMultipartUploadCommand(upload));
  url = await getSignedUrl(h.client, new UploadPartCommand({ ...upload, UploadId, PartNumber: 1 }));
});
afterAll(() => h[Symbol.asyncDispose]());

const put = (headers: Record<string, string>, to = url) =>
  send(h.endpoint, {
    method: "PUT",
    path: to.slice(h.endpoint.length),
    headers: { "content-length": String(BODY.length), ...headers },
    body: BODY,
  });

test.each([
  ["Cookie", "session=1"],
  ["Idempotency-Key", "k-1"],
  ["X-Request-ID", "r-1"],
  ["traceparent", "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01"],
  ["x-amzn-trace-id", "Root=1"],
  ["Lock-Token", "whl_x"],
  ["Content-Type", "application/octet-stream"],
  ["Content-Encoding", "gzip"],
  ["Content-MD5", md5(BODY)],
  ["Expect", "100-continue"],
])("%s does no harm", async (name, value) => {
  expect((await put({ [name]: value })).status).toBe(200);
});

test.each([
  ["Content-Range", "bytes 0-4/5"],
  ["If-Match", '"x"'],
  ["If-None-Match", "*"],
  ["If-Modified-Since", LONG_AGO],
  ["If-Unmodified-Since", LONG_AGO],
])("%s is 501 and named", async (name, value) => {
  const { status, text } = await put({ [name]: value });
  expect([status, errorCode(text)]).toEqual([501, "NotImplemented"]);
  expect(text).toContain(
    `<Message>A header you provided implies functionality that is not implemented</Message><Header>${name}</Header>`,
  );
});

test.each([
  ["Authorization", "Bearer token", 400, "InvalidArgument", "Only one auth mechanism allowed"],
  ["Authorization", "Basic YTpi", 400, "InvalidArgument", "<ArgumentName>Authorization</ArgumentName>"],
  ["Content-MD5", md5("other"), 400, "BadDigest", ""],
  ["Content-MD5", "no digest", 400, "InvalidDigest", ""],
  ["x-amz-acl", "private", 403, "AccessDenied", "<HeadersNotSigned>x-amz-acl</HeadersNotSigned>"],
  ["x-amz-meta-colour", "red", 403, "AccessDenied", "<HeadersNotSigned>x-amz-meta-colour</HeadersNotSigned>"],
  ["x-amz-checksum-crc32", "NhCmhg==", 403, "AccessDenied", "There were headers present in the request"],
  ["x-amz-sdk-checksum-algorithm", "CRC32", 403, "AccessDenied", "x-amz-sdk-checksum-algorithm"],
])("%s: %s is %i %s", async (name, value, status, code, text) => {
  const answer = await put({ [name]: value });
  expect([answer.status, errorCode(answer.text)]).toEqual([status, code]);
  expect(answer.text).toContain(text);
});

test("Content-Range is 501 for whole objects too", async () => {
  const whole = await getSignedUrl(h.client, new PutObjectCommand({ Bucket: BUCKET, Key: "whole" }));
  expect((await put({ "Content-Range": "bytes 0-4/5" }, whole)).text).toContain(
    "<Header>Content-Range</Header>",
  );
});
