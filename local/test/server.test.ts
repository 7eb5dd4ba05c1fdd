import { once } from "node:events";
import { mkdtempSync, rmSync } from "node:fs";
import { request } from "node:http";
import { connect } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { Readable } from "node:stream";
import { DynamoDBClient, ListTablesCommand } from "@aws-sdk/client-dynamodb";
import { GetObjectCommand, PutObjectCommand, S3Client } from "@aws-sdk/client-s3";
import { AwsClient } from "aws4fetch";
import { expect, test } from "vitest";
import { createClock } from "../clock.ts";
import { createCredentials } from "../credentials.ts";
import type { Fault } from "../faults.ts";
import { AwsError } from "../types.ts";
import type { EchoPort } from "./echo-port.ts";
import { echoPort, errorCode, flip, send } from "./echo-port.ts";

function clients(port: EchoPort) {
  const options = {
    endpoint: port.server.url,
    region: "us-east-1",
    credentials: port.credentials.root,
    maxAttempts: 1,
    forcePathStyle: true,
  };
  return { s3: new S3Client(options), dynamodb: new DynamoDBClient(options) };
}

test("credentials survive a restart, and differ between data directories", () => {
  const dir = mkdtempSync(join(tmpdir(), "local-cloud-credentials-"));
  const clock = createClock();
  try {
    const first = createCredentials({ clock, dir });
    const issued = first.issue({ kind: "role", arn: "arn:x", role: "R", environment: "e" });
    const second = createCredentials({ clock, dir });
    expect(second.root).toEqual(first.root);
    expect(second.lookup(issued.accessKeyId, issued.sessionToken)).toMatchObject({
      secretAccessKey: issued.secretAccessKey,
      expiresAt: issued.expiresAt,
      principal: { role: "R", environment: "e" },
    });
    const other = createCredentials({ clock, dir: undefined });
    expect(other.lookup(first.root.accessKeyId)).toBe("unknown-key");
    expect(other.lookup(issued.accessKeyId, issued.sessionToken)).toBe("bad-token");
  } finally {
    rmSync(dir, { recursive: true });
  }
});

test("unsigned requests go to S3 as nobody", async () => {
  await using port = await echoPort();
  for (const [method, headers] of [
    ["OPTIONS", { origin: "https://a.example", "access-control-request-method": "PUT" }],
    ["POST", { "content-type": "multipart/form-data; boundary=x" }],
    ["GET", {}],
  ] as const) {
    expect((await send(port.server.url, { path: "/bucket/key", method, headers })).status).toBe(200);
    expect(port.seen.at(-1)?.call.principal).toBeNull();
    expect(port.traces.at(-1)).toMatchObject({ service: "s3", caller: "anonymous", status: 200 });
  }
});

test("a service's own headers are on refusals too", async () => {
  await using port = await echoPort({
    services: [
      {
        scope: "s3",
        decorate: (_req, res) => void res.setHeader("access-control-allow-origin", "*"),
        async handle() {},
        async close() {},
      },
    ],
  });
  const answer = await send(port.server.url, {
    path: "/b/k",
    headers: { authorization: "AWS4-HMAC-SHA256 x" },
  });
  expect(answer.headers["access-control-allow-origin"]).toBe("*");
});

test("policies are asked with what the request shows, and refuse in the service's words", async () => {
  const asked: unknown[] = [];
  await using port = await echoPort({
    iam: {
      authorize(_principal, action, _resource, context) {
        asked.push([action, context["aws:securetransport"], context["s3:authtype"], context["k"]]);
        throw new AwsError("AccessDenied", "no", 403);
      },
    },
    services: ["s3", "dynamodb"].map((scope) => ({
      scope,
      async handle(call) {
        call.authorize(`${scope}:Do`, "arn", { k: "v" });
      },
      async close() {},
    })),
  });
  const { s3, dynamodb } = clients(port);
  await expect(s3.send(new GetObjectCommand({ Bucket: "b", Key: "k" }))).rejects.toMatchObject({
    name: "AccessDenied",
    $metadata: { httpStatusCode: 403 },
  });
  await expect(dynamodb.send(new ListTablesCommand())).rejects.toMatchObject({
    name: "AccessDeniedException",
    message: "no",
    $metadata: { httpStatusCode: 400 },
  });
  expect(asked).toEqual([
    ["s3:Do", "true", "REST-HEADER", "v"],
    ["dynamodb:Do", "true", undefined, "v"],
  ]);
});

test("a body of more than 16 MB is refused by JSON services", async () => {
  await using port = await echoPort();
  const answer = await send(port.server.url, {
    path: "/",
    method: "POST",
    headers: {
      "x-amz-target": "DynamoDB_20120810.PutItem",
      authorization:
        "AWS4-HMAC-SHA256 Credential=A/20260101/us-east-1/dynamodb/aws4_request, SignedHeaders=host, Signature=0",
    },
    body: "x".repeat(16 * 1024 * 1024 + 1),
  });
  expect([answer.status, errorCode(answer.text)]).toEqual([413, "RequestEntityTooLargeException"]);
});

