import { createHash } from "node:crypto";
import { DynamoDBClient, ListTablesCommand } from "@aws-sdk/client-dynamodb";
import { EventBridgeClient, PutEventsCommand } from "@aws-sdk/client-eventbridge";
import { GetObjectCommand, PutObjectCommand, S3Client } from "@aws-sdk/client-s3";
import { SendMessageCommand, SQSClient } from "@aws-sdk/client-sqs";
import { AwsClient } from "aws4fetch";
import fc from "fast-check";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { verify } from "../authenticate.ts";
import { canonicalRequest, sign, signingKey, stringToSign } from "../sigv4.ts";
import type { Principal } from "../types.ts";
import type { EchoPort } from "./echo-port.ts";
import { echoPort, errorCode, flip, send } from "./echo-port.ts";

const role: Principal = {
  kind: "role",
  arn: "arn:aws:sts::000000000000:assumed-role/Api/api",
  role: "ApiRole",
};
// The references' example key.
const secret = ["wJalrXUtnFEMI", "K7MDENG", "bPxRfiCYEXAMPLEKEY"].join("/");
let port: EchoPort;

beforeAll(async () => {
  port = await echoPort();
});
afterAll(async () => {
  await port[Symbol.asyncDispose]();
});

/** The root's key, or a role's with its session token, as the SDK takes them. */
function keys(who: "root" | "role") {
  if (who === "root") return port.credentials.root;
  return port.credentials.issue(role);
}

function client<T>(
  Client: new (options: {
    endpoint: string;
    region: string;
    credentials: object;
    maxAttempts: number;
    forcePathStyle?: boolean;
  }) => T,
  who: "root" | "role" = "root",
  overrides: object = {},
): T {
  return new Client({
    endpoint: port.server.url,
    region: "us-east-1",
    credentials: keys(who),
    maxAttempts: 1,
    forcePathStyle: true,
    ...overrides,
  });
}

const s3 = (who: "root" | "role" = "root", overrides: object = {}) =>
  client(S3Client as never, who, overrides) as S3Client;

test("the published example of the S3 reference signs to the published signature", () => {
  // S3 API Reference, "Signature Calculations: Transferring Payload in a Single Chunk", example GET Object.
  const headers = {
    host: "examplebucket.s3.amazonaws.com",
    range: "bytes=0-9",
    "x-amz-content-sha256": createHash("sha256").digest("hex"),
    "x-amz-date": "20130524T000000Z",
  };
  const canonical = canonicalRequest({
    method: "GET",
    path: "/test.txt",
    query: [],
    headers: new Map(Object.entries(headers).map(([name, value]) => [name, [value]])),
    signedHeaders: Object.keys(headers),
    payloadHash: headers["x-amz-content-sha256"],
    service: "s3",
  });
  const text = stringToSign("20130524T000000Z", "20130524/us-east-1/s3/aws4_request", canonical);
  expect(sign(signingKey(secret, "20130524", "us-east-1", "s3"), text)).toBe(
    "f0e8bdb87c964420e857bd35b5d6ed310bd44f0170aba48dd91039c6036bdb41",
  );
});

