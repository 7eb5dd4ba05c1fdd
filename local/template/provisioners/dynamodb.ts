import { z } from "zod";
import type { Services } from "../../services.ts";
import { inert, type Provisioners, parseProperties, physicalName } from "../resource.ts";

const keySchema = z.array(z.strictObject({ AttributeName: z.string(), KeyType: z.enum(["HASH", "RANGE"]) }));

const tableSchema = z.strictObject({
  TableName: z.string().optional(),
  AttributeDefinitions: z.array(
    z.strictObject({ AttributeName: z.string(), AttributeType: z.enum(["S", "N", "B"]) }),
  ),
  KeySchema: keySchema,
  BillingMode: z.literal("PAY_PER_REQUEST"),
  DeletionProtectionEnabled: z.boolean().default(false),
  GlobalSecondaryIndexes: z
    .array(
      z.strictObject({
        IndexName: z.string(),
        KeySchema: keySchema,
        Projection: z.union([
          z.strictObject({ ProjectionType: z.enum(["ALL", "KEYS_ONLY"]) }),
          z.strictObject({ ProjectionType: z.literal("INCLUDE"), NonKeyAttributes: z.array(z.string()) }),
        ]),
      }),
    )
    .default([]),
  PointInTimeRecoverySpecification: z
    .strictObject({ PointInTimeRecoveryEnabled: z.boolean(), RecoveryPeriodInDays: inert })
    .optional(),
  StreamSpecification: z
    .strictObject({ StreamViewType: z.enum(["KEYS_ONLY", "NEW_IMAGE", "OLD_IMAGE", "NEW_AND_OLD_IMAGES"]) })
    .optional(),
  TimeToLiveSpecification: z.strictObject({ AttributeName: z.string(), Enabled: z.boolean() }).optional(),
  ContributorInsightsSpecification: inert,
  SSESpecification: inert,
  Tags: inert,
});

/** Tables. Streams are found by their ARN through `onStream`. */
export function dynamoDbResources(
  dynamodb: Services["dynamodb"],
  onStream: (streamArn: string, tableName: string) => void,
): Provisioners {
  return {
    "AWS::DynamoDB::Table": async (resource) => {
      const properties = parseProperties(tableSchema, resource);
      const ttl = properties.TimeToLiveSpecification;
      const table = await dynamodb.createTable({
        name: properties.TableName ?? physicalName(resource, 255),
        keySchema: properties.KeySchema,
        attributeDefinitions: properties.AttributeDefinitions,
        gsis: properties.GlobalSecondaryIndexes,
        streamViewType: properties.StreamSpecification?.StreamViewType,
        ttlAttribute: ttl?.Enabled ? ttl.AttributeName : undefined,
        pointInTimeRecovery: properties.PointInTimeRecoverySpecification?.PointInTimeRecoveryEnabled ?? false,
        deletionProtection: properties.DeletionProtectionEnabled,
      });
      if (table.streamArn !== undefined) onStream(table.streamArn, table.name);
      return {
        ref: table.name,
        attributes: {
          Arn: table.arn,
          ...(table.streamArn !== undefined && { StreamArn: table.streamArn }),
        },
      };
    },
  };
}
