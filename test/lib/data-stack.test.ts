import { spawnSync } from "node:child_process";
import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { temporaryDirectory } from "@wharf/local-cloud/test/fixture.ts";
import { App } from "aws-cdk-lib";
import { Match, Template } from "aws-cdk-lib/assertions";
import { beforeAll, describe, expect, it } from "vitest";
import { stageConfig } from "#lib/config.ts";
import { DataStack } from "#lib/data-stack.ts";
import { createApp, resources, synth, synthAnew } from "./synth.ts";

let template: Template;
beforeAll(() => {
  template = synth().data;
});

describe("the data stack", () => {
  it("pins the logical ids of all that holds data", () => {
    expect(Object.keys(template.findResources("AWS::S3::Bucket"))).toEqual(["Bucket"]);
    expect(Object.keys(template.findResources("AWS::DynamoDB::Table"))).toEqual(["Table"]);
    expect(Object.keys(template.findResources("AWS::Events::EventBus"))).toEqual(["Bus"]);
  });

  it("replaces nothing when it is deployed twice", () => {
    expect(synthAnew().data.toJSON()).toEqual(template.toJSON());
  });

  it("exports the same whoever reads it, so that a reader can go without a deadlock", () => {
    const app = new App({ builtinCloudFormationValidation: false });
    const alone = new DataStack(app, "wharf-dev-data", { config: stageConfig("dev") });
    expect(Template.fromStack(alone).toJSON()["Outputs"]).toEqual(template.toJSON()["Outputs"]);
  });

  it("is tagged with its stage, as is the service stack", () => {
    const { data, service } = createApp("prod");
    for (const stack of [data, service])
      expect(stack.tags.tagValues()).toEqual({ app: "wharf", stage: "prod" });
  });

  it("keeps the properties whose change would replace a resource", () => {
    // DynamoDB and S3: a change of these makes CloudFormation create a new, empty resource.
    template.hasResourceProperties("AWS::DynamoDB::Table", {
      KeySchema: [
        { AttributeName: "pk", KeyType: "HASH" },
        { AttributeName: "sk", KeyType: "RANGE" },
      ],
      TableName: Match.absent(),
    });
    template.hasResourceProperties("AWS::S3::Bucket", { BucketName: Match.absent() });
    template.hasResourceProperties("AWS::Events::EventBus", { Name: "wharfdevdataBus0C9DF5D5" });
  });

  it("protects itself against deletion, and prod's data outlives even its stack", () => {
    expect(createApp().data.terminationProtection).toBe(true);
    const { data } = synth("prod");
    for (const type of ["AWS::S3::Bucket", "AWS::DynamoDB::Table"]) {
      data.hasResource(type, { DeletionPolicy: "Retain", UpdateReplacePolicy: "Retain" });
    }
    data.hasResourceProperties("AWS::DynamoDB::Table", { DeletionProtectionEnabled: true });
  });

  it("protects nothing of the stage that a test makes and removes", () => {
    const { data, service } = createApp("test");
    expect(data.terminationProtection).toBe(false);
    const templates = [data, service].map((stack) => Template.fromStack(stack));
    for (const template of templates)
      expect(template.findResources("*", { DeletionPolicy: "Retain" })).toEqual({});
    templates[0]?.hasResourceProperties("AWS::DynamoDB::Table", { DeletionProtectionEnabled: false });
  });
});

it("lets go of the table as the guide restores it, with all that names it", () => {
  const [, script] =
    /node -e '\n(.*?)' > without-table\.json/s.exec(readFileSync("docs/deploy.md", "utf8")) ?? [];
  const cwd = temporaryDirectory();
  const before = template.toJSON();
  writeFileSync(join(cwd, "data.json"), JSON.stringify(before));
  const { stdout } = spawnSync(process.execPath, ["-e", script ?? ""], { cwd, encoding: "utf8" });
  const { Resources, Outputs } = JSON.parse(stdout);
  const { Table: _, ...others } = before["Resources"];
  expect(Resources).toEqual(others);
  expect(Object.keys(Outputs)).toEqual(Object.keys(before["Outputs"]).filter((name) => !/Table/.test(name)));
  expect(JSON.stringify(Outputs)).not.toContain("Table");
});

