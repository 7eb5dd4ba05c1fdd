/** What tables say about themselves: DescribeTable, ListTables, TimeToLive, ContinuousBackups. */
import { AwsError } from "../../types.ts";
import { type Access, type Context, type Operation, openTable, tableName } from "../context.ts";
import { integerOf } from "../database.ts";
import { validationError } from "../errors.ts";
import { flag, type Input, integer, optionalText, record, text } from "../input.ts";
import { streamArn, streamLabel, type Table, tableArn, tableId } from "../table.ts";

export const describeTable: Operation = (input, context) => {
  const table = open(input, context, { action: "DescribeTable" });
  return { Table: tableDescription(table, context) };
};

export const listTables: Operation = (input, context) => {
  context.authorize("dynamodb:ListTables", tableArn("*"));
  const limit = integer(input, "Limit", { max: 100 }) ?? 100;
  const after = optionalText(input, "ExclusiveStartTableName") ?? "";
  const names = context.catalog.all().map(({ spec }) => spec.name);
  const page = names.filter((name) => name > after).slice(0, limit);
  const last = page.at(-1);
  return {
    TableNames: page,
    ...(last !== undefined && last !== names.at(-1) && { LastEvaluatedTableName: last }),
  };
};

export const describeTimeToLive: Operation = (input, context) => {
  const { spec } = open(input, context, { action: "DescribeTimeToLive" });
  return {
    TimeToLiveDescription:
      spec.ttlAttribute === undefined
        ? { TimeToLiveStatus: "DISABLED" }
        : { TimeToLiveStatus: "ENABLED", AttributeName: spec.ttlAttribute },
  };
};

export const updateTimeToLive: Operation = (input, context) => {
  const table = open(input, context, { action: "UpdateTimeToLive" });
  const specification = record(input, "TimeToLiveSpecification");
  const attribute = text(specification, "AttributeName");
  const enabled = flag(specification, "Enabled");
  const current = table.spec.ttlAttribute;
  if (enabled && current !== undefined) {
    throw validationError(
      current === attribute
        ? "TimeToLive is already enabled"
        : `TimeToLive is active on a different AttributeName: current AttributeName is ${current}`,
    );
  }
  if (!enabled && current === undefined) throw validationError("TimeToLive is already disabled");
  context.catalog.setTtl(table, enabled ? attribute : undefined);
  return { TimeToLiveSpecification: { AttributeName: attribute, Enabled: enabled } };
};

export const describeContinuousBackups: Operation = (input, context) => {
  const { spec } = open(input, context, { action: "DescribeContinuousBackups" });
  return {
    ContinuousBackupsDescription: {
      ContinuousBackupsStatus: "ENABLED",
      PointInTimeRecoveryDescription: {
        PointInTimeRecoveryStatus: spec.pointInTimeRecovery ? "ENABLED" : "DISABLED",
      },
    },
  };
};

/** Like `openTable`, but the error names the table, as AWS's does here. */
function open(input: Input, context: Context, access: Access): Table {
  try {
    return openTable(context, input, access);
  } catch (error) {
    if (!(error instanceof AwsError) || error.code !== "ResourceNotFoundException") throw error;
    const name = tableName(text(input, "TableName"));
    throw new AwsError(error.code, `Requested resource not found: Table: ${name} not found`);
  }
}

/** What DescribeTable says of a table. */
export function tableDescription(table: Table, { db }: Context): Record<string, unknown> {
  const { spec } = table;
  const totals = db.get(
    "SELECT count(*) AS count, coalesce(sum(size), 0) AS bytes FROM items WHERE table_id = ?",
    table.id,
  );
  const throughput = { NumberOfDecreasesToday: 0, ReadCapacityUnits: 0, WriteCapacityUnits: 0 };
  const indexes = table.indexes.map((index) => ({
    IndexName: index.name,
    KeySchema: index.spec.KeySchema,
    Projection: index.spec.Projection,
    IndexStatus: "ACTIVE",
    IndexArn: `${tableArn(spec.name)}/index/${index.name}`,
    ProvisionedThroughput: throughput,
  }));
  return {
    TableName: spec.name,
    TableArn: tableArn(spec.name),
    TableId: tableId(table),
    TableStatus: "ACTIVE",
    CreationDateTime: table.createdAt / 1000,
    KeySchema: spec.keySchema,
    AttributeDefinitions: spec.attributeDefinitions,
    BillingModeSummary: { BillingMode: "PAY_PER_REQUEST" },
    ProvisionedThroughput: throughput,
    ItemCount: integerOf(totals ?? {}, "count"),
    TableSizeBytes: integerOf(totals ?? {}, "bytes"),
    DeletionProtectionEnabled: spec.deletionProtection ?? false,
    ...(indexes.length > 0 && { GlobalSecondaryIndexes: indexes }),
    ...(spec.streamViewType && {
      StreamSpecification: { StreamEnabled: true, StreamViewType: spec.streamViewType },
      LatestStreamArn: streamArn(table),
      LatestStreamLabel: streamLabel(table),
    }),
  };
}
