import { GetObjectCommand, S3Client, UploadPartCommand } from "@aws-sdk/client-s3";
import { getSignedUrl } from "@aws-sdk/s3-request-presigner";
import { AwsClient } from "aws4fetch";
import fc from "fast-check";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import type { Principal } from "../types.ts";
import type { EchoPort, RawRequest } from "./echo-port.ts";
import { echoPort, errorCode, flip, send } from "./echo-port.ts";

const role: Principal = {
  kind: "role",
  arn: "arn:aws:sts::000000000000:assumed-role/Api/api",
  role: "ApiRole",
  environment: "env-1",
};
let port: EchoPort;
let s3: S3Client;

beforeAll(async () => {
  port = await echoPort();
  s3 = new S3Client({
    endpoint: port.server.url,
    region: "us-east-1",
    credentials: port.credentials.issue(role),
    forcePathStyle: true,
    requestChecksumCalculation: "WHEN_REQUIRED",
  });
});
afterAll(async () => {
  await port[Symbol.asyncDispose]();
});

const part = () =>
  getSignedUrl(
    s3,
    new UploadPartCommand({ Bucket: "bucket", Key: "o/ws/up", UploadId: "u+/=1", PartNumber: 7 }),
    {
      expiresIn: 60,
    },
  );

/** The path and query of a presigned part, to be altered. */
async function sentPart(): Promise<RawRequest & { path: string }> {
  return { method: "PUT", path: (await part()).slice(port.server.url.length), body: "bytes" };
}

const query = (name: string, change: (value: string) => string) => (sent: RawRequest) => ({
  ...sent,
  path: sent.path.replace(new RegExp(`([?&]${name}=)([^&]*)`), (_all, head, value) => head + change(value)),
});
const drop = (name: string) => (sent: RawRequest) => ({
  ...sent,
  path: sent.path.replace(new RegExp(`([?&])${name}=[^&]*&?`), "$1"),
});

test("the SDK's URL works, for its role, without the invocation that signed it", async () => {
  const response = await fetch(await part(), { method: "PUT", body: "bytes" });
  expect(response.status).toBe(200);
  const { call, body } = port.seen.at(-1) ?? {};
  expect(body?.toString()).toBe("bytes");
  expect(call?.payload).toEqual({ kind: "unsigned" });
  expect(call?.principal).toEqual(role);
  expect(call?.trace).toMatchObject({ action: "UploadPart", caller: "presigned:ApiRole" });
  expect(call?.trace.environment).toBeUndefined();
});

test("a length that was signed takes no other", async () => {
  const input = { Bucket: "bucket", Key: "o/ws/up", UploadId: "u", PartNumber: 1, ContentLength: 5 };
  const url = await getSignedUrl(s3, new UploadPartCommand(input));
  expect(new URL(url).searchParams.get("X-Amz-SignedHeaders")).toBe("content-length;host");
  const sent = (body: string, headers: Record<string, string> = {}) =>
    send(port.server.url, { method: "PUT", path: url.slice(port.server.url.length), body, headers });
  expect((await sent("bytes")).status).toBe(200);
  for (const body of ["byte", "bytes!", ""]) {
    const answer = await sent(body);
    expect([answer.status, errorCode(answer.text)]).toEqual([403, "SignatureDoesNotMatch"]);
  }
  const chunked = await fetch(url, {
    method: "PUT",
    body: new Blob(["bytes"]).stream(),
    duplex: "half",
  } as RequestInit);
  expect(chunked.status).toBe(403);
});

test("any key can be presigned", async () => {
  await fc.assert(
    fc.asyncProperty(fc.string({ unit: "grapheme", minLength: 1, maxLength: 30 }), async (text) => {
      const url = await getSignedUrl(s3, new GetObjectCommand({ Bucket: "bucket", Key: `k${text}` }));
      const answer = await send(port.server.url, { path: url.slice(port.server.url.length) });
      expect(answer.status).toBe(200);
      expect(port.seen.at(-1)?.call.path).toBe(`/bucket/k${text}`);
    }),
    { numRuns: 60 },
  );
});

test("aws4fetch presigns", async () => {
  const aws = new AwsClient({ ...port.credentials.root, service: "s3", region: "us-east-1" });
  const { url } = await aws.sign(`${port.server.url}/bucket/key?X-Amz-Expires=60`, {
    aws: { signQuery: true },
  });
  expect((await fetch(url)).status).toBe(200);
});

