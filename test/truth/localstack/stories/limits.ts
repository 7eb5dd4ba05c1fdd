/** What keeps strangers and mistakes out: signed lengths, CORS, gateway responses, IAM. */
import assert from "node:assert/strict";
import { CloudFormationClient, paginateListStackResources } from "@aws-sdk/client-cloudformation";
import { ACCOUNT, REGION } from "@wharf/local-cloud";
import { AwsClient } from "aws4fetch";
import * as z from "zod";
import { finalizeAnswer } from "#core/finalize/contract.ts";
import { uploadStatus } from "#core/uploads/contract.ts";
import { said } from "#test/aws-account/check.ts";
import { bytesOf, sendPart } from "#test/aws-account/send-part.ts";
import { Skipped, type Story, type World } from "../story.ts";
import { credentials } from "../target.ts";

const AWS = "https://docs.aws.amazon.com";
const signed = z.object({
  parts: z.array(z.object({ url: z.string(), headers: z.record(z.string(), z.string()) })),
});

const enforced: Story = {
  name: "a part whose length and CRC-32 were said takes no others",
  behaviours: ["s3.presigned", "s3.checksums"],
  async run({ api }) {
    const bytes = bytesOf(1_024);
    const { upload_id } = await api.start("enforced.bin", bytes.length);
    const ask = async (crc32: string) => {
      const json = { parts: [{ part_number: 1, size: bytes.length, crc32 }] };
      const { parts } = await api.json(signed, `/v1/uploads/${upload_id}/parts`, { json });
      const [part] = parts;
      assert(part);
      return part;
    };
    const wrong = await said(await sendPart(await ask("00000000"), bytes));
    assert.match(wrong, /^400/);
    const { url, headers } = await ask("00000000");
    // The length is one of them, and fetch sends none but the body's own.
    const { "content-length": _, ...others } = headers;
    const shorter = await said(await sendPart({ url, headers: others }, bytes.slice(1)));
    assert.match(shorter, /^40[03]/);
    return `another CRC-32: ${wrong}; another length: ${shorter}`;
  },
};

const emptyAndDropped: Story = {
  name: "an empty file, and an upload that is given up",
  behaviours: [],
  async run({ api }) {
    const started = await api.start("empty.txt", 0);
    for (const part of started.parts) assert.equal((await sendPart(part, new Uint8Array())).status, 200);
    const json = { share: false };
    const file = await api.json(finalizeAnswer, `/v1/uploads/${started.upload_id}/finalize`, { json });
    assert.equal(file.size, 0);
    const { upload_id, parts } = await api.start("dropped.bin", 1_024);
    const path = `/v1/uploads/${upload_id}`;
    assert.equal((await api.api(path, { method: "DELETE" })).status, 204);
    assert.equal((await api.json(uploadStatus, path)).state, "aborted");
    const [part] = parts;
    assert(part);
    assert.equal(await said(await sendPart(part, bytesOf(1_024))), "404 NoSuchUpload");
    return undefined;
  },
};

const cors: Story = {
  name: "a page may send parts: the bucket answers its preflight and shows it the ETag",
  behaviours: ["s3.cors"],
  async run({ api }) {
    const { parts } = await api.start("page.bin", 1_024);
    const [part] = parts;
    assert(part);
    const Origin = "https://page.example";
    const preflight = await fetch(part.url, {
      method: "OPTIONS",
      headers: { Origin, "Access-Control-Request-Method": "PUT" },
    });
    assert.equal(preflight.status, 200);
    assert.match(preflight.headers.get("access-control-allow-methods") ?? "", /PUT/);
    const put = await sendPart(part, bytesOf(1_024), { Origin });
    assert.match(put.headers.get("access-control-expose-headers") ?? "", /etag/i);
    return undefined;
  },
};

const gatewayResponse: Story = {
  name: "what API Gateway refuses itself is a problem in JSON",
  behaviours: ["apigateway.gateway-responses"],
  differs: {
    how: "its API Gateway answers in its own words: it doesn't render the API's gateway responses",
    documented: `${AWS}/apigateway/latest/developerguide/api-gateway-gatewayResponse-definition.html`,
  },
  async run({ api }) {
    const { upload_id } = await api.start("gateway.bin", 1_024);
    const headers = { "Content-Type": "image/png" };
    const path = `/v1/uploads/${upload_id}/chunks`;
    const answer = await api.api(path, { method: "PUT", body: "x", headers });
    assert.equal(answer.status, 415);
    assert.match(answer.headers.get("content-type") ?? "", /^application\/problem\+json/);
    return undefined;
  },
};

/** Any role of the service stack: each may be assumed by Lambda alone. */
async function aRole({ endpoint }: World): Promise<string> {
  const client = new CloudFormationClient({ endpoint, region: REGION, credentials });
  for await (const page of paginateListStackResources({ client }, { StackName: "wharf-dev-service" }))
    for (const { ResourceType, PhysicalResourceId } of page.StackResourceSummaries ?? [])
      if (ResourceType === "AWS::IAM::Role" && PhysicalResourceId) return PhysicalResourceId;
  throw new Skipped("the service stack lists no role there");
}

const iam: Story = {
  name: "a function's role can be assumed by Lambda alone",
  behaviours: ["iam.evaluation"],
  differs: {
    how: "it enforces IAM in paid editions only, where they are started with ENFORCE_IAM=1",
    documented: `${AWS}/IAM/latest/UserGuide/reference_policies_evaluation-logic.html`,
  },
  async run(world) {
    const { accessKeyId, secretAccessKey } = credentials;
    const aws = new AwsClient({ accessKeyId, secretAccessKey, region: REGION, service: "sts" });
    const RoleArn = `arn:aws:iam::${ACCOUNT}:role/${await aRole(world)}`;
    const asked = { Action: "AssumeRole", Version: "2011-06-15", RoleArn, RoleSessionName: "nobody" };
    const headers = { "Content-Type": "application/x-www-form-urlencoded" };
    const answer = await aws.fetch(world.endpoint, {
      method: "POST",
      body: String(new URLSearchParams(asked)),
      headers,
    });
    await answer.text();
    assert.equal(answer.status, 403);
    return undefined;
  },
};

export const limits: readonly Story[] = [enforced, emptyAndDropped, cors, gatewayResponse, iam];
