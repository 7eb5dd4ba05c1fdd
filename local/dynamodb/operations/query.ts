/** Query. */
import type { SQLInputValue } from "node:sqlite";
import { AwsError } from "../../types.ts";
import { type AttributeValue, attribute } from "../attribute-value.ts";
import { type Context, type Operation, openTable } from "../context.ts";
import { validationError } from "../errors.ts";
import { parseCondition } from "../expression/condition.ts";
import type { Condition } from "../expression/condition-tree.ts";
import { conditionPaths } from "../expression/evaluate-condition.ts";
import { type KeyRange, keyRange } from "../expression/key-condition.ts";
import { createScope } from "../expression/scope.ts";
import { flag, type Input, optionalText, refuseLegacy } from "../input.ts";
import { type KeySchema, keyAttributes } from "../keys.ts";
import { type PageRequest, parsePage, parseStart, readPage, type Start } from "../page.ts";
import { type StoredItem, toStored } from "../store.ts";
import type { Table } from "../table.ts";
import { equalValues } from "../value-order.ts";

export const query: Operation = (input, context) => {
  const index = optionalText(input, "IndexName");
  const partition = (table: Table) => partitionOf(input, table, index);
  const table = openTable(context, input, { action: "Query", index, partition });
  refuseLegacy(input);
  const text = optionalText(input, "KeyConditionExpression");
  if (text === undefined) {
    throw validationError(
      "Either the KeyConditions or KeyConditionExpression parameter must be specified in the request.",
    );
  }
  const scope = createScope(input, ["ProjectionExpression", "FilterExpression", "KeyConditionExpression"]);
  const condition = parseCondition("KeyConditionExpression", text, scope);
  const request = parsePage(input, table, scope);
  scope.assertAllUsed();
  const keys = request.index?.keys ?? table.keys;
  const range = keyRange(condition, keys);
  if (request.filter) refuseKeysInFilter(request.filter, keys);
  const start = parseStart(input, request);
  if (start) checkStart(start, range, keys);
  return readPage(
    rows(request, range, start, flag(input, "ScanIndexForward", true), context),
    request,
    context,
  );
};

/** The partition that the query names; `undefined` where it isn't valid, which is told once the caller may ask. */
function partitionOf(input: Input, table: Table, index: string | undefined): AttributeValue | undefined {
  const keys = index === undefined ? table.keys : table.indexes.find(({ name }) => name === index)?.keys;
  const text = optionalText(input, "KeyConditionExpression");
  if (keys === undefined || text === undefined) return undefined;
  try {
    const scope = createScope(input, ["KeyConditionExpression"]);
    return keyRange(parseCondition("KeyConditionExpression", text, scope), keys).hashValue;
  } catch (error) {
    if (error instanceof AwsError) return undefined;
    throw error;
  }
}

function refuseKeysInFilter(filter: Condition, keys: KeySchema): void {
  const named = new Set(conditionPaths(filter).map(([name]) => name));
  for (const { name } of keyAttributes(keys)) {
    if (!named.has(name)) continue;
    throw validationError(
      `Filter Expression can only contain non-primary key attributes: Primary key attribute: ${name}`,
    );
  }
}

function checkStart(start: Start, range: KeyRange, keys: KeySchema): void {
  const hash = attribute(start.item, keys.hash.name);
  if (!hash || !equalValues(hash, range.hashValue)) {
    throw validationError(
      "The provided starting key is outside query boundaries based on provided conditions",
    );
  }
  const { low, high } = range;
  const fromLow = low ? Buffer.compare(start.key.range, low.value) : 1;
  const fromHigh = high ? Buffer.compare(start.key.range, high.value) : -1;
  const below = fromLow < 0 || (fromLow === 0 && !low?.inclusive);
  const above = fromHigh > 0 || (fromHigh === 0 && !high?.inclusive);
  if (below || above) {
    throw validationError("The provided starting key does not match the range key predicate");
  }
}

/** The rows of a key range, in order, after the starting key. */
function* rows(
  { table, index }: PageRequest,
  range: KeyRange,
  start: Start | undefined,
  forward: boolean,
  { db }: Context,
): Iterable<StoredItem> {
  const clauses: string[] = [];
  const values: SQLInputValue[] = [index?.id ?? table.id, range.hash];
  if (range.low) {
    clauses.push(`k.range ${range.low.inclusive ? ">=" : ">"} ?`);
    values.push(range.low.value);
  }
  if (range.high) {
    clauses.push(`k.range ${range.high.inclusive ? "<=" : "<"} ?`);
    values.push(range.high.value);
  }
  if (start) {
    const after = forward ? ">" : "<";
    clauses.push(index ? `(k.range, k.base_hash, k.base_range) ${after} (?, ?, ?)` : `k.range ${after} ?`);
    values.push(start.key.range, ...(index ? [start.base.hash, start.base.range] : []));
  }
  const where = clauses.map((clause) => ` AND ${clause}`).join("");
  const order = forward ? "" : " DESC";
  const sql = index
    ? `SELECT i.id, i.size, i.item FROM index_entries k JOIN items i ON i.id = k.item_id
       WHERE k.index_id = ? AND k.hash = ?${where}
       ORDER BY k.range${order}, k.base_hash${order}, k.base_range${order}`
    : `SELECT k.id, k.size, k.item FROM items k
       WHERE k.table_id = ? AND k.hash = ?${where} ORDER BY k.range${order}`;
  for (const row of db.rows(sql, ...values)) yield toStored(row);
}
