import {
  CreateTableCommand,
  type CreateTableCommandInput,
  DescribeTableCommand,
  type DynamoDBClient,
  ResourceInUseException,
  UpdateTimeToLiveCommand,
  waitUntilTableExists,
} from "@aws-sdk/client-dynamodb";
import { z } from "zod";
import type { ProvisionedTable } from "../dynamodb/service.ts";
import type { TableSpec } from "../dynamodb/table.ts";

const KEY_TYPES = z.array(z.object({ AttributeName: z.string(), KeyType: z.enum(["HASH", "RANGE"]) }));
const DEFINITIONS = z.array(z.object({ AttributeName: z.string(), AttributeType: z.enum(["S", "N", "B"]) }));
const PROJECTION = z.object({
  ProjectionType: z.enum(["ALL", "KEYS_ONLY", "INCLUDE"]),
  NonKeyAttributes: z.array(z.string()).optional(),
});

/** Creates the table, or uses the one of that name, whose keys and indexes must then be these. */
export async function createTable(dynamodb: DynamoDBClient, spec: TableSpec): Promise<ProvisionedTable> {
  const TableName = spec.name;
  const isNew = await create(dynamodb, inputOf(spec));
  await waitUntilTableExists({ client: dynamodb, maxWaitTime: 60, minDelay: 1 }, { TableName });
  const { Table: table } = await dynamodb.send(new DescribeTableCommand({ TableName }));
  const names = (table?.GlobalSecondaryIndexes ?? []).map(({ IndexName }) => IndexName).sort();
  const wanted = (spec.gsis ?? []).map(({ IndexName }) => IndexName).sort();
  if (JSON.stringify(names) !== JSON.stringify(wanted)) {
    throw new Error(
      `table ${TableName} has the indexes ${names.join(", ")} there, and the template ${wanted.join(", ")}; empty the emulator`,
    );
  }
  // DynamoDB refuses to enable what is enabled.
  if (isNew && spec.ttlAttribute !== undefined) {
    const TimeToLiveSpecification = { AttributeName: spec.ttlAttribute, Enabled: true };
    await dynamodb.send(new UpdateTimeToLiveCommand({ TableName, TimeToLiveSpecification }));
  }
  return { name: TableName, arn: table?.TableArn ?? "", streamArn: table?.LatestStreamArn };
}

async function create(dynamodb: DynamoDBClient, input: CreateTableCommandInput): Promise<boolean> {
  try {
    await dynamodb.send(new CreateTableCommand(input));
    return true;
  } catch (error) {
    if (error instanceof ResourceInUseException) return false;
    throw error;
  }
}

function inputOf(spec: TableSpec): CreateTableCommandInput {
  const indexes = (spec.gsis ?? []).map(({ IndexName, KeySchema, Projection }) => ({
    IndexName,
    KeySchema: KEY_TYPES.parse(KeySchema),
    Projection: PROJECTION.parse(Projection),
  }));
  return {
    TableName: spec.name,
    BillingMode: "PAY_PER_REQUEST",
    KeySchema: KEY_TYPES.parse(spec.keySchema),
    AttributeDefinitions: DEFINITIONS.parse(spec.attributeDefinitions),
    ...(indexes.length > 0 && { GlobalSecondaryIndexes: indexes }),
    ...(spec.streamViewType && {
      StreamSpecification: { StreamEnabled: true, StreamViewType: spec.streamViewType },
    }),
  };
}
