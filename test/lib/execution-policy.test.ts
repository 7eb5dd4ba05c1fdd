/**
 * The policies of `docs/policies`: CloudFormation's role may make, change, read and remove all that the templates hold,
 * and nothing beside.
 */
import { readFileSync } from "node:fs";
import { applies, parsePolicy } from "@wharf/local-cloud/iam/policy.ts";
import type { Template } from "aws-cdk-lib/assertions";
import { beforeAll, describe, expect, it } from "vitest";
import * as z from "zod";
import { type Resource, synth } from "./synth.ts";

/**
 * What the handlers of each type call, by the schemas of CloudFormation's registry ("handlers" and "tagging"), of
 * November 2026.
 */
const handlers: Record<string, string[]> = JSON.parse(
  readFileSync(new URL("data/cloudformation-permissions.json", import.meta.url), "utf8"),
);

const statement = z.strictObject({
  Sid: z.string(),
  Effect: z.literal("Allow"),
  Action: z.union([z.string(), z.array(z.string())]).transform((value) => [value].flat()),
  Resource: z.union([z.string(), z.array(z.string())]).transform((value) => [value].flat()),
  Condition: z.unknown().optional(),
});
const policyFile = z.strictObject({ Version: z.literal("2012-10-17"), Statement: z.array(statement) });
const policy = (name: string) =>
  policyFile.parse(JSON.parse(readFileSync(`docs/policies/${name}.json`, "utf8"))).Statement;

const all = policy("execution");
// Their conditions are compared as a whole below.
const allows = parsePolicy(
  { Statement: all.map(({ Condition, ...rest }) => rest) },
  "identity",
  "execution.json",
);
const may = (action: string, resource: string) =>
  allows.some((one) => applies(one, { principal: null, roleArn: undefined, action, resource }, {}));

/** Handlers' permissions for properties that no template has: property → permissions. */
const unused: Record<string, Record<string, RegExp>> = {
  "AWS::S3::Bucket": {
    AbacStatus: /BucketAbac$/,
    AccelerateConfiguration: /^s3:PutAccelerate/,
    AccessControl: /^s3:Put(Bucket|Object)Acl$/,
    AnalyticsConfigurations: /^s3:(Put|DeleteBucket)Analytics/,
    IntelligentTieringConfigurations: /^s3:PutIntelligentTiering/,
    InventoryConfigurations: /^s3:PutInventory/,
    LoggingConfiguration: /^s3:PutBucketLogging$/,
    MetadataTableConfiguration: /^s3tables:|^s3:(Create|Delete|Update)BucketMetadata|^s3:Update/,
    MetricsConfigurations: /^s3:(Put|DeleteBucket)Metrics/,
    ObjectLockConfiguration: /^s3:Put(Bucket)?ObjectLock/,
    ReplicationConfiguration: /^iam:PassRole$|^s3:(Put|Delete)(Bucket)?Replication|^s3:DeleteObject$/,
    VersioningConfiguration: /^s3:PutBucketVersioning$/,
    WebsiteConfiguration: /^s3:(Put|Delete)BucketWebsite$/,
    // S3 takes either name: the bucket's rules are replaced, never taken away.
    "": /^s3:Delete(BucketEncryption|BucketLifecycle)$/,
  },
  "AWS::DynamoDB::Table": {
    ContributorInsightsSpecification: /^dynamodb:UpdateContributorInsights$/,
    ImportSourceSpecification:
      /^dynamodb:ImportTable$|^logs:|^s3:|^kms:(Decrypt|Encrypt|DescribeKey|ListAliases)$/,
    KinesisStreamSpecification: /^kinesis:|^dynamodb:(Enable|Disable|Update)Kinesis/,
    ResourcePolicy: /^dynamodb:(Put|Delete)ResourcePolicy$/,
    "SSESpecification.KMSMasterKeyId": /^kms:/,
    // Global tables' alone.
    Replicas:
      /TableReplica$|^iam:CreateServiceLinkedRole$|^dynamodb:(Scan|Query|(Get|Put|Update|Delete)Item|BatchWriteItem)$/,
  },
  "AWS::Events::EventBus": { KmsKeyIdentifier: /^kms:/, Policy: /^events:(Put|Remove)Permission$/ },
  "AWS::Events::Rule": { "Targets.RoleArn": /^iam:PassRole$/ },
  "AWS::Logs::LogGroup": {
    BearerTokenAuthenticationEnabled: /BearerToken/,
    DataProtectionPolicy: /^logs:(Put|Delete)DataProtection|^logs:CreateLogDelivery$|^s3:|^firehose:/,
    DeletionProtectionEnabled: /DeletionProtection$/,
    FieldIndexPolicies: /^logs:(Put|Delete)IndexPolicy$/,
    KmsKeyId: /KmsKey$/,
    ResourcePolicyDocument: /^logs:(Put|Delete)ResourcePolicy$/,
  },
  "AWS::ApiGateway::RestApi": {
    BodyS3Location: /^s3:/,
    Policy: /UpdateRestApiPolicy$/,
    Body: /^iam:PassRole$/,
  },
  "AWS::ApiGateway::Method": { "Integration.Credentials": /^iam:PassRole$/ },
  "AWS::IAM::Role": { PermissionsBoundary: /PermissionsBoundary$/ },
  "AWS::IAM::Policy": { Users: /User/, Groups: /Group/ },
  "AWS::Lambda::EventSourceMapping": { KmsKeyArn: /^kms:/ },
  "AWS::Lambda::Function": {
    CapacityProviderConfig: /CapacityProvider$|ScalingConfig$|PublishVersion$/,
    CodeSigningConfigArn: /^lambda:(Put|Delete)FunctionCodeSigning|^lambda:GetCodeSigningConfig$/,
    FileSystemConfigs: /^elasticfilesystem:|^s3files:/,
    KmsKeyArn: /^kms:/,
    Layers: /LayerVersion$/,
    RuntimeManagementConfig: /^lambda:(PutRuntimeManagementConfig|AssociateRuntimeAlias)$/,
    VpcConfig: /^ec2:/,
  },
};

