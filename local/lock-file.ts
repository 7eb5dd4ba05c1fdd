/** One cloud per data directory. */
import { mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";

// SQLite: the result code when another connection holds the lock.
const SQLITE_BUSY = 5;

/**
 * Claims `dir` for this process and returns what gives it back.
 *
 * The lock is SQLite's, so the operating system drops it with the process, however that ends: none is ever stale.
 * The file `pid` beside it only says who holds it.
 * @throws Error naming the process that holds it, or why the directory is of no use.
 */
export function lockDirectory(dir: string): () => void {
  let database: DatabaseSync | undefined;
  try {
    mkdirSync(dir, { recursive: true, mode: 0o700 });
    database = new DatabaseSync(join(dir, "lock.sqlite"));
    database.exec("PRAGMA busy_timeout = 0; BEGIN EXCLUSIVE");
    writeFileSync(join(dir, "pid"), `${process.pid}\n`);
  } catch (cause) {
    database?.close();
    const why = isBusy(cause)
      ? `is in use by process ${readFileSync(join(dir, "pid"), "utf8").trim()}; stop that one`
      : `can't hold the cloud's state (${cause instanceof Error ? cause.message : cause}); make it a writable directory`;
    throw new Error(`${dir} ${why}, or choose another directory with --data`, { cause });
  }
  const held = database;
  return () => held.close();
}

function isBusy(error: unknown): boolean {
  return error instanceof Error && "errcode" in error && error.errcode === SQLITE_BUSY;
}
