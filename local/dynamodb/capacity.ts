/** Consumed capacity, by the rules of on-demand tables. */
import type { Item } from "./attribute-value.ts";
import { itemSize } from "./item-size.ts";
import { indexKey } from "./keys.ts";
import { projectToIndex, type Table, type TableIndex } from "./table.ts";
import { equalItems } from "./value-order.ts";

const READ_UNIT = 4096; // DynamoDB: bytes of one strongly consistent read
const WRITE_UNIT = 1024; // DynamoDB: bytes of one write

export type ReturnConsumedCapacity = "NONE" | "TOTAL" | "INDEXES";

/** Adds up what one request consumes. */
export interface Meter {
  /** Units of table or index reads; `index` names the index. */
  read(table: Table, units: number, index?: string): void;
  /** Units of a write to a table and of what it changes in its indexes. */
  write(table: Table, units: WriteUnits): void;
  totals(): { read: number; write: number };
  /** What the answer says, one entry a table; `undefined` unless it is asked for. */
  consumed(mode: ReturnConsumedCapacity): Record<string, unknown>[] | undefined;
}

export interface WriteUnits {
  table: number;
  indexes: [name: string, units: number][];
}

/** Read units of `bytes`: eventually consistent reads count half, transactional ones double. */
export function readUnits(bytes: number, mode: "eventual" | "consistent" | "transaction"): number {
  const factor = { eventual: 0.5, consistent: 1, transaction: 2 }[mode];
  return Math.max(1, Math.ceil(bytes / READ_UNIT)) * factor;
}

/** Write units of replacing one item by another, with the changes that makes in indexes. */
export function writeUnits(
  table: Table,
  old: { item: Item; size: number } | undefined,
  next: Item | undefined,
): WriteUnits {
  const size = next ? itemSize(next) : 0;
  const indexes = table.indexes
    .map((index): [string, number] => [index.name, indexUnits(index, old?.item, next)])
    .filter(([, units]) => units > 0);
  return { table: units(Math.max(old?.size ?? 0, size)), indexes };
}

/** DynamoDB: a new key is a delete and a put, changed attributes are one write, an unchanged entry is none. */
function indexUnits(index: TableIndex, old: Item | undefined, next: Item | undefined): number {
  const from = old && indexKey(old, index.keys);
  const to = next && indexKey(next, index.keys);
  const before = from && old && projectToIndex(old, index);
  const after = to && next && projectToIndex(next, index);
  if (!before || !after) return before || after ? units(itemSize(before ?? after ?? {})) : 0;
  if (from.hash.equals(to.hash) && from.range.equals(to.range)) {
    return equalItems(before, after) ? 0 : units(Math.max(itemSize(before), itemSize(after)));
  }
  return units(itemSize(before)) + units(itemSize(after));
}

function units(bytes: number): number {
  return Math.max(1, Math.ceil(bytes / WRITE_UNIT));
}

/** Transactions write everything twice: to prepare and to commit. */
export function doubled({ table, indexes }: WriteUnits): WriteUnits {
  return { table: table * 2, indexes: indexes.map(([name, units]) => [name, units * 2]) };
}

interface Entry {
  table: number;
  indexes: Map<string, number>;
  read: number;
  write: number;
}

/** Starts at zero. */
export function createMeter(): Meter {
  const entries = new Map<string, Entry>();

  function entry(table: Table): Entry {
    const found = entries.get(table.spec.name) ?? { table: 0, indexes: new Map(), read: 0, write: 0 };
    entries.set(table.spec.name, found);
    return found;
  }

  function add(to: Entry, units: number, index?: string): void {
    if (index === undefined) to.table += units;
    else to.indexes.set(index, (to.indexes.get(index) ?? 0) + units);
  }

  return {
    read(table, units, index) {
      const to = entry(table);
      to.read += units;
      add(to, units, index);
    },
    write(table, { table: units, indexes }) {
      const to = entry(table);
      to.write += units;
      add(to, units);
      for (const [name, indexUnits] of indexes) {
        to.write += indexUnits;
        add(to, indexUnits, name);
      }
    },
    totals() {
      const all = [...entries.values()];
      return {
        read: all.reduce((sum, { read }) => sum + read, 0),
        write: all.reduce((sum, { write }) => sum + write, 0),
      };
    },
    consumed(mode) {
      if (mode === "NONE") return undefined;
      return [...entries].map(([name, entry]) => ({
        TableName: name,
        CapacityUnits: entry.read + entry.write,
        ...(entry.read > 0 && { ReadCapacityUnits: entry.read }),
        ...(entry.write > 0 && { WriteCapacityUnits: entry.write }),
        ...(mode === "INDEXES" && details(entry)),
      }));
    },
  };
}

function details({ table, indexes }: Entry): Record<string, unknown> {
  const named = [...indexes].map(([name, units]) => [name, { CapacityUnits: units }]);
  return {
    Table: { CapacityUnits: table },
    ...(named.length > 0 && { GlobalSecondaryIndexes: Object.fromEntries(named) }),
  };
}
