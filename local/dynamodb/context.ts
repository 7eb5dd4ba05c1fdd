/** What an operation works with: tables, items, permission, capacity. */
import { ACCOUNT, AwsError, type ConditionContext, REGION } from "../types.ts";
import { isRecord } from "../wire.ts";
import type { AttributeValue } from "./attribute-value.ts";
import type { Meter } from "./capacity.ts";
import type { Catalog } from "./catalog.ts";
import type { Database } from "./database.ts";
import { constraintError } from "./errors.ts";
import { type Input, text } from "./input.ts";
import type { Store } from "./store.ts";
import { type Table, tableArn } from "./table.ts";

export interface Context {
  db: Database;
  catalog: Catalog;
  store: Store;
  meter: Meter;
  /** Milliseconds since the epoch. */
  now(): number;
  authorize(action: string, resource: string, context?: ConditionContext): void;
}

/** An operation of the API: reads its input, answers its output. */
export type Operation = (input: Input, context: Context) => Record<string, unknown>;

const TABLE_NAME = /^[a-zA-Z0-9_.-]{3,255}$/;
const TABLE_ARN = new RegExp(`^arn:aws:dynamodb:${REGION}:${ACCOUNT}:table/([a-zA-Z0-9_.-]{3,255})$`);

/** Reads a table's name, which may be given as an ARN. */
export function tableName(value: string): string {
  if (TABLE_NAME.test(value)) return value;
  const name = TABLE_ARN.exec(value)?.[1];
  if (name !== undefined) return name;
  throw constraintError(
    value,
    "tableName",
    "Member must satisfy regular expression pattern: [a-zA-Z0-9_.-]+ with a length of 3 to 255",
  );
}

export interface Access {
  /** `PutItem`, `GetItem` …; the action's name without its service. */
  action: string;
  /** The items or keys that are asked for, which conditions on `dynamodb:LeadingKeys` see. */
  items?: unknown[];
  /** Partition that a query reads, by the keys of its table or index; `undefined` where it doesn't say. */
  partition?: (table: Table) => AttributeValue | undefined;
  index?: string | undefined;
  /** The operation that the action is part of, for transactions. */
  enclosing?: string;
}

/** Finds the table of a request once the caller may use it. */
export function openTable(context: Context, input: Input, access: Access): Table {
  return openNamedTable(context, text(input, "TableName"), access);
}

/** Finds a table by name or ARN once the caller may use it. Throws `ResourceNotFoundException`. */
export function openNamedTable(context: Context, nameOrArn: string, access: Access): Table {
  const name = tableName(nameOrArn);
  const table = context.catalog.find(name);
  const resource = access.index === undefined ? tableArn(name) : `${tableArn(name)}/index/${access.index}`;
  context.authorize(`dynamodb:${access.action}`, resource, {
    ...(access.enclosing && { "dynamodb:enclosingoperation": access.enclosing }),
    ...(table && leadingKeys(table, access)),
  });
  if (table) return table;
  throw new AwsError("ResourceNotFoundException", "Requested resource not found");
}

/**
 * Partition keys as policies compare them: none where the call names none, as a Scan does. What isn't a key yet is
 * left to validation.
 */
function leadingKeys(table: Table, { items = [], partition }: Access): ConditionContext {
  const values = [
    ...items.map((item) => (isRecord(item) ? item[table.keys.hash.name] : undefined)),
    partition?.(table),
  ];
  const keys = values.flatMap((value) => {
    const key = isRecord(value) ? Object.values(value)[0] : undefined;
    return typeof key === "string" ? [key] : [];
  });
  return keys.length === 0 ? {} : { "dynamodb:leadingkeys": keys };
}
