/** Scan, whole or in segments. */
import type { SQLInputValue } from "node:sqlite";
import { crc32 } from "node:zlib";
import { type Context, type Operation, openTable } from "../context.ts";
import { bytesOf } from "../database.ts";
import { validationError } from "../errors.ts";
import { createScope } from "../expression/scope.ts";
import { type Input, integer, optionalText, refuseLegacy } from "../input.ts";
import { type PageRequest, parsePage, parseStart, readPage, type Start } from "../page.ts";
import { type StoredItem, toStored } from "../store.ts";

const MAX_SEGMENTS = 1_000_000; // DynamoDB: segments of a parallel scan

interface Segment {
  number: number;
  of: number;
}

export const scan: Operation = (input, context) => {
  const table = openTable(context, input, { action: "Scan", index: optionalText(input, "IndexName") });
  refuseLegacy(input);
  const scope = createScope(input, ["ProjectionExpression", "FilterExpression"]);
  const request = parsePage(input, table, scope);
  scope.assertAllUsed();
  const segment = parseSegment(input);
  const start = parseStart(input, request);
  return readPage(rows(request, start, segment, context), request, context);
};

function parseSegment(input: Input): Segment {
  const of = integer(input, "TotalSegments", { max: MAX_SEGMENTS });
  const number = integer(input, "Segment", { min: 0, max: MAX_SEGMENTS - 1 });
  if (of === undefined && number === undefined) return { number: 0, of: 1 };
  if (of === undefined || number === undefined) {
    const [given, missing] = of === undefined ? ["Segment", "TotalSegments"] : ["TotalSegments", "Segment"];
    throw validationError(
      `The ${missing} parameter is required but was not present in the request when ${given} parameter is present`,
    );
  }
  if (number < of) return { number, of };
  throw validationError(
    `The Segment parameter is zero-based and must be less than parameter TotalSegments: Segment: ${number} is not less than TotalSegments: ${of}`,
  );
}

/** Every row of a table or index that falls into the segment, after the starting key. */
function* rows(
  { table, index }: PageRequest,
  start: Start | undefined,
  segment: Segment,
  { db }: Context,
): Iterable<StoredItem> {
  const values: SQLInputValue[] = [index?.id ?? table.id];
  if (start) values.push(start.key.hash, start.key.range);
  if (start && index) values.push(start.base.hash, start.base.range);
  const after = index
    ? "AND (k.hash, k.range, k.base_hash, k.base_range) > (?, ?, ?, ?)"
    : "AND (k.hash, k.range) > (?, ?)";
  const sql = index
    ? `SELECT i.id, i.size, i.item, k.hash FROM index_entries k JOIN items i ON i.id = k.item_id
       WHERE k.index_id = ? ${start ? after : ""} ORDER BY k.hash, k.range, k.base_hash, k.base_range`
    : `SELECT k.id, k.size, k.item, k.hash FROM items k
       WHERE k.table_id = ? ${start ? after : ""} ORDER BY k.hash, k.range`;
  for (const row of db.rows(sql, ...values)) {
    if (segment.of === 1 || crc32(bytesOf(row, "hash")) % segment.of === segment.number) yield toStored(row);
  }
}