/** An ARN of what a template makes: names begin with their stack's, where CloudFormation makes them. */
const arns: Record<string, readonly string[]> = {
  "AWS::S3::Bucket": ["arn:aws:s3:::wharf-dev-data-bucket-1x2y3z"],
  "AWS::S3::BucketPolicy": ["arn:aws:s3:::wharf-dev-data-bucket-1x2y3z"],
  "AWS::DynamoDB::Table": ["arn:aws:dynamodb:eu-west-1:1:table/wharf-dev-data-Table-1X2Y"],
  "AWS::Events::EventBus": ["arn:aws:events:eu-west-1:1:event-bus/wharfdevdataBus0C9DF5D5"],
  "AWS::Events::Rule": [
    "arn:aws:events:eu-west-1:1:rule/wharf-dev-service-SweepTicks-1X2Y",
    "arn:aws:events:eu-west-1:1:rule/wharfdevdataBus0C9DF5D5/wharf-dev-service-Emitted-1X2Y",
  ],
  "AWS::Logs::LogGroup": ["arn:aws:logs:eu-west-1:1:log-group:wharf-dev-service-ApiFunctionLogs-1X2Y:*"],
  "AWS::SQS::Queue": ["arn:aws:sqs:eu-west-1:1:wharf-dev-service-SweepTicksQueue-1X2Y"],
  "AWS::SQS::QueuePolicy": ["arn:aws:sqs:eu-west-1:1:wharf-dev-service-SweepTicksQueue-1X2Y"],
  "AWS::Lambda::Function": ["arn:aws:lambda:eu-west-1:1:function:wharf-dev-service-ApiFunction-1X2Y"],
  "AWS::Lambda::Permission": ["arn:aws:lambda:eu-west-1:1:function:wharf-dev-service-ApiFunction-1X2Y"],
  "AWS::Lambda::EventSourceMapping": ["arn:aws:lambda:eu-west-1:1:event-source-mapping:0f5e2c1a"],
  "AWS::IAM::Role": ["arn:aws:iam::1:role/wharf-dev-service-ApiFunctionRole-1X2Y"],
  "AWS::IAM::Policy": ["arn:aws:iam::1:role/wharf-dev-service-ApiFunctionRole-1X2Y"],
  "AWS::CloudWatch::Alarm": ["arn:aws:cloudwatch:eu-west-1:1:alarm:wharf-dev-service-DueLate-1X2Y"],
  "AWS::CloudWatch::Dashboard": ["arn:aws:cloudwatch::1:dashboard/DashboardDelivery-1X2Y"],
  "AWS::ApiGateway::Account": ["arn:aws:apigateway:eu-west-1::/account"],
  "AWS::ApiGateway::RestApi": [
    "arn:aws:apigateway:eu-west-1::/restapis",
    "arn:aws:apigateway:eu-west-1::/restapis/a1b2",
    "arn:aws:apigateway:eu-west-1::/tags/arn%3Aaws%3Aapigateway",
  ],
  "AWS::ApiGateway::Deployment": ["arn:aws:apigateway:eu-west-1::/restapis/a1b2/deployments/c3"],
  "AWS::ApiGateway::Stage": ["arn:aws:apigateway:eu-west-1::/restapis/a1b2/stages/prod"],
  "AWS::ApiGateway::Resource": ["arn:aws:apigateway:eu-west-1::/restapis/a1b2/resources/c3"],
  "AWS::ApiGateway::Method": ["arn:aws:apigateway:eu-west-1::/restapis/a1b2/resources/c3/methods/GET"],
  "AWS::ApiGateway::GatewayResponse": [
    "arn:aws:apigateway:eu-west-1::/restapis/a1b2/gatewayresponses/THROTTLED",
  ],
  "AWS::ApiGateway::DomainName": [
    "arn:aws:apigateway:eu-west-1::/domainnames",
    "arn:aws:apigateway:eu-west-1::/domainnames/files.example.com",
  ],
  "AWS::ApiGateway::BasePathMapping": [
    "arn:aws:apigateway:eu-west-1::/domainnames/files.example.com/basepathmappings",
  ],
};

