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
 * @throws Error naming the process that holds it.
 */
export function lockDirectory(dir: string): () => void {
  mkdirSync(dir, { recursive: true, mode: 0o700 });
  const pidFile = join(dir, "pid");
  const database = new DatabaseSync(join(dir, "lock.sqlite"));
  try {
    database.exec("PRAGMA busy_timeout = 0; BEGIN EXCLUSIVE");
  } catch (error) {
    database.close();
    if (!(error instanceof Error && "errcode" in error && error.errcode === SQLITE_BUSY)) throw error;
    const holder = readFileSync(pidFile, "utf8").trim();
    throw new Error(
      `${dir} is in use by process ${holder}; stop that one, or choose another directory with --data`,
    );
  }
  writeFileSync(pidFile, `${process.pid}\n`);
  return () => database.close();
}