// S3 API Reference, "Transferring Payload in Multiple Chunks", without and with a trailing checksum.
test.each([
  {
    trailer: undefined,
    headers: { "content-length": "66824" },
    seed: "4f232c4386841ef735655705268965c44a0e4690baa4adea153f7db9fa80a0a9",
    chunks: [
      "ad80c730a21e5b8d04586a2213dd63b9a0e99e0e2307b0ade35a65485a288648",
      "0055627c9e194cb4542bae2aa5492e3c1575bbb81b612b7d234b86a503ef5497",
      "b6c6ea8a5354eaf15b3cb7646744f4275b71ea724fed81ceb9323e279d449df9",
    ],
  },
  {
    trailer: "d81f82fc3505edab99d459891051a732e8730629a2e4a59689829ca17fe2e435",
    headers: { "x-amz-trailer": "x-amz-checksum-crc32c" },
    seed: "106e2a8a18243abcf37539882f36619c00e2dfc72633413f02d3b74544bfeb8e",
    chunks: [
      "b474d8862b1487a5145d686f57f013e54db672cee1c953b3010fb58501ef5aa2",
      "1c1344b170168f8e65b41376b44b20fe354e373826ccbbe2c1d40a8cae51e5c7",
      "2ca2aba2005185cf7159c6277faf83795951dd77a3a99e6e65d5c9f85863f992",
    ],
  },
])("the published chunks verify, and no others ($headers)", ({ trailer, headers, seed, chunks }) => {
  const all = {
    ...headers,
    "content-encoding": "aws-chunked",
    host: "s3.amazonaws.com",
    "x-amz-content-sha256": `STREAMING-AWS4-HMAC-SHA256-PAYLOAD${trailer ? "-TRAILER" : ""}`,
    "x-amz-date": "20130524T000000Z",
    "x-amz-decoded-content-length": "66560",
    "x-amz-storage-class": "REDUCED_REDUNDANCY",
  };
  const { payload } = verify(
    {
      method: "PUT",
      rawPath: "/examplebucket/chunkObject.txt",
      query: [],
      headers: new Map(Object.entries(all).map(([name, value]) => [name, [value]])),
    },
    {
      where: "header",
      accessKeyId: "any",
      date: "20130524",
      region: "us-east-1",
      service: "s3",
      signedHeaders: Object.keys(all),
      signature: seed,
    },
    {
      credentials: {
        ...port.credentials,
        lookup: () => ({ secretAccessKey: secret, principal: { kind: "root", arn: "arn" } }),
      },
      region: "us-east-1",
      now: Date.UTC(2013, 4, 24),
      bodySha256: undefined,
    },
  );
  if (payload.kind !== "chunked" || !payload.verifyChunk) throw new Error("not signed chunks");
  const bodies = ["a".repeat(65_536), "a".repeat(1_024), ""];
  for (const [i, body] of bodies.entries()) {
    const sha256 = createHash("sha256").update(body).digest("hex");
    expect(payload.verifyChunk("chunk", sha256, chunks[i] ?? "")).toBe(true);
  }
  if (trailer) expect(payload.verifyChunk("trailer", "x-amz-checksum-crc32c:sOO8/Q==\n", trailer)).toBe(true);
  expect(payload.verifyChunk("chunk", createHash("sha256").digest("hex"), chunks[2] ?? "")).toBe(false);
});

describe("header signatures", () => {
  test.each(["root", "role"] as const)("the SDK's clients are let in as %s", async (who) => {
    await client(DynamoDBClient as never as new (o: object) => DynamoDBClient, who).send(
      new ListTablesCommand(),
    );
    await client(SQSClient as never as new (o: object) => SQSClient, who, { md5: false })
      .send(new SendMessageCommand({ QueueUrl: `${port.server.url}/0/q`, MessageBody: "x" }))
      .catch((error) => expect(error.message).toMatch(/MD5/i));
    await client(EventBridgeClient as never as new (o: object) => EventBridgeClient, who).send(
      new PutEventsCommand({ Entries: [] }),
    );
    expect(port.traces.slice(-3).map((t) => [t.service, t.action, t.caller, t.status])).toEqual([
      ["dynamodb", "ListTables", who === "root" ? "root" : "ApiRole", 200],
      ["sqs", "SendMessage", who === "root" ? "root" : "ApiRole", 200],
      ["events", "PutEvents", who === "root" ? "root" : "ApiRole", 200],
    ]);
  });

  test("S3 keys of any kind are signed alike by both sides", async () => {
    const unit = fc.oneof(
      fc.constantFrom(..."ab/+ %&=?#~'()*!;:@$,.\"<>"),
      fc.string({ unit: "binary", minLength: 1, maxLength: 2 }),
    );
    await fc.assert(
      fc.asyncProperty(
        fc.array(unit, { minLength: 1, maxLength: 20 }).map((units) => `k${units.join("")}`),
        fc.constantFrom("root", "role"),
        async (key, who) => {
          fc.pre(key.isWellFormed());
          await s3(who as "root").send(new GetObjectCommand({ Bucket: "bucket", Key: key, PartNumber: 1 }));
          expect(port.seen.at(-1)?.call.path).toBe(`/bucket/${key}`);
        },
      ),
      { numRuns: 60 },
    );
  });

  test("a body reaches S3 with what it must hash to", async () => {
    await s3("root", { requestChecksumCalculation: "WHEN_REQUIRED" }).send(
      new PutObjectCommand({ Bucket: "bucket", Key: "k", Body: "hello" }),
    );
    const { call, body } = port.seen.at(-1) ?? {};
    expect(body?.toString()).toBe("hello");
    expect(call?.payload).toEqual({
      kind: "hash",
      sha256: createHash("sha256").update("hello").digest("hex"),
    });
  });

  test("aws4fetch is let in", async () => {
    const aws = new AwsClient({ ...port.credentials.root, retries: 0, service: "s3", region: "us-east-1" });
    const response = await aws.fetch(`${port.server.url}/bucket/a%20b%2Bc?x=1+2&y=%2B`, {
      method: "PUT",
      body: "x",
    });
    expect(response.status).toBe(200);
  });
});

