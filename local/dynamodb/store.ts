/** Items: one row each, with their index entries and stream records kept in the same transaction. */
import type { Item } from "./attribute-value.ts";
import { expiresAt } from "./catalog.ts";
import { bytesOf, type Database, integerOf, type Row, textOf } from "./database.ts";
import { itemSize } from "./item-size.ts";
import { type EncodedKey, indexKey, keyOf } from "./keys.ts";
import { appendRecord, type UserIdentity } from "./stream.ts";
import type { Table, TableIndex } from "./table.ts";
import { equalItems } from "./value-order.ts";

export interface StoredItem {
  id: number;
  item: Item;
  /** Bytes, as DynamoDB counts them. */
  size: number;
}

/** What stands under a key, and what shall stand there. */
export interface Write {
  table: Table;
  key: EncodedKey;
  old: StoredItem | undefined;
  /** `undefined` deletes. */
  next: Item | undefined;
  userIdentity?: UserIdentity;
}

export interface Store {
  get(table: Table, key: EncodedKey): StoredItem | undefined;
  /** Commits writes and their stream records as one. */
  commit(writes: Write[], also?: () => void): void;
  /** Items that expired at `seconds` or before, oldest first; those of five years ago are left alone. */
  expired(table: Table, seconds: number, limit: number): { key: EncodedKey; stored: StoredItem }[];
  /** Callbacks for new records of a table's stream. */
  listeners(table: Table): Set<() => void>;
}

const FIVE_YEARS = 5 * 365 * 24 * 60 * 60; // DynamoDB TTL: times further back than five years don't count

/** Opens the items of a database. `onCommit` hears of what has changed, and when. */
export function openStore(
  db: Database,
  now: () => number,
  onCommit: (writes: readonly Write[], at: number) => void,
): Store {
  const listeners = new Map<number, Set<() => void>>();
  const changed = new Set<number>();

  function listenersOf(table: Table): Set<() => void> {
    const set = listeners.get(table.id) ?? new Set();
    listeners.set(table.id, set);
    return set;
  }

  function announce(tables: Iterable<number>): void {
    if (changed.size === 0) queueMicrotask(callBack);
    for (const id of tables) changed.add(id);
  }

  function callBack(): void {
    const ids = [...changed];
    changed.clear();
    for (const id of ids) for (const callback of listeners.get(id) ?? []) callback();
  }

  return {
    get(table, { hash, range }) {
      const row = db.get(
        "SELECT id, size, item FROM items WHERE table_id = ? AND hash = ? AND range = ?",
        table.id,
        hash,
        range,
      );
      return row && toStored(row);
    },
    commit(writes, also) {
      const at = now();
      const effective = writes.filter(changes);
      db.transaction(() => {
        for (const write of effective) apply(db, write, at);
        also?.();
      });
      onCommit(effective, at);
      const streaming = effective.filter(({ table }) => table.spec.streamViewType);
      if (streaming.length > 0) announce(streaming.map(({ table }) => table.id));
    },
    expired(table, seconds, limit) {
      const rows = db.rows(
        "SELECT id, hash, range, size, item FROM items WHERE table_id = ? AND expires_at BETWEEN ? AND ? ORDER BY expires_at LIMIT ?",
        table.id,
        seconds - FIVE_YEARS,
        seconds,
        limit,
      );
      return [...rows].map((row) => ({ key: toKey(row), stored: toStored(row) }));
    },
    listeners: listenersOf,
  };
}

/** Reads the stored item of a row with `id`, `size` and `item`. */
export function toStored(row: Row): StoredItem {
  return {
    id: integerOf(row, "id"),
    size: integerOf(row, "size"),
    item: JSON.parse(textOf(row, "item")), // written by `apply`
  };
}

function toKey(row: Row): EncodedKey {
  return { hash: Buffer.from(bytesOf(row, "hash")), range: Buffer.from(bytesOf(row, "range")) };
}

/** DynamoDB Streams: a write that changes nothing leaves no record. */
function changes({ old, next }: Write): boolean {
  if (!old || !next) return old !== undefined || next !== undefined;
  return !equalItems(old.item, next);
}

function apply(db: Database, write: Write, at: number): void {
  const { table, old, next, userIdentity } = write;
  const size = place(db, write);
  if (!table.spec.streamViewType) return;
  const keys = keyOf(next ?? old?.item ?? {}, table.keys);
  appendRecord(
    db,
    table,
    {
      keys,
      oldItem: old?.item,
      newItem: next,
      sizes: { keys: itemSize(keys), old: old?.size ?? 0, new: size },
      userIdentity,
    },
    at,
  );
}

/** Puts an item and its index entries in the place of what stands there; answers its size. */
export function place(db: Database, { table, key, old, next }: Write): number {
  const size = next ? itemSize(next) : 0;
  const id = next ? save(db, table, key, old, next, size) : old?.id;
  if (id === undefined) return 0;
  if (!next) db.run("DELETE FROM items WHERE id = ?", id);
  for (const index of table.indexes) moveEntry(db, index, key, id, old?.item, next);
  return size;
}

function save(
  db: Database,
  table: Table,
  key: EncodedKey,
  old: StoredItem | undefined,
  next: Item,
  size: number,
): number {
  const expiry = expiresAt(next, table.spec.ttlAttribute);
  const text = JSON.stringify(next);
  if (old) {
    db.run("UPDATE items SET size = ?, expires_at = ?, item = ? WHERE id = ?", size, expiry, text, old.id);
    return old.id;
  }
  const { lastInsertRowid } = db.run(
    "INSERT INTO items (table_id, hash, range, size, expires_at, item) VALUES (?, ?, ?, ?, ?, ?)",
    table.id,
    key.hash,
    key.range,
    size,
    expiry,
    text,
  );
  return Number(lastInsertRowid);
}

/** Moves an item within an index, into it or out of it; nothing to do when its index key stays. */
function moveEntry(
  db: Database,
  index: TableIndex,
  base: EncodedKey,
  id: number,
  oldItem: Item | undefined,
  newItem: Item | undefined,
): void {
  const from = oldItem && indexKey(oldItem, index.keys);
  const to = newItem && indexKey(newItem, index.keys);
  if (from && to && from.hash.equals(to.hash) && from.range.equals(to.range)) return;
  if (from) {
    db.run(
      "DELETE FROM index_entries WHERE index_id = ? AND hash = ? AND range = ? AND base_hash = ? AND base_range = ?",
      index.id,
      from.hash,
      from.range,
      base.hash,
      base.range,
    );
  }
  if (to) {
    db.run(
      "INSERT INTO index_entries (index_id, hash, range, base_hash, base_range, item_id) VALUES (?, ?, ?, ?, ?, ?)",
      index.id,
      to.hash,
      to.range,
      base.hash,
      base.range,
      id,
    );
  }
}
