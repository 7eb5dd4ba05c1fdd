/** README.md says what the code does: resource types, operations and the example, each held against it. */
import { readFileSync } from "node:fs";
import * as dynamodb from "@aws-sdk/client-dynamodb";
import * as eventbridge from "@aws-sdk/client-eventbridge";
import * as sqs from "@aws-sdk/client-sqs";
import { REGION } from "@wharf/local-cloud";
import { AwsClient } from "aws4fetch";
import { describe, expect, test } from "vitest";
import { ROUTES } from "../s3/routes.ts";
import { provisioners } from "../template/provisioners/all.ts";
import { startFixture } from "./fixture.ts";

const README = readFileSync(new URL("../README.md", import.meta.url), "utf8");
const OPERATIONS = README.slice(README.indexOf("\n## Operations\n"));
/** What stands in backticks in the row of a service. */
function row(name: string): string[] {
  const [, cells = ""] = new RegExp(`^\\| ${name} \\|(.*)$`, "m").exec(OPERATIONS) ?? [];
  return [...cells.matchAll(/`([^`]+)`/g)].map(([, word = ""]) => word).sort();
}

test("the resource types", () => {
  // An account that nothing is made in.
  const known = Object.keys(provisioners(JSON.parse('{ "iam": {} }')));
  const told = [...README.matchAll(/`(AWS::\w+::\w+)`/g)].map(([, type]) => type);
  expect(told.sort()).toEqual(known.sort());
});

/** Operations that an SDK knows. */
const commandsOf = (sdk: object) =>
  Object.keys(sdk).flatMap((name) =>
    /^[A-Z].*Command$/.test(name) ? [name.slice(0, -"Command".length)] : [],
  );

describe("the operations of", () => {
  test.each([
    ["SQS", "sqs", "AmazonSQS", commandsOf(sqs)],
    ["DynamoDB", "dynamodb", "DynamoDB_20120810", commandsOf(dynamodb)],
    // All that it has; the SDK has a package of its own for them.
    [
      "DynamoDB Streams",
      "dynamodb",
      "DynamoDBStreams_20120810",
      ["DescribeStream", "GetRecords", "GetShardIterator", "ListStreams"],
    ],
    ["EventBridge", "events", "AWSEvents", commandsOf(eventbridge)],
  ])("%s", async (name, service, target, candidates) => {
    const cloud = await startFixture({});
    const aws = new AwsClient({ ...cloud.rootCredentials, region: REGION, service });
    const served: string[] = [];
    for (const operation of candidates) {
      const headers = {
        "content-type": "application/x-amz-json-1.0",
        "x-amz-target": `${target}.${operation}`,
      };
      const answer = await aws.fetch(cloud.awsUrl, { method: "POST", headers, body: "{}" });
      if (!/UnknownOperation|UnsupportedOperation/.test(await answer.text())) served.push(operation);
    }
    expect(row(name)).toEqual(served.sort());
  });

  test("S3", () => {
    const names = ROUTES.map((route) => route.name).filter((name) => name !== "OptionsRequest");
    expect(row("S3")).toEqual([...new Set(["ListBuckets", ...names])].sort());
  });
});

test("the example is what is run", () => {
  expect(README).toContain(readFileSync(new URL("../example/start.ts", import.meta.url), "utf8"));
});

test("it is short enough to be read", () => {
  expect(README.split("\n").length).toBeLessThanOrEqual(150);
});
