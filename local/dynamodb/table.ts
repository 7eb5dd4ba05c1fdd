/** What a table is: its keys, its indexes, its stream. */
import { createHash } from "node:crypto";
import { ACCOUNT, REGION } from "../types.ts";
import { type AttributeValue, type Item, typeOf } from "./attribute-value.ts";
import { validationError } from "./errors.ts";
import { projectItem } from "./expression/path.ts";
import { encodeKeyValue, type KeyAttribute, type KeySchema, keyAttributes } from "./keys.ts";

export interface KeySchemaElement {
  AttributeName: string;
  KeyType: string;
}
export interface AttributeDefinition {
  AttributeName: string;
  AttributeType: string;
}
export interface GlobalSecondaryIndex {
  IndexName: string;
  KeySchema: KeySchemaElement[];
  Projection: { ProjectionType?: string; NonKeyAttributes?: string[] };
}
export type StreamViewType = "KEYS_ONLY" | "NEW_IMAGE" | "OLD_IMAGE" | "NEW_AND_OLD_IMAGES";

/** A table to provision; members within are spelled as in CloudFormation. */
export interface TableSpec {
  name: string;
  keySchema: KeySchemaElement[];
  attributeDefinitions: AttributeDefinition[];
  gsis?: GlobalSecondaryIndex[];
  /** No stream without it. */
  streamViewType?: StreamViewType | undefined;
  /** Number attribute with the time of expiry, in seconds since the epoch. */
  ttlAttribute?: string | undefined;
  /** @default false */
  pointInTimeRecovery?: boolean;
  /** @default false */
  deletionProtection?: boolean;
}

export interface TableIndex {
  /** Number of the index in the database. */
  id: number;
  name: string;
  keys: KeySchema;
  spec: GlobalSecondaryIndex;
  /** `undefined`: all of them. */
  attributes: ReadonlySet<string> | undefined;
}

export interface Table {
  /** Number of the table in the database. */
  id: number;
  spec: TableSpec;
  keys: KeySchema;
  indexes: TableIndex[];
  /** Milliseconds since the epoch. */
  createdAt: number;
}

/** Finds the key attributes and their types. Throws if the schema is not one that DynamoDB has. */
export function readKeySchema(elements: KeySchemaElement[], definitions: AttributeDefinition[]): KeySchema {
  const find = (keyType: string): KeyAttribute | undefined => {
    const name = elements.find((element) => element.KeyType === keyType)?.AttributeName;
    if (name === undefined) return undefined;
    const type = definitions.find((definition) => definition.AttributeName === name)?.AttributeType;
    if (type === "S" || type === "N" || type === "B") return { name, type };
    throw new Error(`Key attribute '${name}' has the type ${type}; it must be S, N or B.`);
  };
  const hash = find("HASH");
  const range = find("RANGE");
  if (!hash) throw new Error("A key schema needs a HASH attribute.");
  return range ? { hash, range } : { hash };
}

/** The attributes that an index holds; `undefined` for all. */
export function projectedAttributes(
  index: GlobalSecondaryIndex,
  tableKeys: KeySchema,
  indexKeys: KeySchema,
): ReadonlySet<string> | undefined {
  if (index.Projection.ProjectionType === "ALL") return undefined;
  return new Set([
    ...keyAttributes(tableKeys).map(({ name }) => name),
    ...keyAttributes(indexKeys).map(({ name }) => name),
    ...(index.Projection.NonKeyAttributes ?? []),
  ]);
}

/** An item as the index holds it. */
export function projectToIndex(item: Item, index: TableIndex): Item {
  return index.attributes
    ? projectItem(
        item,
        [...index.attributes].map((name) => [name]),
      )
    : item;
}

/** Refuses an item whose attributes can't be keys of the table's indexes. */
export function checkIndexKeys(item: Item, table: Table): void {
  for (const index of table.indexes) {
    for (const key of keyAttributes(index.keys)) {
      const value = Object.hasOwn(item, key.name) ? item[key.name] : undefined;
      if (value) checkIndexKey(value, key, index);
    }
  }
}

function checkIndexKey(value: AttributeValue, key: KeyAttribute, index: TableIndex): void {
  const { name, type } = key;
  if (typeOf(value) !== type) {
    throw validationError(
      `One or more parameter values were invalid: Type mismatch for Index Key ${name} Expected: ${type} Actual: ${typeOf(value)} IndexName: ${index.name}`,
    );
  }
  if (value.S !== "" && value.B !== "") {
    encodeKeyValue(value, key, key === index.keys.range ? "range" : "hash"); // for its limits
    return;
  }
  throw validationError(
    `One or more parameter values are not valid. A value specified for a secondary index key is not supported. The AttributeValue for a key attribute cannot contain an empty ${
      type === "S" ? "string" : "binary"
    } value. IndexName: ${index.name}, IndexKey: ${name}`,
  );
}

/** `arn:aws:dynamodb:…:table/<name>` */
export function tableArn(name: string): string {
  return `arn:aws:dynamodb:${REGION}:${ACCOUNT}:table/${name}`;
}

/** When the stream began, which is its label. */
export function streamLabel(table: Table): string {
  return new Date(table.createdAt).toISOString().slice(0, -1);
}

export function streamArn(table: Table): string {
  return `${tableArn(table.spec.name)}/stream/${streamLabel(table)}`;
}

/** A UUID that stays the same for a table. */
export function tableId(table: Table): string {
  const hex = createHash("sha256").update(`${table.spec.name} ${table.createdAt}`).digest("hex");
  return hex.slice(0, 32).replace(/^(.{8})(.{4})(.{4})(.{4})(.{12})$/, "$1-$2-$3-$4-$5");
}