test("a client that waits gets a go-ahead only with a good signature", async () => {
  await using port = await echoPort();
  const aws = new AwsClient({ ...port.credentials.root, service: "s3", region: "us-east-1" });
  const { headers } = await aws.sign(`${port.server.url}/bucket/key`, { method: "PUT" });
  for (const good of [true, false]) {
    const req = request(`${port.server.url}/bucket/key`, {
      method: "PUT",
      headers: {
        ...Object.fromEntries(headers),
        ...(!good && { authorization: flip(headers.get("authorization") ?? "") }),
        expect: "100-continue",
        "content-length": "5",
      },
    });
    let continued = false;
    req.on("continue", () => {
      continued = true;
      req.end("hello");
    });
    req.flushHeaders();
    const [res] = await once(req, "response");
    res.resume();
    expect([continued, res.statusCode]).toEqual([good, good ? 200 : 403]);
    req.destroy();
  }
});

test("an upload that breaks off reaches the service as broken, and is no defect", async () => {
  const defects: unknown[] = [];
  await using port = await echoPort({ onError: (error) => defects.push(error) });
  const socket = connect(port.server.port, "127.0.0.1");
  const host = `127.0.0.1:${port.server.port}`;
  socket.write(`PUT /b/k HTTP/1.1\r\nHost: ${host}\r\nContent-Length: 100\r\n\r\nhalf`);
  await once(socket, "connect");
  socket.end();
  await expect.poll(() => port.traces.length).toBe(1);
  expect(port.seen).toEqual([]);
  expect(defects).toEqual([]);
});

test("a defect in a service is told to the log, not to the caller", async () => {
  const defects: unknown[] = [];
  const defect = new Error("boom");
  await using port = await echoPort({
    onError: (error) => defects.push(error),
    services: [{ scope: "s3", handle: () => Promise.reject(defect), async close() {} }],
  });
  const answer = await send(port.server.url, { path: "/b/k" });
  expect([answer.status, errorCode(answer.text)]).toEqual([500, "InternalError"]);
  expect(answer.text).not.toContain("boom");
  expect(defects).toEqual([defect]);
});

// The SDK calls a broken connection a TimeoutError.
test("faults strike before, after, twice, late or with an error", async () => {
  let fault: Fault | undefined;
  const told: unknown[] = [];
  await using port = await echoPort({
    faults: async (call) => {
      told.push([call.service, call.action, call.caller, call.index]);
      return fault;
    },
  });
  const { dynamodb, s3 } = clients(port);
  const list = () => dynamodb.send(new ListTablesCommand());
  const put = () => s3.send(new PutObjectCommand({ Bucket: "b", Key: "k", Body: "bytes" }));
  const executed = async (run: () => Promise<unknown>) => {
    const before = port.seen.length;
    const outcome = await run().then(
      () => "ok",
      (error: Error) => error.name,
    );
    return [outcome, port.seen.length - before];
  };

  expect(await executed(list)).toEqual(["ok", 1]);
  fault = "before";
  expect(await executed(list)).toEqual(["TimeoutError", 0]);
  expect(port.traces.at(-1)?.status).toBe(0);
  fault = "after";
  expect(await executed(list)).toEqual(["TimeoutError", 1]);
  await expect.poll(() => port.traces.at(-1)?.status).toBe(200);
  expect(await executed(put)).toEqual(["TimeoutError", 1]);
  expect(port.seen.at(-1)?.body.toString()).toContain("bytes");
  fault = "twice";
  expect(await executed(list)).toEqual(["ok", 2]);
  fault = { delayMs: 1 };
  expect(await executed(list)).toEqual(["ok", 1]);
  fault = { error: new AwsError("ThrottlingException", "slow down") };
  expect(await executed(list)).toEqual(["ThrottlingException", 0]);
  let killed = 0;
  fault = { after: () => void killed++ };
  expect(await executed(list)).toEqual(["TimeoutError", 1]);
  await expect.poll(() => killed).toBe(1);
  expect(told[0]).toEqual(["dynamodb", "ListTables", "root", 0]);
  expect(told[4]).toEqual(["dynamodb", "ListTables", "root", 4]);
});

test("the SDK's streams arrive as chunks with a trailer", async () => {
  await using port = await echoPort();
  const Body = Readable.from(["streamed"]);
  await clients(port).s3.send(
    new PutObjectCommand({ Bucket: "b", Key: "k", Body, ContentLength: 8, ChecksumAlgorithm: "CRC32" }),
  );
  expect(port.seen.at(-1)?.call.payload).toEqual({ kind: "chunked", signed: false, trailer: true });
});
