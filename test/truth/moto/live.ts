/** What exists in an emulator, read by its own APIs and put as CloudFormation's properties, so that both can be compared. */
import {
  APIGatewayClient,
  GetMethodCommand,
  GetResourceCommand,
  GetRestApiCommand,
} from "@aws-sdk/client-api-gateway";
import { CloudFormationClient } from "@aws-sdk/client-cloudformation";
import { CloudWatchLogsClient, DescribeLogGroupsCommand } from "@aws-sdk/client-cloudwatch-logs";
import {
  DescribeContinuousBackupsCommand,
  DescribeTableCommand,
  DescribeTimeToLiveCommand,
  DynamoDBClient,
} from "@aws-sdk/client-dynamodb";
import {
  DescribeRuleCommand,
  EventBridgeClient,
  ListTargetsByRuleCommand,
} from "@aws-sdk/client-eventbridge";
import {
  GetBucketCorsCommand,
  GetBucketEncryptionCommand,
  GetBucketLifecycleConfigurationCommand,
  GetBucketNotificationConfigurationCommand,
  GetBucketOwnershipControlsCommand,
  GetPublicAccessBlockCommand,
  S3Client,
} from "@aws-sdk/client-s3";
import { GetQueueAttributesCommand, SQSClient } from "@aws-sdk/client-sqs";
import { REGION } from "@wharf/local-cloud";
import * as z from "zod";
import type { Expected } from "./expected.ts";
import { queryCall, restCall } from "./raw-call.ts";

export type Live = ReturnType<typeof connect>;

/** Clients of one emulator. */
export function connect(endpoint: string) {
  const options = {
    endpoint,
    region: REGION,
    credentials: { accessKeyId: "test", secretAccessKey: "test" },
  };
  const clients = {
    stacks: new CloudFormationClient(options),
    dynamodb: new DynamoDBClient(options),
    api: new APIGatewayClient(options),
    s3: new S3Client({ ...options, forcePathStyle: true }),
    sqs: new SQSClient(options),
    events: new EventBridgeClient(options),
    logs: new CloudWatchLogsClient(options),
  };
  return {
    ...clients,
    endpoint,
    [Symbol.dispose]() {
      for (const client of Object.values(clients)) client.destroy();
    },
  };
}

type Reader = (live: Live, expected: Expected) => Promise<Record<string, unknown>>;