test("the order of the query does not matter", async () => {
  const { path, ...sent } = await sentPart();
  const [head, tail = ""] = path.split("?");
  expect(
    (await send(port.server.url, { ...sent, path: `${head}?${tail.split("&").reverse().join("&")}` })).status,
  ).toBe(200);
});

describe("an altered URL is refused", () => {
  const mismatch = [403, "SignatureDoesNotMatch"] as const;
  const incomplete = [400, "AuthorizationQueryParametersError"] as const;
  test.each<[string, (sent: RawRequest) => RawRequest, readonly [number, string]]>([
    ["bucket", (sent) => ({ ...sent, path: sent.path.replace("/bucket/", "/other/") }), mismatch],
    ["dot segments", (sent) => ({ ...sent, path: sent.path.replace("/ws/", "/x/../ws/") }), mismatch],
    ["a parameter twice", (sent) => ({ ...sent, path: `${sent.path}&partNumber=7` }), mismatch],
    ["signature in capitals", query("X-Amz-Signature", (v) => v.toUpperCase()), mismatch],
    ["host", (sent) => ({ ...sent, headers: { host: "localhost" } }), mismatch],
    ["token", query("X-Amz-Security-Token", flip), [400, "InvalidToken"]],
    ["no token", drop("X-Amz-Security-Token"), [403, "InvalidAccessKeyId"]],
    ["no time at all", query("X-Amz-Expires", () => "0"), incomplete],
    ...["X-Amz-Algorithm", "X-Amz-Credential", "X-Amz-Date", "X-Amz-Expires", "X-Amz-SignedHeaders"].map(
      (name): [string, (sent: RawRequest) => RawRequest, readonly [number, string]] => [
        `no ${name}`,
        drop(name),
        incomplete,
      ],
    ),
    [
      "an Authorization header beside it",
      (sent) => ({ ...sent, headers: { authorization: "AWS4-HMAC-SHA256 x" } }),
      [400, "InvalidArgument"],
    ],
  ])("%s", async (_name, alter, expected) => {
    const before = port.seen.length;
    const answer = await send(port.server.url, alter(await sentPart()));
    expect([answer.status, errorCode(answer.text)]).toEqual(expected);
    expect(port.seen.length).toBe(before);
  });

  test("S3 shows what it signed", async () => {
    const answer = await send(port.server.url, query("partNumber", () => "8")(await sentPart()));
    expect(answer.text).toContain("<CanonicalRequest>PUT\n/bucket/o/ws/up\n");
    expect(answer.text).toContain("<StringToSign>AWS4-HMAC-SHA256\n");
    expect(answer.text).not.toContain("undefined");
  });
});

test("a URL lives to the second", async () => {
  const sent = await sentPart();
  const signedAt = Date.parse(
    (/X-Amz-Date=(\w+)/.exec(sent.path)?.[1] ?? "").replace(
      /(....)(..)(..)T(..)(..)(..)Z/,
      "$1-$2-$3T$4:$5:$6Z",
    ),
  );
  const moved = signedAt + 59_000 - port.clock.now();
  port.clock.advance(moved);
  try {
    expect((await send(port.server.url, sent)).status).toBe(200);
    port.clock.advance(2_000);
    const late = await send(port.server.url, sent);
    expect([late.status, errorCode(late.text)]).toEqual([403, "AccessDenied"]);
    expect(late.text).toMatch(
      /<Message>Request has expired<\/Message><X-Amz-Expires>60<\/X-Amz-Expires><Expires>/,
    );
    expect(late.text).toMatch(/<ServerTime>/);
  } finally {
    port.clock.advance(-moved - 2_000);
  }
});

test("a URL is not valid long before it was signed", async () => {
  const sent = await sentPart();
  port.clock.advance(-16 * 60_000);
  try {
    expect((await send(port.server.url, sent)).text).toContain("Request is not valid yet");
  } finally {
    port.clock.advance(16 * 60_000);
  }
});

test("a URL ends with the credentials that signed it", async () => {
  const own = new S3Client({
    endpoint: port.server.url,
    region: "us-east-1",
    credentials: port.credentials.issue(role, { ttlMs: 10_000 }),
    forcePathStyle: true,
  });
  const url = await getSignedUrl(own, new GetObjectCommand({ Bucket: "bucket", Key: "k" }), {
    expiresIn: 3600,
  });
  port.clock.advance(10_001);
  try {
    const answer = await send(port.server.url, { path: url.slice(port.server.url.length) });
    expect([answer.status, errorCode(answer.text)]).toEqual([400, "ExpiredToken"]);
  } finally {
    port.clock.advance(-10_001);
  }
});
