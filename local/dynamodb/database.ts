/** The SQLite database that holds every table. */
import { mkdirSync } from "node:fs";
import { join } from "node:path";
import { DatabaseSync, type SQLInputValue, type StatementSync } from "node:sqlite";
import { inUse } from "../data/in-use.ts";
import { JOURNAL } from "../data/journal.ts";
import { ENDLESS } from "../data/room.ts";
import { isBusy } from "../data/sqlite-error.ts";

export type Row = Record<string, unknown>;

export interface Database {
  /** Runs a statement that answers nothing. */
  run(
    sql: string,
    ...values: SQLInputValue[]
  ): { changes: number | bigint; lastInsertRowid: number | bigint };
  /** The first row of a query. */
  get(sql: string, ...values: SQLInputValue[]): Row | undefined;
  /** The rows of a query, read as they are asked for. */
  rows(sql: string, ...values: SQLInputValue[]): Iterable<Row>;
  /** Commits what `work` does as one, or nothing of it if it throws. */
  transaction<T>(work: () => T): T;
  /** Answers what `work` does, and takes back all that it wrote. */
  inVain<T>(work: () => T): T;
  close(): void;
}

const SCHEMA = `
  CREATE TABLE IF NOT EXISTS tables (
    id INTEGER PRIMARY KEY, name TEXT NOT NULL UNIQUE, created_at INTEGER NOT NULL, spec TEXT NOT NULL
  ) STRICT;
  CREATE TABLE IF NOT EXISTS indexes (
    id INTEGER PRIMARY KEY, table_id INTEGER NOT NULL, name TEXT NOT NULL, keys TEXT NOT NULL,
    UNIQUE (table_id, name)
  ) STRICT;
  CREATE TABLE IF NOT EXISTS items (
    id INTEGER PRIMARY KEY, table_id INTEGER NOT NULL, hash BLOB NOT NULL, range BLOB NOT NULL,
    size INTEGER NOT NULL, expires_at INTEGER, item TEXT NOT NULL
  ) STRICT;
  CREATE UNIQUE INDEX IF NOT EXISTS items_by_key ON items (table_id, hash, range);
  CREATE INDEX IF NOT EXISTS items_by_expiry ON items (table_id, expires_at) WHERE expires_at IS NOT NULL;
  CREATE TABLE IF NOT EXISTS index_entries (
    index_id INTEGER NOT NULL, hash BLOB NOT NULL, range BLOB NOT NULL,
    base_hash BLOB NOT NULL, base_range BLOB NOT NULL, item_id INTEGER NOT NULL,
    PRIMARY KEY (index_id, hash, range, base_hash, base_range)
  ) STRICT, WITHOUT ROWID;
  CREATE TABLE IF NOT EXISTS stream_records (
    sequence INTEGER PRIMARY KEY AUTOINCREMENT, table_id INTEGER NOT NULL, at INTEGER NOT NULL, record TEXT NOT NULL
  ) STRICT;
  CREATE INDEX IF NOT EXISTS stream_records_by_table ON stream_records (table_id, sequence);
  CREATE TABLE IF NOT EXISTS checkpoints (name TEXT PRIMARY KEY, sequence TEXT NOT NULL) STRICT, WITHOUT ROWID;
  CREATE TABLE IF NOT EXISTS request_tokens (
    token TEXT PRIMARY KEY, digest TEXT NOT NULL, at INTEGER NOT NULL
  ) STRICT, WITHOUT ROWID;
`;

/** Opens `dynamodb.sqlite` in `dir`, or a database in memory. */
export function openDatabase(dir: string | undefined, room = ENDLESS): Database {
  if (dir !== undefined) mkdirSync(dir, { recursive: true });
  const file = dir === undefined ? ":memory:" : join(dir, "dynamodb.sqlite");
  const db = new DatabaseSync(file, { timeout: 1000 });
  // One process at a time: a second one on the same directory would keep its own idea of the streams.
  try {
    db.exec(`PRAGMA locking_mode = EXCLUSIVE; ${JOURNAL}`);
    db.exec(SCHEMA);
  } catch (cause) {
    db.close();
    if (!isBusy(cause) || dir === undefined) throw cause;
    throw inUse(dir, file, cause);
  }
  const statements = new Map<string, StatementSync>();
  let open = true;

  function prepare(sql: string): StatementSync {
    const statement = statements.get(sql) ?? db.prepare(sql);
    statements.set(sql, statement);
    return statement;
  }

  function transact<T>(work: () => T): T {
    prepare("BEGIN IMMEDIATE").run();
    try {
      const result = work();
      prepare("COMMIT").run();
      return result;
    } catch (error) {
      if (db.isTransaction) prepare("ROLLBACK").run();
      throw error;
    }
  }

  return {
    run(sql, ...values) {
      const write = () => prepare(sql).run(...values);
      // Within a transaction it is the whole that is made again.
      return db.isTransaction ? write() : room.commit(write);
    },
    get: (sql, ...values) => prepare(sql).get(...values),
    rows: (sql, ...values) => prepare(sql).iterate(...values),
    transaction: (work) => room.commit(() => transact(work)),
    inVain(work) {
      prepare("BEGIN IMMEDIATE").run();
      try {
        return work();
      } finally {
        if (db.isTransaction) prepare("ROLLBACK").run();
      }
    },
    close() {
      if (open) db.close();
      open = false;
    },
  };
}

/** A whole number of a row. */
export function integerOf(row: Row, column: string): number {
  const value = row[column];
  if (typeof value === "number") return value;
  throw new Error(`The database has no integer in ${column}.`);
}

/** A text of a row. */
export function textOf(row: Row, column: string): string {
  const value = row[column];
  if (typeof value === "string") return value;
  throw new Error(`The database has no text in ${column}.`);
}

/** Bytes of a row. */
export function bytesOf(row: Row, column: string): Uint8Array {
  const value = row[column];
  if (value instanceof Uint8Array) return value;
  throw new Error(`The database has no bytes in ${column}.`);
}