/** By type of resource, all that the emulator makes. */
export const readers: Readonly<Record<string, Reader>> = {
  async "AWS::SQS::Queue"({ sqs }, { ref }) {
    const { Attributes = {} } = await sqs.send(
      new GetQueueAttributesCommand({ QueueUrl: ref, AttributeNames: ["All"] }),
    );
    return { ...Attributes, RedrivePolicy: parsed(Attributes["RedrivePolicy"]) };
  },
  async "AWS::DynamoDB::Table"({ dynamodb }, { ref: TableName }) {
    const { Table = {} } = await dynamodb.send(new DescribeTableCommand({ TableName }));
    const { TimeToLiveDescription: ttl } = await dynamodb.send(new DescribeTimeToLiveCommand({ TableName }));
    const { ContinuousBackupsDescription: backups } = await dynamodb.send(
      new DescribeContinuousBackupsCommand({ TableName }),
    );
    return {
      ...Table,
      BillingMode: Table.BillingModeSummary?.BillingMode,
      TimeToLiveSpecification: {
        AttributeName: ttl?.AttributeName,
        Enabled: ttl?.TimeToLiveStatus === "ENABLED",
      },
      PointInTimeRecoverySpecification: {
        PointInTimeRecoveryEnabled:
          backups?.PointInTimeRecoveryDescription?.PointInTimeRecoveryStatus === "ENABLED",
      },
    };
  },
  async "AWS::S3::Bucket"({ s3 }, { ref: Bucket }) {
    // What isn't set is an error, each of its own name.
    const encryption = await s3.send(new GetBucketEncryptionCommand({ Bucket })).catch(nothing);
    const cors = await s3.send(new GetBucketCorsCommand({ Bucket })).catch(nothing);
    const lifecycle = await s3.send(new GetBucketLifecycleConfigurationCommand({ Bucket })).catch(nothing);
    const access = await s3.send(new GetPublicAccessBlockCommand({ Bucket })).catch(nothing);
    const ownership = await s3.send(new GetBucketOwnershipControlsCommand({ Bucket })).catch(nothing);
    const notifications = await s3.send(new GetBucketNotificationConfigurationCommand({ Bucket }));
    return {
      BucketEncryption: {
        ServerSideEncryptionConfiguration: encryption?.ServerSideEncryptionConfiguration?.Rules?.map(
          (rule) => ({
            ServerSideEncryptionByDefault: rule.ApplyServerSideEncryptionByDefault,
          }),
        ),
      },
      CorsConfiguration: {
        CorsRules: cors?.CORSRules?.map(({ ExposeHeaders, MaxAgeSeconds, ...rule }) => ({
          ...rule,
          ExposedHeaders: ExposeHeaders,
          MaxAge: MaxAgeSeconds,
        })),
      },
      LifecycleConfiguration: { Rules: lifecycle?.Rules?.map(({ ID, ...rule }) => ({ ...rule, Id: ID })) },
      PublicAccessBlockConfiguration: access?.PublicAccessBlockConfiguration,
      OwnershipControls: ownership?.OwnershipControls,
      NotificationConfiguration: {
        EventBridgeConfiguration: {
          EventBridgeEnabled: notifications.EventBridgeConfiguration !== undefined,
        },
      },
    };
  },
  async "AWS::Lambda::Function"({ endpoint }, { ref }) {
    const { Configuration } = z
      .looseObject({ Configuration: z.looseObject({}) })
      .parse(await restCall(endpoint, "lambda", `/2015-03-31/functions/${ref}`));
    const { ReservedConcurrentExecutions } = z
      .looseObject({ ReservedConcurrentExecutions: z.number().nullish() })
      .parse(await restCall(endpoint, "lambda", `/2019-09-30/functions/${ref}/concurrency`));
    return { ...Configuration, ReservedConcurrentExecutions };
  },
  async "AWS::Lambda::EventSourceMapping"({ endpoint }, { ref }) {
    const mapping = await restCall(endpoint, "lambda", `/2015-03-31/event-source-mappings/${ref}`);
    const { FunctionArn, ...rest } = z.looseObject({ FunctionArn: z.string() }).parse(mapping);
    return { ...rest, FunctionName: FunctionArn.split(":").at(-1) };
  },
  async "AWS::Lambda::Permission"({ endpoint }, { properties }) {
    const path = `/2015-03-31/functions/${String(properties["FunctionName"]).split(":").at(-1)}/policy`;
    const { Policy } = z.object({ Policy: z.string() }).parse(await restCall(endpoint, "lambda", path));
    const { Statement } = policySchema.parse(JSON.parse(Policy));
    const arn = properties["SourceArn"];
    const own = Statement.find(({ Condition }) =>
      JSON.stringify(Condition ?? {}).includes(JSON.stringify(arn)),
    );
    if (!own) return {};
    return {
      Action: own.Action,
      FunctionName: own.Resource,
      Principal: z.object({ Service: z.string() }).safeParse(own.Principal).data?.Service,
      SourceArn: arn,
    };
  },
  async "AWS::Events::EventBus"(_, { ref }) {
    return { Name: ref };
  },
  async "AWS::Events::Rule"({ events }, { ref, properties }) {
    const name = ref.split("|").at(-1) ?? ref;
    const EventBusName =
      properties["EventBusName"] === undefined ? undefined : String(properties["EventBusName"]);
    const rule = await events.send(new DescribeRuleCommand({ Name: name, EventBusName }));
    const { Targets } = await events.send(new ListTargetsByRuleCommand({ Rule: name, EventBusName }));
    return { ...rule, EventPattern: parsed(rule.EventPattern), Targets };
  },
  async "AWS::IAM::Role"({ endpoint }, { ref }) {
    const got = z
      .object({
        GetRoleResponse: z.object({
          GetRoleResult: z.object({ Role: z.looseObject({ AssumeRolePolicyDocument: z.string() }) }),
        }),
      })
      .parse(await queryCall(endpoint, "iam", { Action: "GetRole", Version: "2010-05-08", RoleName: ref }));
    const { AssumeRolePolicyDocument, ...role } = got.GetRoleResponse.GetRoleResult.Role;
    const attached = z
      .object({
        ListAttachedRolePoliciesResponse: z.object({
          ListAttachedRolePoliciesResult: z.object({
            AttachedPolicies: z
              .object({ member: z.array(z.object({ PolicyArn: z.string() })) })
              .catch({ member: [] }),
          }),
        }),
      })
      .parse(
        await queryCall(endpoint, "iam", {
          ...{ Action: "ListAttachedRolePolicies", Version: "2010-05-08", RoleName: ref },
        }),
      ).ListAttachedRolePoliciesResponse.ListAttachedRolePoliciesResult.AttachedPolicies.member;
    return {
      ...role,
      AssumeRolePolicyDocument: parsed(decodeURIComponent(AssumeRolePolicyDocument)),
      ManagedPolicyArns: attached.map(({ PolicyArn }) => PolicyArn),
    };
  },
  async "AWS::IAM::Policy"({ endpoint }, { properties }) {
    const Roles = z.array(z.string()).parse(properties["Roles"]);
    const PolicyName = z.string().parse(properties["PolicyName"]);
    const [RoleName = ""] = Roles;
    const got = z
      .object({
        GetRolePolicyResponse: z.object({ GetRolePolicyResult: z.object({ PolicyDocument: z.string() }) }),
      })
      .parse(
        await queryCall(endpoint, "iam", {
          Action: "GetRolePolicy",
          Version: "2010-05-08",
          RoleName,
          PolicyName,
        }),
      );
    const { PolicyDocument } = got.GetRolePolicyResponse.GetRolePolicyResult;
    return { PolicyName, Roles, PolicyDocument: parsed(decodeURIComponent(PolicyDocument)) };
  },
  async "AWS::Logs::LogGroup"({ logs }, { ref }) {
    const { logGroups = [] } = await logs.send(new DescribeLogGroupsCommand({ logGroupNamePrefix: ref }));
    return { RetentionInDays: logGroups.find(({ logGroupName }) => logGroupName === ref)?.retentionInDays };
  },
  async "AWS::ApiGateway::RestApi"({ api }, { ref }) {
    const { name, description, binaryMediaTypes, minimumCompressionSize, endpointConfiguration, ...rest } =
      await api.send(new GetRestApiCommand({ restApiId: ref }));
    return {
      ...{ Name: name, Description: description, BinaryMediaTypes: binaryMediaTypes },
      MinimumCompressionSize: minimumCompressionSize,
      EndpointConfiguration: { Types: endpointConfiguration?.types },
      ...capitals(rest),
    };
  },
  async "AWS::ApiGateway::Resource"({ api }, { ref, properties }) {
    const restApiId = z.string().parse(properties["RestApiId"]);
    const { parentId, pathPart } = await api.send(new GetResourceCommand({ restApiId, resourceId: ref }));
    return { RestApiId: restApiId, ParentId: parentId, PathPart: pathPart };
  },
  async "AWS::ApiGateway::Method"({ api }, { properties }) {
    const {
      RestApiId: restApiId,
      ResourceId: resourceId,
      HttpMethod: httpMethod,
    } = z.object({ RestApiId: z.string(), ResourceId: z.string(), HttpMethod: z.string() }).parse(properties);
    const {
      methodIntegration = {},
      methodResponses,
      ...method
    } = await api.send(new GetMethodCommand({ restApiId, resourceId, httpMethod }));
    const {
      httpMethod: IntegrationHttpMethod,
      integrationResponses = {},
      ...integration
    } = methodIntegration;
    return {
      ...capitals(method),
      RestApiId: restApiId,
      ResourceId: resourceId,
      Integration: {
        ...capitals(integration),
        IntegrationHttpMethod,
        IntegrationResponses: Object.values(integrationResponses).map(capitals),
      },
      MethodResponses: Object.values(methodResponses ?? {}).map(capitals),
    };
  },
};

const policySchema = z.object({
  Statement: z.array(
    z.looseObject({
      Action: z.unknown(),
      Resource: z.unknown(),
      Principal: z.unknown(),
      Condition: z.unknown().optional(),
    }),
  ),
});

function nothing(): undefined {
  return undefined;
}

/** API Gateway's names as CloudFormation writes them. */
function capitals(value: object): Record<string, unknown> {
  return Object.fromEntries(Object.entries(value).map(([key, one]) => [capital(key), one]));
}

function capital(key: string): string {
  return `${key.charAt(0).toUpperCase()}${key.slice(1)}`;
}

function parsed(json: string | undefined): unknown {
  return json === undefined || json === "" ? undefined : JSON.parse(json);
}
