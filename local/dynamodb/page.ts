/** One page of a query or scan: where it starts, what it filters and projects, where it stops. */
import { attribute, type Item, parseItem } from "./attribute-value.ts";
import { type ReturnConsumedCapacity, readUnits } from "./capacity.ts";
import type { Context } from "./context.ts";
import { validationError } from "./errors.ts";
import { parseCondition } from "./expression/condition.ts";
import type { Condition } from "./expression/condition-tree.ts";
import { meets } from "./expression/evaluate-condition.ts";
import { type Path, projectItem } from "./expression/path.ts";
import { parseProjection } from "./expression/projection.ts";
import type { Scope } from "./expression/scope.ts";
import { choice, flag, type Input, integer, optionalText } from "./input.ts";
import { itemSize } from "./item-size.ts";
import { type EncodedKey, itemKey, type KeySchema, keyAttributes, keyOf } from "./keys.ts";
import type { StoredItem } from "./store.ts";
import { projectToIndex, type Table, type TableIndex } from "./table.ts";

const PAGE_BYTES = 1024 * 1024; // DynamoDB: 1 MB a page, before filters

export interface PageRequest {
  table: Table;
  index: TableIndex | undefined;
  consistent: boolean;
  limit: number | undefined;
  filter: Condition | undefined;
  project: (item: Item) => Item;
  countOnly: boolean;
  capacity: ReturnConsumedCapacity;
}

/** Finds the index that a request names. */
function findIndex(input: Input, table: Table): TableIndex | undefined {
  const name = optionalText(input, "IndexName");
  if (name === undefined) return undefined;
  const index = table.indexes.find((candidate) => candidate.name === name);
  if (index) return index;
  throw validationError(`The table does not have the specified index: ${name}`);
}

/** Reads the parameters that Query and Scan share. */
export function parsePage(input: Input, table: Table, scope: Scope): PageRequest {
  const index = findIndex(input, table);
  const consistent = flag(input, "ConsistentRead");
  if (index && consistent) {
    throw validationError("Consistent reads are not supported on global secondary indexes");
  }
  const filterText = optionalText(input, "FilterExpression");
  const filter = filterText === undefined ? undefined : parseCondition("FilterExpression", filterText, scope);
  const projectionText = optionalText(input, "ProjectionExpression");
  const paths = projectionText === undefined ? undefined : parseProjection(projectionText, scope);
  const select = choice(input, "Select", [
    paths ? "SPECIFIC_ATTRIBUTES" : index ? "ALL_PROJECTED_ATTRIBUTES" : "ALL_ATTRIBUTES",
    "SPECIFIC_ATTRIBUTES",
    "COUNT",
    "ALL_ATTRIBUTES",
    "ALL_PROJECTED_ATTRIBUTES",
  ]);
  checkSelect(select, index, paths);
  return {
    table,
    index,
    consistent,
    limit: integer(input, "Limit"),
    filter,
    project: paths ? (item) => projectItem(item, paths) : (item) => item,
    countOnly: select === "COUNT",
    capacity: choice(input, "ReturnConsumedCapacity", ["NONE", "TOTAL", "INDEXES"]),
  };
}

function checkSelect(select: string, index: TableIndex | undefined, paths: Path[] | undefined): void {
  if (paths && select !== "SPECIFIC_ATTRIBUTES") {
    throw validationError(`Cannot specify the ProjectionExpression when choosing to get ${select}`);
  }
  if (!paths && select === "SPECIFIC_ATTRIBUTES") {
    throw validationError(
      "Must specify the AttributesToGet or ProjectionExpression when choosing to get SPECIFIC_ATTRIBUTES",
    );
  }
  if (!index && select === "ALL_PROJECTED_ATTRIBUTES") {
    throw validationError("ALL_PROJECTED_ATTRIBUTES can be used only when Querying using an IndexName");
  }
  const held = index?.attributes;
  if (!index || !held) return;
  const invalid = (detail: string) => validationError(`One or more parameter values were invalid: ${detail}`);
  if (select === "ALL_ATTRIBUTES") {
    throw invalid(
      `Select type ALL_ATTRIBUTES is not supported for global secondary index ${index.name} because its projection type is not ALL`,
    );
  }
  const missing = (paths ?? []).map(([name]) => name).filter((name) => !held.has(name));
  if (missing.length > 0) {
    throw invalid(`Global secondary index ${index.name} does not project [${missing.join(", ")}]`);
  }
}

/** Where a page starts: after this row, in the order of the index and then of the table. */
export interface Start {
  item: Item;
  base: EncodedKey;
  key: EncodedKey;
}

/** Reads `ExclusiveStartKey`, which has the keys of the table and of the index. */
export function parseStart(input: Input, { table, index }: PageRequest): Start | undefined {
  const raw = input["ExclusiveStartKey"] ?? undefined;
  if (raw === undefined) return undefined;
  const item = parseItem(raw);
  const names = new Set(
    [table.keys, index?.keys].flatMap((keys) => (keys ? keyAttributes(keys) : [])).map(({ name }) => name),
  );
  const complete = [...names].every((name) => attribute(item, name));
  if (!complete || Object.keys(item).length !== names.size) {
    throw validationError("The provided starting key is invalid");
  }
  const base = keyIn(item, table.keys);
  return { item, base, key: index ? keyIn(item, index.keys) : base };
}

function keyIn(item: Item, schema: KeySchema): EncodedKey {
  try {
    return itemKey(item, schema);
  } catch (cause) {
    if (!(cause instanceof Error)) throw cause;
    throw validationError(`The provided starting key is invalid: ${cause.message}`);
  }
}

/** Takes rows until the page is full, and answers what Query and Scan answer. */
export function readPage(
  rows: Iterable<StoredItem>,
  request: PageRequest,
  context: Context,
): Record<string, unknown> {
  const { table, index, limit = Number.POSITIVE_INFINITY, filter, project } = request;
  const items: Item[] = [];
  let count = 0;
  let scanned = 0;
  let bytes = 0;
  let last: Item | undefined;
  let more = false;
  for (const row of rows) {
    const item = index ? projectToIndex(row.item, index) : row.item;
    const size = index?.attributes ? itemSize(item) : row.size;
    if (scanned > 0 && bytes + size > PAGE_BYTES) {
      more = true;
      break;
    }
    scanned++;
    bytes += size;
    last = item;
    if (!filter || meets(item, filter)) {
      count++;
      if (!request.countOnly) items.push(project(item));
    }
    if (scanned >= limit) {
      more = true; // DynamoDB stops here without looking whether anything follows
      break;
    }
  }
  context.meter.read(table, readUnits(bytes, request.consistent ? "consistent" : "eventual"), index?.name);
  const consumed = context.meter.consumed(request.capacity)?.[0];
  return {
    ...(!request.countOnly && { Items: items }),
    Count: count,
    ScannedCount: scanned,
    ...(more && last && { LastEvaluatedKey: startKey(last, request) }),
    ...(consumed && { ConsumedCapacity: consumed }),
  };
}

function startKey(item: Item, { table, index }: PageRequest): Item {
  return { ...keyOf(item, table.keys), ...(index && keyOf(item, index.keys)) };
}
