import { execFile } from "node:child_process";
import { once } from "node:events";
import { writeFileSync } from "node:fs";
import { createServer } from "node:net";
import { networkInterfaces } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";
import { GetObjectCommand, PutObjectCommand, S3Client } from "@aws-sdk/client-s3";
import { SendMessageCommand, SQSClient } from "@aws-sdk/client-sqs";
import { expect, onTestFinished, test } from "vitest";
import { type Cloud, startCloud } from "../cloud.ts";
import { type Fixture, startFixture, temporaryDirectory, writeAssembly } from "./fixture.ts";

const fixture: Fixture = {
  functions: {
    Fn: {
      code: "export const handler = async ({ Records }) => console.log(Records.map(({ body }) => JSON.parse(body)['detail-type'] ?? 'tick').join());",
      policy: [
        {
          Effect: "Allow",
          Action: ["sqs:ReceiveMessage", "sqs:DeleteMessage", "sqs:GetQueueAttributes"],
          Resource: { "Fn::GetAtt": ["Queue", "Arn"] },
        },
      ],
    },
  },
  resources: {
    Bucket: {
      Type: "AWS::S3::Bucket",
      Properties: { NotificationConfiguration: { EventBridgeConfiguration: { EventBridgeEnabled: true } } },
    },
    Queue: { Type: "AWS::SQS::Queue" },
    Policy: {
      Type: "AWS::SQS::QueuePolicy",
      Properties: {
        Queues: [{ Ref: "Queue" }],
        PolicyDocument: {
          Version: "2012-10-17",
          Statement: [
            {
              Effect: "Allow",
              Principal: { Service: "events.amazonaws.com" },
              Action: "sqs:SendMessage",
              Resource: { "Fn::GetAtt": ["Queue", "Arn"] },
            },
          ],
        },
      },
    },
    Created: {
      Type: "AWS::Events::Rule",
      Properties: {
        EventPattern: { source: ["aws.s3"], detail: { bucket: { name: [{ Ref: "Bucket" }] } } },
        Targets: [{ Id: "queue", Arn: { "Fn::GetAtt": ["Queue", "Arn"] } }],
      },
    },
    EveryMinute: {
      Type: "AWS::Events::Rule",
      Properties: {
        ScheduleExpression: "rate(1 minute)",
        Targets: [{ Id: "queue", Arn: { "Fn::GetAtt": ["Queue", "Arn"] } }],
      },
    },
    Mapping: {
      Type: "AWS::Lambda::EventSourceMapping",
      Properties: { FunctionName: { Ref: "Fn" }, EventSourceArn: { "Fn::GetAtt": ["Queue", "Arn"] } },
    },
  },
  outputs: { Bucket: { Value: { Ref: "Bucket" } }, Queue: { Value: { Ref: "Queue" } } },
};

const lines = (cloud: Cloud) => cloud.logs.lines().map(({ text }) => text);

function s3(cloud: Cloud): S3Client {
  const { awsUrl: endpoint, rootCredentials: credentials } = cloud;
  const client = new S3Client({ endpoint, region: "us-east-1", credentials, forcePathStyle: true });
  onTestFinished(() => client.destroy());
  return client;
}

function sqs(cloud: Cloud): SQSClient {
  const { awsUrl: endpoint, rootCredentials: credentials } = cloud;
  const client = new SQSClient({ endpoint, region: "us-east-1", credentials: { ...credentials } });
  onTestFinished(() => client.destroy());
  return client;
}

test("an object's event reaches a function, and schedules follow the clock", {
  tags: ["eventbridge.object-created", "eventbridge.schedule"],
}, async () => {
  const cloud = await startFixture(fixture);
  await s3(cloud).send(new PutObjectCommand({ Bucket: cloud.outputs["Bucket"], Key: "a", Body: "hi" }));
  await cloud.waitForIdle();
  const count = (line: string) => lines(cloud).filter((one) => one === line).length;
  expect(count("Object Created")).toBe(1);
  // A busy machine may have let a minute begin by itself.
  const ticks = count("Scheduled Event");
  cloud.advance(60_000);
  await cloud.waitForIdle();
  expect(count("Scheduled Event")).toBeGreaterThan(ticks);
  expect(count("Object Created")).toBe(1);
});

test("objects and messages are there after a restart, under the same names and keys", async () => {
  const dataDir = temporaryDirectory();
  const assembly = writeAssembly({
    ...fixture,
    resources: { ...fixture.resources, Mapping: { Type: "AWS::CDK::Metadata" } },
  });
  const first = await startCloud({ assembly, dataDir });
  const { outputs } = first;
  // A copy: the SDK writes notes of its own into what it is given.
  const rootCredentials = { ...first.rootCredentials };
  await s3(first).send(new PutObjectCommand({ Bucket: outputs["Bucket"], Key: "a", Body: "hi" }));
  await first.stop();

  const second = await startFixture(fixture, { dataDir });
  expect(second.rootCredentials).toEqual(rootCredentials);
  expect(second.outputs["Bucket"]).toBe(outputs["Bucket"]);
  const found = await s3(second).send(new GetObjectCommand({ Bucket: outputs["Bucket"], Key: "a" }));
  expect(await found.Body?.transformToString()).toBe("hi");
  await second.waitForIdle();
  expect(lines(second)).toEqual(["Object Created"]);
});

