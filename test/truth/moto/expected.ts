/** What the templates say, with the names that the emulator gave. */
import type { APIGatewayClient } from "@aws-sdk/client-api-gateway";
import { GetResourcesCommand } from "@aws-sdk/client-api-gateway";
import {
  type CloudFormationClient,
  DescribeStackResourcesCommand,
  DescribeStacksCommand,
} from "@aws-sdk/client-cloudformation";
import { DescribeTableCommand, type DynamoDBClient } from "@aws-sdk/client-dynamodb";
import { ACCOUNT, REGION } from "@wharf/local-cloud";
import { createResolver, type Provisioned } from "@wharf/local-cloud/template/intrinsics.ts";
import { readStacks, type Stack } from "@wharf/local-cloud/template/stacks.ts";

export interface Expected {
  readonly logicalId: string;
  readonly type: string;
  /** The physical id; empty where the emulator gives it none. */
  readonly ref: string;
  /** As the template has them, every reference resolved. */
  readonly properties: Record<string, unknown>;
}

interface Clients {
  readonly stacks: CloudFormationClient;
  readonly dynamodb: DynamoDBClient;
  readonly api: APIGatewayClient;
}

/** Every resource of the assembly's stacks. */
export async function expectedResources(clients: Clients, assembly: string): Promise<Expected[]> {
  const exports = new Map<string, unknown>();
  const expected: Expected[] = [];
  for (const stack of readStacks(assembly)) {
    const physical = await physicalIds(clients.stacks, stack.name);
    const resources = new Map<string, Provisioned>();
    for (const [logicalId, { Type }] of Object.entries(stack.template.Resources)) {
      // What has no name may be there all the same, and is found by what it belongs to.
      const ref = physical.get(logicalId) ?? "";
      resources.set(logicalId, { ref, attributes: await attributesOf(clients, Type, ref) });
    }
    const { resolve } = createResolver({
      stackName: stack.name,
      template: stack.template,
      resources,
      exports,
    });
    for (const [logicalId, { Type, Properties }] of Object.entries(stack.template.Resources)) {
      const ref = resources.get(logicalId)?.ref ?? "";
      expected.push({ logicalId, type: Type, ref, properties: propertiesOf(resolve(Properties)) });
    }
    await readExports(clients.stacks, stack, exports);
  }
  return expected;
}

async function physicalIds(stacks: CloudFormationClient, StackName: string): Promise<Map<string, string>> {
  const { StackResources = [] } = await stacks.send(new DescribeStackResourcesCommand({ StackName }));
  return new Map(
    StackResources.flatMap(({ LogicalResourceId: id, PhysicalResourceId: ref }) =>
      id !== undefined && ref !== undefined ? [[id, ref]] : [],
    ),
  );
}

/** As CloudFormation there exports them, so that what it imports is compared with what it made. */
async function readExports(
  stacks: CloudFormationClient,
  { name }: Stack,
  exports: Map<string, unknown>,
): Promise<void> {
  const { Stacks = [] } = await stacks.send(new DescribeStacksCommand({ StackName: name }));
  for (const { ExportName, OutputValue } of Stacks[0]?.Outputs ?? [])
    if (ExportName !== undefined) exports.set(ExportName, OutputValue);
}

async function attributesOf(clients: Clients, type: string, ref: string): Promise<Record<string, string>> {
  const arn = (service: string, rest: string) => `arn:aws:${service}:${REGION}:${ACCOUNT}:${rest}`;
  const name = ref.split("/").at(-1) ?? ref;
  switch (type) {
    case "AWS::SQS::Queue":
      return { Arn: arn("sqs", name), QueueName: name };
    case "AWS::Lambda::Function":
      return { Arn: arn("lambda", `function:${ref}`) };
    case "AWS::IAM::Role":
      return { Arn: `arn:aws:iam::${ACCOUNT}:role/${ref}` };
    case "AWS::S3::Bucket":
      return { Arn: `arn:aws:s3:::${ref}` };
    case "AWS::Events::EventBus":
      return { Arn: arn("events", `event-bus/${ref}`), Name: ref };
    case "AWS::Events::Rule":
      return { Arn: arn("events", `rule/${ref.split("|").at(-1)}`) };
    case "AWS::Logs::LogGroup":
      return { Arn: arn("logs", `log-group:${ref}`) };
    case "AWS::DynamoDB::Table": {
      const { Table } = await clients.dynamodb.send(new DescribeTableCommand({ TableName: ref }));
      return { Arn: Table?.TableArn ?? "", StreamArn: Table?.LatestStreamArn ?? "" };
    }
    case "AWS::ApiGateway::RestApi": {
      const { items = [] } = await clients.api.send(new GetResourcesCommand({ restApiId: ref }));
      return { RootResourceId: items.find(({ path }) => path === "/")?.id ?? "" };
    }
    default:
      return {};
  }
}

function propertiesOf(resolved: unknown): Record<string, unknown> {
  if (typeof resolved !== "object" || resolved === null) throw new Error("properties are an object");
  return { ...resolved };
}
