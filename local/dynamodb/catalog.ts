/** The tables that exist, and how provisioning changes them. */
import { AwsError } from "../types.ts";
import { attribute, type Item } from "./attribute-value.ts";
import { type Database, integerOf, textOf } from "./database.ts";
import { compareNumbers } from "./decimal.ts";
import { indexKey, type KeySchema } from "./keys.ts";
import { projectedAttributes, readKeySchema, type Table, type TableIndex, type TableSpec } from "./table.ts";

export interface Catalog {
  /** Every table, by name. */
  all(): Table[];
  find(name: string): Table | undefined;
  /** Creates a table or brings an existing one to its specification; its items stay. */
  provision(spec: TableSpec, now: number): Table;
  /** Changes the attribute that items expire by. */
  setTtl(table: Table, attribute: string | undefined): void;
  /** Removes a table with its items and its stream. */
  remove(table: Table): void;
}

/** Reads the tables of a database. */
export function openCatalog(db: Database): Catalog {
  const tables = new Map<string, Table>();
  for (const row of [...db.rows("SELECT id, created_at, spec FROM tables")]) {
    // The specification was written below by this very code.
    const spec: TableSpec = JSON.parse(textOf(row, "spec"));
    tables.set(spec.name, buildTable(integerOf(row, "id"), spec, integerOf(row, "created_at")));
  }

  function buildTable(id: number, spec: TableSpec, createdAt: number): Table {
    const keys = readKeySchema(spec.keySchema, spec.attributeDefinitions);
    const indexes = (spec.gsis ?? []).map((gsi): TableIndex => {
      const indexKeys = readKeySchema(gsi.KeySchema, spec.attributeDefinitions);
      return {
        id: indexId(id, gsi.IndexName) ?? 0,
        name: gsi.IndexName,
        keys: indexKeys,
        spec: gsi,
        attributes: projectedAttributes(gsi, keys, indexKeys),
      };
    });
    return { id, spec, keys, indexes, createdAt };
  }

  function indexId(table: number, name: string): number | undefined {
    const row = db.get("SELECT id FROM indexes WHERE table_id = ? AND name = ?", table, name);
    return row && integerOf(row, "id");
  }

  function provision(spec: TableSpec, now: number): Table {
    const existing = tables.get(spec.name);
    const keys = readKeySchema(spec.keySchema, spec.attributeDefinitions);
    if (existing && JSON.stringify(existing.keys) !== JSON.stringify(keys)) {
      throw new Error(
        `Table '${spec.name}' exists with another key schema, which DynamoDB can't change; remove its data or rename it.`,
      );
    }
    const table = db.transaction(() => {
      const created = existing?.createdAt ?? now;
      db.run(
        "INSERT INTO tables (name, created_at, spec) VALUES (?, ?, ?) ON CONFLICT (name) DO UPDATE SET spec = excluded.spec",
        spec.name,
        created,
        JSON.stringify(spec),
      );
      const row = db.get("SELECT id FROM tables WHERE name = ?", spec.name);
      const id = integerOf(row ?? {}, "id");
      provisionIndexes(id, spec);
      const table = buildTable(id, spec, created);
      if (existing?.spec.ttlAttribute !== spec.ttlAttribute) recomputeExpiry(table);
      return table;
    });
    tables.set(spec.name, table);
    return table;
  }

  function provisionIndexes(table: number, spec: TableSpec): void {
    const wanted = new Map(
      (spec.gsis ?? []).map((gsi) => [
        gsi.IndexName,
        readKeySchema(gsi.KeySchema, spec.attributeDefinitions),
      ]),
    );
    for (const row of [...db.rows("SELECT id, name, keys FROM indexes WHERE table_id = ?", table)]) {
      const name = textOf(row, "name");
      if (JSON.stringify(wanted.get(name)) === textOf(row, "keys")) wanted.delete(name);
      else dropIndex(integerOf(row, "id"));
    }
    for (const [name, keys] of wanted) buildIndex(table, name, keys);
  }

  function dropIndex(id: number): void {
    db.run("DELETE FROM index_entries WHERE index_id = ?", id);
    db.run("DELETE FROM indexes WHERE id = ?", id);
  }

  function buildIndex(table: number, name: string, keys: KeySchema): void {
    db.run("INSERT INTO indexes (table_id, name, keys) VALUES (?, ?, ?)", table, name, JSON.stringify(keys));
    const id = indexId(table, name) ?? 0;
    for (const row of db.rows("SELECT id, hash, range, item FROM items WHERE table_id = ?", table)) {
      const key = backfilledKey(JSON.parse(textOf(row, "item")), keys);
      if (!key) continue;
      db.run(
        "INSERT INTO index_entries SELECT ?, ?, ?, hash, range, id FROM items WHERE id = ?",
        id,
        key.hash,
        key.range,
        integerOf(row, "id"),
      );
    }
  }

  function recomputeExpiry(table: Table): void {
    for (const row of [...db.rows("SELECT id, item FROM items WHERE table_id = ?", table.id)]) {
      const expiry = expiresAt(JSON.parse(textOf(row, "item")), table.spec.ttlAttribute);
      db.run("UPDATE items SET expires_at = ? WHERE id = ?", expiry, integerOf(row, "id"));
    }
  }

  function remove(table: Table): void {
    db.transaction(() => {
      for (const { id } of table.indexes) dropIndex(id);
      for (const kind of ["items", "stream_records"])
        db.run(`DELETE FROM ${kind} WHERE table_id = ?`, table.id);
      db.run("DELETE FROM tables WHERE id = ?", table.id);
    });
    tables.delete(table.spec.name);
  }

  return {
    remove,
    all: () => [...tables.values()].sort((a, b) => (a.spec.name < b.spec.name ? -1 : 1)),
    find: (name) => tables.get(name),
    provision,
    setTtl(table, ttlAttribute) {
      provision({ ...table.spec, ttlAttribute }, table.createdAt);
    },
  };
}

/** When a new index is filled, DynamoDB leaves out items whose attributes can't be its key. */
function backfilledKey(item: Item, keys: KeySchema) {
  try {
    return indexKey(item, keys);
  } catch (error) {
    if (error instanceof AwsError) return undefined;
    throw error;
  }
}

const FAR_FUTURE = "9007199254740991";

/** When an item expires, in seconds since the epoch; `null` when it doesn't. */
export function expiresAt(item: Item, ttlAttribute: string | undefined): number | null {
  const seconds = ttlAttribute === undefined ? undefined : attribute(item, ttlAttribute)?.N;
  if (seconds === undefined || compareNumbers(seconds, FAR_FUTURE) > 0) return null;
  return Math.floor(Math.max(Number(seconds), 0));
}
