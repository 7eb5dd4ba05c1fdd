/** Tables that a client makes and removes by itself: CreateTable, DeleteTable. */

import { z } from "zod";
import { AwsError } from "../../types.ts";
import { type Operation, openTable } from "../context.ts";
import { validationError } from "../errors.ts";
import { readKeySchema, type TableSpec, tableArn } from "../table.ts";
import { tableDescription } from "./describe.ts";

const keySchema = z.array(z.object({ AttributeName: z.string(), KeyType: z.enum(["HASH", "RANGE"]) }));

const tableInput = z.object({
  TableName: z.string().regex(/^[a-zA-Z0-9_.-]{3,255}$/),
  KeySchema: keySchema,
  AttributeDefinitions: z.array(
    z.object({ AttributeName: z.string(), AttributeType: z.enum(["S", "N", "B"]) }),
  ),
  GlobalSecondaryIndexes: z
    .array(
      z.object({
        IndexName: z.string(),
        KeySchema: keySchema,
        Projection: z.object({
          ProjectionType: z.enum(["ALL", "KEYS_ONLY", "INCLUDE"]),
          NonKeyAttributes: z.array(z.string()).optional(),
        }),
      }),
    )
    .optional(),
  StreamSpecification: z
    .object({
      StreamEnabled: z.boolean(),
      StreamViewType: z.enum(["KEYS_ONLY", "NEW_IMAGE", "OLD_IMAGE", "NEW_AND_OLD_IMAGES"]).optional(),
    })
    .optional(),
  DeletionProtectionEnabled: z.boolean().optional(),
});

/** Makes a table, which is at once active; its throughput is on demand, whatever is asked for. */
export const createTable: Operation = (input, context) => {
  const parsed = tableInput.safeParse(input);
  if (!parsed.success) throw validationError(z.prettifyError(parsed.error));
  const { TableName: name, StreamSpecification: stream, ...asked } = parsed.data;
  context.authorize("dynamodb:CreateTable", tableArn(name));
  if (context.catalog.find(name)) {
    throw new AwsError("ResourceInUseException", `Table already exists: ${name}`);
  }
  const spec: TableSpec = {
    name,
    keySchema: asked.KeySchema,
    attributeDefinitions: asked.AttributeDefinitions,
    gsis: (asked.GlobalSecondaryIndexes ?? []).map(({ IndexName, KeySchema, Projection }) => ({
      ...{ IndexName, KeySchema },
      Projection: {
        ProjectionType: Projection.ProjectionType,
        ...(Projection.NonKeyAttributes && { NonKeyAttributes: Projection.NonKeyAttributes }),
      },
    })),
    streamViewType: stream?.StreamEnabled ? stream.StreamViewType : undefined,
    deletionProtection: asked.DeletionProtectionEnabled ?? false,
  };
  const fault = faultOfKeys(spec);
  if (fault !== undefined) throw validationError(`One or more parameter values were invalid: ${fault}`);
  return { TableDescription: tableDescription(context.catalog.provision(spec, context.now()), context) };
};

/** What is wrong with the keys of a table or its indexes; `undefined` where nothing is. */
function faultOfKeys({ keySchema, gsis = [], attributeDefinitions }: TableSpec): string | undefined {
  try {
    for (const schema of [keySchema, ...gsis.map(({ KeySchema }) => KeySchema)])
      readKeySchema(schema, attributeDefinitions);
    return undefined;
  } catch (error) {
    return error instanceof Error ? error.message : String(error);
  }
}

/** Removes a table with its items, indexes and stream, at once. */
export const deleteTable: Operation = (input, context) => {
  const table = openTable(context, input, { action: "DeleteTable" });
  if (table.spec.deletionProtection) {
    const what = `Resource cannot be deleted as it is currently protected against deletion. Disable deletion protection first.`;
    throw validationError(what);
  }
  const description = tableDescription(table, context);
  context.catalog.remove(table);
  return { TableDescription: { ...description, TableStatus: "DELETING" } };
};