/** A signed GET of S3 and a signed JSON call, as lists of headers to alter. */
async function signed(kind: "s3" | "json", who: "root" | "role" = "root") {
  const aws = new AwsClient({
    ...keys(who),
    service: kind === "s3" ? "s3" : "dynamodb",
    region: "us-east-1",
    retries: 0,
  });
  const url = `${port.server.url}${kind === "s3" ? "/bucket/key?partNumber=1" : "/"}`;
  const body = kind === "s3" ? "" : "{}";
  const request = await aws.sign(url, {
    method: kind === "s3" ? "GET" : "POST",
    headers: kind === "s3" ? { "x-amz-meta-a": "1" } : { "x-amz-target": "DynamoDB_20120810.ListTables" },
    ...(body && { body }),
  });
  return {
    path: url.slice(port.server.url.length),
    method: request.method,
    headers: { ...Object.fromEntries(request.headers), host: new URL(url).host } as Record<string, string>,
    body,
  };
}
type Sent = Awaited<ReturnType<typeof signed>>;
const edit = (name: string, change: (value: string) => string) => (sent: Sent) => ({
  ...sent,
  headers: { ...sent.headers, [name]: change(sent.headers[name] ?? "") },
});

describe("an altered header signature is refused", () => {
  test("and an unaltered one is not", async () => {
    for (const kind of ["s3", "json"] as const) {
      const sent = await signed(kind, "role");
      expect((await send(port.server.url, sent)).status).toBe(200);
    }
  });

  test.each<[string, (sent: Sent) => Sent, number, string]>([
    ["method", (sent) => ({ ...sent, method: "PUT" }), 403, "SignatureDoesNotMatch"],
    ["path", (sent) => ({ ...sent, path: "/bucket/Key?partNumber=1" }), 403, "SignatureDoesNotMatch"],
    ["query value", (sent) => ({ ...sent, path: "/bucket/key?partNumber=2" }), 403, "SignatureDoesNotMatch"],
    ["query added", (sent) => ({ ...sent, path: `${sent.path}&acl` }), 403, "SignatureDoesNotMatch"],
    ["signed header", edit("x-amz-meta-a", () => "2"), 403, "SignatureDoesNotMatch"],
    ["host", edit("host", () => "localhost"), 403, "SignatureDoesNotMatch"],
    ["payload hash", edit("x-amz-content-sha256", () => "0".repeat(64)), 403, "SignatureDoesNotMatch"],
    ["signature", edit("authorization", flip), 403, "SignatureDoesNotMatch"],
    ["unsigned x-amz header", edit("x-amz-acl", () => "public-read"), 403, "AccessDenied"],
    [
      "region",
      edit("authorization", (v) => v.replace("us-east-1", "eu-west-1")),
      400,
      "AuthorizationHeaderMalformed",
    ],
    [
      "scope",
      edit("authorization", (v) => v.replace("aws4_request", "aws5")),
      400,
      "AuthorizationHeaderMalformed",
    ],
    [
      "date of the scope",
      edit("authorization", (v) => v.replace(/\/\d{8}\//, "/20200101/")),
      400,
      "AuthorizationHeaderMalformed",
    ],
    ["algorithm", edit("authorization", (v) => v.replace("HMAC", "ECDSA-P256")), 400, "InvalidRequest"],
    ["host not signed", edit("authorization", (v) => v.replace("host;", "")), 403, "AccessDenied"],
    [
      "key",
      edit("authorization", (v) => v.replace(/AKIA\w+/, "AKIAZZZZZZZZZZZZZZZZ")),
      403,
      "InvalidAccessKeyId",
    ],
    [
      "two mechanisms",
      (sent) => ({ ...sent, path: `${sent.path}&X-Amz-Algorithm=AWS4-HMAC-SHA256` }),
      400,
      "InvalidArgument",
    ],
    ["broken encoding", (sent) => ({ ...sent, path: "/bucket/%zz" }), 400, "InvalidURI"],
    [
      "no payload hash",
      ({ headers: { "x-amz-content-sha256": _, ...headers }, ...sent }) => ({ ...sent, headers }),
      400,
      "InvalidRequest",
    ],
  ])("S3: %s", async (_name, alter, status, expected) => {
    const response = await send(port.server.url, alter(await signed("s3")));
    expect([response.status, errorCode(response.text)]).toEqual([status, expected]);
    expect(response.headers["content-type"]).toBe("application/xml");
  });

  test.each<[string, (sent: Sent) => Sent, string]>([
    ["body", (sent) => ({ ...sent, body: '{"Limit":1}' }), "InvalidSignatureException"],
    ["signature", edit("authorization", flip), "InvalidSignatureException"],
    ["target", edit("x-amz-target", () => "DynamoDB_20120810.DeleteTable"), "InvalidSignatureException"],
    ["unsigned x-amz header", edit("x-amz-other", () => "1"), "InvalidSignatureException"],
    [
      "key",
      edit("authorization", (v) => v.replace(/AKIA\w+/, "AKIAZZZZZZZZZZZZZZZZ")),
      "UnrecognizedClientException",
    ],
    [
      "signature left out",
      edit("authorization", (v) => v.replace(/, Signature=.*/, "")),
      "IncompleteSignatureException",
    ],
    [
      "nothing signed",
      ({ headers: { authorization: _, ...headers }, ...sent }) => ({ ...sent, headers }),
      "MissingAuthenticationTokenException",
    ],
    [
      "unknown service",
      edit("authorization", (v) => v.replace("/dynamodb/", "/kms/")),
      "UnknownOperationException",
    ],
  ])("DynamoDB: %s", async (_name, alter, expected) => {
    const sent = alter(await signed("json"));
    const response = await send(port.server.url, sent);
    expect([response.status, errorCode(response.text)]).toEqual([400, expected]);
  });

  test("a role's key needs its own token", async () => {
    const sent = await signed("s3", "role");
    const { "x-amz-security-token": _, ...headers } = sent.headers;
    expect(errorCode((await send(port.server.url, { path: sent.path, headers })).text)).toBe(
      "InvalidAccessKeyId",
    );
    for (const token of [
      "garbage",
      port.credentials.issue(role).sessionToken,
      flip(sent.headers["x-amz-security-token"] ?? ""),
    ]) {
      const answer = await send(port.server.url, {
        path: sent.path,
        headers: { ...headers, "x-amz-security-token": token },
      });
      expect([answer.status, errorCode(answer.text)]).toEqual([400, "InvalidToken"]);
    }
  });
});

test("a signature holds for 15 minutes either way", async () => {
  const minutes = (n: number) => port.clock.advance(n * 60_000);
  const [s3Call, jsonCall] = [await signed("s3"), await signed("json")];
  try {
    minutes(14);
    expect((await send(port.server.url, s3Call)).status).toBe(200);
    minutes(2);
    const late = await send(port.server.url, s3Call);
    expect([late.status, errorCode(late.text)]).toEqual([403, "RequestTimeTooSkewed"]);
    expect(late.text).toContain("<MaxAllowedSkewMilliseconds>900000<");
    expect(errorCode((await send(port.server.url, jsonCall)).text)).toBe("InvalidSignatureException");
    minutes(-32);
    expect(errorCode((await send(port.server.url, s3Call)).text)).toBe("RequestTimeTooSkewed");
  } finally {
    minutes(16);
  }
});

test("the SDK finds back to the cloud's time by itself", async () => {
  port.clock.advance(3 * 60 * 60_000);
  try {
    await s3("root", { maxAttempts: 2 }).send(new GetObjectCommand({ Bucket: "bucket", Key: "k" }));
    expect(port.traces.slice(-2).map((trace) => trace.status)).toEqual([403, 200]);
  } finally {
    port.clock.advance(-3 * 60 * 60_000);
  }
});

test("a role's credentials end when they say", async () => {
  const { expiresAt, ...credentials } = port.credentials.issue(role, { ttlMs: 60_000 });
  const own = s3("root", { credentials });
  const get = new GetObjectCommand({ Bucket: "bucket", Key: "k" });
  await own.send(get);
  port.clock.advance(60_001);
  try {
    await expect(own.send(get)).rejects.toMatchObject({ name: "ExpiredToken" });
    await expect(
      (client(DynamoDBClient as never, "root", { credentials }) as DynamoDBClient).send(
        new ListTablesCommand(),
      ),
    ).rejects.toMatchObject({ name: "ExpiredTokenException" });
  } finally {
    port.clock.advance(-60_001);
  }
});
