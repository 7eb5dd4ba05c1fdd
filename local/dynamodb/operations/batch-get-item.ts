/** BatchGetItem. */
import { type Item, parseItem } from "../attribute-value.ts";
import { readUnits } from "../capacity.ts";
import { type Operation, openNamedTable } from "../context.ts";
import { constraintError, validationError } from "../errors.ts";
import { choice, flag, record, records } from "../input.ts";
import { type EncodedKey, parameterKey } from "../keys.ts";
import { parseProjector } from "./get-item.ts";

const MAX_KEYS = 100; // DynamoDB: 100 items a batch
const MAX_BYTES = 16 * 1024 * 1024; // DynamoDB: 16 MB an answer; the rest is left unprocessed

export const batchGetItem: Operation = (input, context) => {
  const capacity = choice(input, "ReturnConsumedCapacity", ["NONE", "TOTAL", "INDEXES"]);
  const requestItems = record(input, "RequestItems");
  const parts = Object.keys(requestItems).map((name) => {
    const part = record(requestItems, name);
    const raw = records(part, "Keys", MAX_KEYS);
    const table = openNamedTable(context, name, { action: "BatchGetItem", items: raw });
    const keys = raw.map((key) => ({ raw: key, encoded: parameterKey(parseItem(key), table.keys) }));
    refuseDuplicates(keys.map(({ encoded }) => encoded));
    const mode = flag(part, "ConsistentRead") ? ("consistent" as const) : ("eventual" as const);
    return { name, part, table, keys, mode, project: parseProjector(part) };
  });
  if (parts.length === 0) {
    throw constraintError("{}", "requestItems", "Member must have length greater than or equal to 1");
  }
  if (parts.reduce((count, { keys }) => count + keys.length, 0) > MAX_KEYS) {
    throw validationError("Too many items requested for the BatchGetItem call");
  }

  let bytes = 0;
  const responses: Record<string, Item[]> = {};
  const unprocessed: Record<string, unknown> = {};
  for (const { name, part, table, keys, mode, project } of parts) {
    const items: Item[] = [];
    const left: unknown[] = [];
    for (const { raw, encoded } of keys) {
      const found = bytes < MAX_BYTES ? context.store.get(table, encoded) : undefined;
      bytes += found?.size ?? 0;
      if (bytes >= MAX_BYTES) {
        left.push(raw);
        continue;
      }
      context.meter.read(table, readUnits(found?.size ?? 0, mode));
      if (found) items.push(project(found.item));
    }
    responses[name] = items;
    if (left.length > 0) unprocessed[name] = { ...part, Keys: left };
  }
  const consumed = context.meter.consumed(capacity);
  return {
    Responses: responses,
    UnprocessedKeys: unprocessed,
    ...(consumed && { ConsumedCapacity: consumed }),
  };
};

/** Refuses a batch that names an item twice. */
export function refuseDuplicates(keys: EncodedKey[]): void {
  const seen = new Set(keys.map(({ hash, range }) => `${hash.toString("hex")} ${range.toString("hex")}`));
  if (seen.size < keys.length) throw validationError("Provided list of item keys contains duplicates");
}
