/** An app of somebody else's: `example/`, synthesized as its users would, and called as they would. */
import { execFile } from "node:child_process";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { DynamoDBClient, ScanCommand } from "@aws-sdk/client-dynamodb";
import { GetObjectCommand, S3Client } from "@aws-sdk/client-s3";
import { ListQueuesCommand, ReceiveMessageCommand, SendMessageCommand, SQSClient } from "@aws-sdk/client-sqs";
import { type Cloud, REGION, startCloud } from "@wharf/local-cloud";
import { afterAll, beforeAll, expect, onTestFinished, test } from "vitest";
import { writeAssembly } from "./fixture.ts";

const APP = fileURLToPath(new URL("../example/app.ts", import.meta.url));

const assembly = mkdtempSync(join(tmpdir(), "any-app-"));
beforeAll(() =>
  promisify(execFile)(process.execPath, [APP], { env: { ...process.env, CDK_OUTDIR: assembly } }),
);
afterAll(() => rmSync(assembly, { recursive: true }));

/** Starts the example, as its `start.ts` does, but in memory. */
async function startExample(): Promise<Cloud> {
  const cloud = await startCloud({ assembly });
  onTestFinished(cloud.stop);
  return cloud;
}

test("a CDK app with an API, a bucket, a queue, a table and functions runs, and any SDK calls it", async () => {
  const cloud = await startExample();
  const { BucketName = "", TableName = "", Orders = "" } = cloud.outputs;

  const answer = await fetch(Orders, { method: "POST", body: "two books" });
  expect(answer.status).toBe(202);
  const { id } = (await answer.json()) as { id: string };
  await cloud.waitForIdle();

  const aws = { endpoint: cloud.awsUrl, region: REGION, credentials: cloud.rootCredentials };
  const [s3, dynamodb] = [new S3Client(aws), new DynamoDBClient(aws)];
  onTestFinished(() => [s3, dynamodb].forEach((client) => void client.destroy()));
  const { Body } = await s3.send(new GetObjectCommand({ Bucket: BucketName, Key: id }));
  expect(await Body?.transformToString()).toBe("two books");
  const { Items } = await dynamodb.send(new ScanCommand({ TableName }));
  expect(Items).toEqual([{ id: { S: id }, order: { S: "two books" }, packed: { BOOL: true } }]);

  // Each function called by its own role, which lets it do that and no more.
  const calls = cloud.traces().map(({ caller, action }) => `${caller.replace(/\w{8}$/, "")} ${action}`);
  expect(calls).toContain("orderServiceRole PutObject");
  expect(calls).toContain("packServiceRole PutItem");
});

test("an order that can't be packed is tried three times, then kept as a dead letter", async () => {
  const cloud = await startExample();
  const sqs = new SQSClient({ endpoint: cloud.awsUrl, region: REGION, credentials: cloud.rootCredentials });
  onTestFinished(() => sqs.destroy());
  const { QueueUrls = [] } = await sqs.send(new ListQueuesCommand({}));
  const [queue, dead] = ["-Queue", "-Dead"].map((name) => QueueUrls.find((url) => url.includes(name)));
  await sqs.send(new SendMessageCommand({ QueueUrl: queue, MessageBody: "no such order" }));
  for (let tries = 0; tries < 4; tries++) {
    await cloud.waitForIdle();
    cloud.advance(60_000);
  }
  const { Messages = [] } = await sqs.send(new ReceiveMessageCommand({ QueueUrl: dead }));
  expect(Messages.map(({ Body }) => Body)).toEqual(["no such order"]);
  expect(cloud.traces().filter(({ action }) => action === "GetObject")).toHaveLength(3);
});

test("an app without an API runs too: at its address there is no path", async () => {
  const own = writeAssembly({});
  const template = {
    Resources: { Bucket: { Type: "AWS::S3::Bucket" } },
    Outputs: { Name: { Value: { Ref: "Bucket" } } },
  };
  writeFileSync(join(own, "fixture.template.json"), JSON.stringify(template));
  const cloud = await startCloud({ assembly: own });
  onTestFinished(cloud.stop);
  expect(cloud.outputs["Name"]).toMatch(/^fixture-bucket-/);
  const answer = await fetch(cloud.apiUrl);
  expect([answer.status, await answer.json()]).toEqual([403, { message: "Missing Authentication Token" }]);
});