test("calls are traced with the API request or invocation behind them, and can be made to fail", async () => {
  const cloud = await startFixture(fixture);
  const client = new SQSClient({
    endpoint: cloud.awsUrl,
    region: "us-east-1",
    credentials: cloud.rootCredentials,
    maxAttempts: 1,
  });
  onTestFinished(() => client.destroy());
  const send = () =>
    client.send(new SendMessageCommand({ QueueUrl: cloud.outputs["Queue"], MessageBody: "{}" }));
  cloud.setFaults(({ action }) => (action === "SendMessage" ? "before" : undefined));
  await expect(send()).rejects.toThrow();
  cloud.setFaults(undefined);
  await send();
  await cloud.waitForIdle();
  // A minute may begin meanwhile, whose event is none of ours.
  expect(lines(cloud).filter((line) => line.includes("tick"))).toHaveLength(1);
  expect(cloud.traces().at(-1)).toMatchObject({
    service: "sqs",
    action: "SendMessage",
    caller: "root",
    status: 200,
  });
  cloud.clearTraces();
  expect(cloud.traces()).toEqual([]);
});

test("a template that has changed is applied, and what it no longer has keeps its data", {
  tags: ["cloudformation.deploy"],
}, async () => {
  const dataDir = temporaryDirectory();
  const { Mapping, Queue, Created, EveryMinute, Policy, ...rest } = fixture.resources ?? {};
  const idle = { Type: "AWS::CDK::Metadata" };
  const first = await startCloud({
    assembly: writeAssembly({ ...fixture, resources: { ...fixture.resources, Mapping: idle } }),
    dataDir,
  });
  await sqs(first).send(new SendMessageCommand({ QueueUrl: first.outputs["Queue"], MessageBody: "{}" }));
  await first.stop();

  // The queue has gone with its rules, another is new; the function's role named the queue.
  const { Bucket } = fixture.outputs ?? {};
  const second = await startCloud({
    assembly: writeAssembly({
      resources: { ...rest, Fresh: { Type: "AWS::SQS::Queue" } },
      outputs: { ...(Bucket && { Bucket }), Fresh: { Value: { Ref: "Fresh" } } },
    }),
    dataDir,
  });
  await s3(second).send(new PutObjectCommand({ Bucket: second.outputs["Bucket"], Key: "a", Body: "hi" }));
  await sqs(second).send(new SendMessageCommand({ QueueUrl: second.outputs["Fresh"], MessageBody: "{}" }));
  await second.stop();

  const third = await startFixture(fixture, { dataDir });
  await third.waitForIdle();
  expect(lines(third).filter((line) => line.includes("tick"))).toHaveLength(1);
  expect(lines(third).filter((line) => line.includes("Object Created"))).toEqual([]);
});

test("one cloud holds a data directory; a killed one lets go of it", async () => {
  const dataDir = temporaryDirectory();
  const assembly = writeAssembly(fixture);
  const cloud = await startCloud({ assembly, dataDir });
  await expect(startCloud({ assembly, dataDir })).rejects.toThrow(`is in use by process ${process.pid}`);
  await cloud.stop();

  const lockFile = new URL("../lock-file.ts", import.meta.url);
  const script = `import { lockDirectory } from "${lockFile}"; lockDirectory(${JSON.stringify(dataDir)}); process.kill(process.pid, "SIGKILL");`;
  const killed = promisify(execFile)(process.execPath, ["--input-type=module", "-e", script]);
  await expect(killed).rejects.toMatchObject({ signal: "SIGKILL" });
  await startFixture(fixture, { dataDir });
});

test("a directory that can't hold state stops the start with what to do", async () => {
  const file = join(temporaryDirectory(), "file");
  writeFileSync(file, "");
  const start = startCloud({ assembly: writeAssembly(fixture), dataDir: file });
  await expect(start).rejects.toThrow(
    /file can't hold the cloud's state \(EEXIST.*\); make it a writable directory, or choose another/,
  );
});

const hasIpv6 = Object.values(networkInterfaces()).some((all) =>
  all?.some(({ address }) => address === "::1"),
);

test("API and services answer at both loopback addresses, by either name", async () => {
  const cloud = await startFixture(fixture);
  expect([new URL(cloud.apiUrl).hostname, new URL(cloud.awsUrl).hostname]).toEqual([
    "localhost",
    "127.0.0.1",
  ]);
  expect(cloud.apiAddresses).toEqual(hasIpv6 ? ["127.0.0.1", "::1"] : ["127.0.0.1"]);
  for (const [url, answer] of [
    [cloud.apiUrl, 403],
    [cloud.awsUrl, 404],
  ] as const) {
    for (const host of ["localhost", "127.0.0.1", ...(hasIpv6 ? ["[::1]"] : [])]) {
      const { status } = await fetch(`http://${host}:${new URL(url).port}/nothing`);
      expect([url, host, status]).toEqual([url, host, answer]);
    }
  }
});

test.skipIf(!hasIpv6)("a port that is taken on ::1 alone stops the start by its number", async () => {
  const other = createServer().listen(0, "::1");
  onTestFinished(() => void other.close());
  await once(other, "listening");
  const address = other.address();
  const port = typeof address === "object" ? address?.port : undefined;
  const start = startCloud({ assembly: writeAssembly(fixture), apiPort: port ?? 0 });
  await expect(start).rejects.toMatchObject({ code: "EADDRINUSE", port });
});

test("a port that is taken stops the start, and nothing stays behind", async () => {
  const dataDir = temporaryDirectory();
  const cloud = await startFixture(fixture);
  const awsPort = Number(new URL(cloud.awsUrl).port);
  const assembly = writeAssembly(fixture);
  await expect(startCloud({ assembly, dataDir, awsPort })).rejects.toMatchObject({
    code: "EADDRINUSE",
    port: awsPort,
  });
  await startFixture(fixture, { dataDir });
});