/** Permissions of one service that another's handler asks for. */
const elsewhere: Record<string, string> = {
  "iam:GetRole": "arn:aws:iam::1:role/wharf-dev-service-HttpApiRole-1X2Y",
  "iam:PassRole": "arn:aws:iam::1:role/wharf-dev-service-ApiFunctionRole-1X2Y",
  "s3:GetObject": "arn:aws:s3:::cdk-hnb659fds-assets-1-eu-west-1/code.zip",
  "s3:GetObjectVersion": "arn:aws:s3:::cdk-hnb659fds-assets-1-eu-west-1/code.zip",
};

const domain = {
  name: "files.example.com",
  certificateArn: "arn:aws:acm:eu-west-1:123456789012:certificate/1",
};
let made: Resource[];
beforeAll(() => {
  const ofTemplate = (template: Template): Resource[] => Object.values(template.toJSON()["Resources"]);
  made = [synth("dev"), synth("prod", { domain })].flatMap(({ data, service }) =>
    [data, service].flatMap(ofTemplate),
  );
});

/** What is needed for a type: permission and where. */
function* needs(type: string): Generator<[action: string, arn: string]> {
  const isUnused = (action: string) => Object.values(unused[type] ?? {}).some((one) => one.test(action));
  for (const action of handlers[type] ?? []) {
    if (isUnused(action)) continue;
    const other = elsewhere[action];
    for (const arn of other === undefined ? (arns[type] ?? []) : [other]) yield [action, arn];
  }
}

/** Whether a property is set; each part of its name may be a list. */
function has(value: unknown, [name, ...rest]: string[]): boolean {
  if (Array.isArray(value)) return value.some((one) => has(one, name === undefined ? [] : [name, ...rest]));
  if (name === undefined) return value !== undefined;
  return typeof value === "object" && value !== null && Object.hasOwn(value, name)
    ? has(Reflect.get(value, name), rest)
    : false;
}