describe("the bucket", () => {
  it("is private, encrypted and owned by the account alone", () => {
    template.hasResourceProperties("AWS::S3::Bucket", {
      PublicAccessBlockConfiguration: {
        BlockPublicAcls: true,
        BlockPublicPolicy: true,
        IgnorePublicAcls: true,
        RestrictPublicBuckets: true,
      },
      OwnershipControls: { Rules: [{ ObjectOwnership: "BucketOwnerEnforced" }] },
      BucketEncryption: {
        ServerSideEncryptionConfiguration: [{ ServerSideEncryptionByDefault: { SSEAlgorithm: "AES256" } }],
      },
    });
  });

  it("refuses requests without TLS", () => {
    template.hasResourceProperties("AWS::S3::BucketPolicy", {
      PolicyDocument: {
        Statement: Match.arrayWith([
          Match.objectLike({
            Action: "s3:*",
            Effect: "Deny",
            Principal: { AWS: "*" },
            Condition: { Bool: { "aws:SecureTransport": "false" } },
          }),
        ]),
      },
    });
  });

  it("lets pages upload and read what S3 answers", () => {
    const cors = resources(template, "AWS::S3::Bucket")[0]?.[1].Properties.CorsConfiguration.CorsRules;
    expect(cors).toHaveLength(1);
    expect(cors[0].AllowedMethods.toSorted()).toEqual(["GET", "HEAD", "POST", "PUT"]);
    expect(cors[0].ExposedHeaders).toEqual(
      expect.arrayContaining([
        ...["ETag", "Content-Disposition", "Content-Range", "Accept-Ranges", "Content-Length"],
        "x-amz-checksum-crc32",
      ]),
    );
  });

  it("aborts uploads that were left for 7 days, and removes what forms brought after 2", () => {
    template.hasResourceProperties("AWS::S3::Bucket", {
      LifecycleConfiguration: {
        Rules: [
          Match.objectLike({
            Status: "Enabled",
            AbortIncompleteMultipartUpload: { DaysAfterInitiation: 7 },
          }),
          Match.objectLike({ Status: "Enabled", Prefix: "f/", ExpirationInDays: 2 }),
        ],
      },
    });
  });

  it("tells EventBridge of its objects without a custom resource", () => {
    template.hasResourceProperties("AWS::S3::Bucket", {
      NotificationConfiguration: { EventBridgeConfiguration: { EventBridgeEnabled: true } },
    });
    template.resourceCountIs("AWS::Lambda::Function", 0);
  });
});

describe("the table", () => {
  it("is on demand, recoverable, and streams new images", () => {
    template.hasResourceProperties("AWS::DynamoDB::Table", {
      BillingMode: "PAY_PER_REQUEST",
      PointInTimeRecoverySpecification: { PointInTimeRecoveryEnabled: true },
      TimeToLiveSpecification: { AttributeName: "ttl", Enabled: true },
      StreamSpecification: { StreamViewType: "NEW_IMAGE" },
      DeletionProtectionEnabled: true,
    });
  });

  it("has sparse indexes of what is due, and of what clients have open", () => {
    template.hasResourceProperties("AWS::DynamoDB::Table", {
      GlobalSecondaryIndexes: [
        {
          IndexName: "due",
          KeySchema: [
            { AttributeName: "due_pk", KeyType: "HASH" },
            { AttributeName: "due_sk", KeyType: "RANGE" },
          ],
          Projection: { ProjectionType: "ALL" },
        },
        {
          IndexName: "open",
          KeySchema: [
            { AttributeName: "open_pk", KeyType: "HASH" },
            { AttributeName: "pk", KeyType: "RANGE" },
          ],
          Projection: { ProjectionType: "KEYS_ONLY" },
        },
      ],
    });
  });
});
