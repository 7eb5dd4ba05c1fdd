/** BatchWriteItem: each write stands alone, none has a condition. */
import { writeUnits } from "../capacity.ts";
import { type Operation, openNamedTable } from "../context.ts";
import { constraintError, validationError } from "../errors.ts";
import { choice, type Input, record, records } from "../input.ts";
import type { Table } from "../table.ts";
import { parseWrite, type WriteRequest } from "../write.ts";
import { refuseDuplicates } from "./batch-get-item.ts";

const MAX_WRITES = 25; // DynamoDB: 25 writes a batch

export const batchWriteItem: Operation = (input, context) => {
  const capacity = choice(input, "ReturnConsumedCapacity", ["NONE", "TOTAL", "INDEXES"]);
  const requestItems = record(input, "RequestItems");
  const names = Object.keys(requestItems);
  const writes = names.flatMap((name) => {
    const entries = records(requestItems, name, MAX_WRITES);
    const table = openNamedTable(context, name, {
      action: "BatchWriteItem",
      items: entries.map(rawKey),
    });
    const parsed = entries.map((entry) => parseEntry(entry, table));
    refuseDuplicates(parsed.map(({ key }) => key));
    return parsed;
  });
  if (writes.length === 0) {
    throw constraintError("{}", "requestItems", "Member must have length greater than or equal to 1");
  }
  if (writes.length > MAX_WRITES) {
    throw validationError("Too many items requested for the BatchWriteItem call");
  }
  for (const { table, key, next } of writes) {
    const old = context.store.get(table, key);
    const item = next(old?.item);
    context.store.commit([{ table, key, old, next: item }]);
    context.meter.write(table, writeUnits(table, old, item));
  }
  const consumed = context.meter.consumed(capacity);
  return { UnprocessedItems: {}, ...(consumed && { ConsumedCapacity: consumed }) };
};

function rawKey(entry: Input): unknown {
  const [request] = Object.values(entry);
  return typeof request === "object" && request !== null ? Object.values(request)[0] : undefined;
}

function parseEntry(entry: Input, table: Table): WriteRequest {
  const kinds = ["PutRequest", "DeleteRequest"].filter((kind) => entry[kind] != null);
  if (kinds.length !== 1) {
    throw validationError("A write request needs exactly one of PutRequest and DeleteRequest");
  }
  return kinds[0] === "PutRequest"
    ? parseWrite("Put", { Item: record(entry, "PutRequest")["Item"] }, table)
    : parseWrite("Delete", { Key: record(entry, "DeleteRequest")["Key"] }, table);
}