describe("CloudFormation's execution policy", () => {
  it("lets it make, change, read and remove all of both stages", () => {
    const types = [...new Set(made.map(({ Type }) => Type))];
    // A new type needs its handlers' permissions: from its schema in CloudFormation's registry.
    expect(types.toSorted()).toEqual(Object.keys(handlers).toSorted());
    const refused = types.flatMap((type) => [...needs(type)].filter(([action, arn]) => !may(action, arn)));
    expect(refused).toEqual([]);
  });

  it("leaves out what only properties need that no template has", () => {
    for (const { Type, Properties } of made)
      for (const property of Object.keys(unused[Type] ?? {}))
        expect([Type, property, property !== "" && has(Properties, property.split("."))]).toEqual([
          Type,
          property,
          false,
        ]);
  });

  it("has no action that nothing needs", () => {
    const needed = Object.keys(handlers).flatMap((type) => [...needs(type)].map(([action]) => action));
    // The bootstrap's version is a parameter of each template.
    const beside = ["ssm:GetParameters"];
    for (const { Sid, Action } of all)
      for (const action of Action) {
        const pattern = new RegExp(`^${action.replaceAll("*", ".*")}$`);
        expect([Sid, action, [...needed, ...beside].some((one) => pattern.test(one))]).toEqual([
          Sid,
          action,
          true,
        ]);
      }
  });

  it.each([
    ["s3:DeleteBucket", "arn:aws:s3:::reports"],
    ["s3:GetObject", "arn:aws:s3:::wharf-dev-data-bucket-1x2y3z/o/a"],
    ["dynamodb:GetItem", "arn:aws:dynamodb:eu-west-1:1:table/wharf-dev-data-Table-1X2Y"],
    ["dynamodb:DeleteTable", "arn:aws:dynamodb:eu-west-1:1:table/orders"],
    ["lambda:InvokeFunction", "arn:aws:lambda:eu-west-1:1:function:wharf-dev-service-ApiFunction-1X2Y"],
    ["lambda:UpdateFunctionCode", "arn:aws:lambda:eu-west-1:1:function:billing"],
    ["iam:PutRolePolicy", "arn:aws:iam::1:role/admin"],
    ["iam:CreateUser", "arn:aws:iam::1:user/wharf-x"],
    ["events:PutRule", "arn:aws:events:eu-west-1:1:rule/nightly"],
    ["sqs:ReceiveMessage", "arn:aws:sqs:eu-west-1:1:wharf-dev-service-SweepTicksQueue-1X2Y"],
    ["logs:DeleteLogGroup", "arn:aws:logs:eu-west-1:1:log-group:/aws/lambda/billing:*"],
  ])("doesn't allow %s on %s", (action, arn) => {
    expect(may(action, arn)).toBe(false);
  });

  it("passes roles to two services, and gives them no managed policy but the one for API Gateway's logs", () => {
    expect(
      all
        .filter(({ Condition }) => Condition !== undefined)
        .map(({ Action, Condition }) => [Action, Condition]),
    ).toEqual([
      [
        ["iam:AttachRolePolicy", "iam:DetachRolePolicy"],
        {
          ArnLike: {
            "iam:PolicyARN": "arn:*:iam::aws:policy/service-role/AmazonAPIGatewayPushToCloudWatchLogs",
          },
        },
      ],
      [
        ["iam:PassRole"],
        { StringEquals: { "iam:PassedToService": ["apigateway.amazonaws.com", "lambda.amazonaws.com"] } },
      ],
    ]);
    const services = made.flatMap(({ Type, Properties }) =>
      Type === "AWS::IAM::Role"
        ? Properties.AssumeRolePolicyDocument.Statement.map(
            (one: { Principal: { Service: string } }) => one.Principal.Service,
          )
        : [],
    );
    expect([...new Set(services)].toSorted()).toEqual(["apigateway.amazonaws.com", "lambda.amazonaws.com"]);
    const managed = made.flatMap(({ Properties }) => Properties?.ManagedPolicyArns ?? []);
    expect(managed).not.toEqual([]);
    for (const arn of managed) expect(JSON.stringify(arn)).toContain("AmazonAPIGatewayPushToCloudWatchLogs");
  });

  it("names what is Wharf's or the bootstrap's, but where AWS names nothing beforehand", () => {
    const wide = all.filter(({ Resource }) => Resource.some((arn) => !/wharf|cdk-/.test(arn)));
    expect(wide.map(({ Sid }) => Sid)).toEqual(["Mappings", "Api", "Dashboards", "Lists"]);
  });

  it("fits into one managed policy", () => {
    // IAM: 6,144 characters at most, white space aside.
    expect(readFileSync("docs/policies/execution.json", "utf8").replaceAll(/\s/g, "").length).toBeLessThan(
      6_144,
    );
  });
});

it("who deploys takes the bootstrap's roles and nothing beside", () => {
  expect(policy("deploy")).toEqual([
    { Sid: "CdkRoles", Effect: "Allow", Action: ["sts:AssumeRole"], Resource: ["arn:*:iam::*:role/cdk-*"] },
  ]);
});
