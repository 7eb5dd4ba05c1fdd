/** One cloud per data directory. */
import { closeSync, constants, existsSync, mkdirSync, openSync } from "node:fs";
import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { damaged, whyNotOpened } from "./data/damage.ts";
import { inUse } from "./data/in-use.ts";
import { ownFolder } from "./data/own-folder.ts";
import { isBusy, isDiskFull } from "./data/sqlite-error.ts";
import { writeNew } from "./data/write-new.ts";

/**
 * Claims `dir` for this process and returns what gives it back.
 *
 * The lock is SQLite's, so the operating system drops it with the process, however that ends: none is ever stale.
 * The file `pid` beside it only says who holds it; see `signDirectory`.
 * @throws Error naming the process that holds it, or why the directory is of no use.
 */
export function lockDirectory(dir: string): () => void {
  try {
    mkdirSync(dir, { recursive: true, mode: 0o700 });
  } catch (error) {
    throw unusable(dir, error);
  }
  ownFolder(dir);
  const held = hold(dir);
  return () => held.close();
}

/**
 * Writes into the file `pid` who holds the directory. To be called once its databases are open: with `lock.sqlite`
 * removed two may hold it, and the second must not put its name in the place of the first's.
 */
export function signDirectory(dir: string): void {
  try {
    writeNew(join(dir, "pid"), `${process.pid}\n`);
  } catch (error) {
    // On a full disk the start goes on: it can't say who holds the lock, which holds all the same.
    if (!isDiskFull(error)) throw unusableFile(dir, "pid", error);
  }
}

function hold(dir: string): DatabaseSync {
  const file = join(dir, "lock.sqlite");
  let database: DatabaseSync | undefined;
  try {
    // SQLite would not say why it can't.
    closeSync(openSync(file, constants.O_RDWR | constants.O_CREAT | constants.O_NOFOLLOW, 0o600));
    database = new DatabaseSync(file);
    database.exec("PRAGMA busy_timeout = 0; BEGIN EXCLUSIVE");
    return database;
  } catch (error) {
    database?.close();
    if (isBusy(error)) throw inUse(dir, dir, error);
    throw unusableFile(dir, "lock.sqlite", error);
  }
}

/** A directory that takes no files at all, or one of two files that can go without harm. */
function unusableFile(dir: string, name: string, error: unknown): Error {
  const code = error instanceof Error && "code" in error ? error.code : undefined;
  const file = join(dir, name);
  if (code === "EROFS" || (code === "EACCES" && !existsSync(file))) return unusable(dir, error);
  return damaged(file, whyNotOpened(error), "It holds nothing that is needed: remove it", error);
}

function unusable(dir: string, cause: unknown): Error {
  const why = cause instanceof Error ? cause.message : cause;
  return new Error(
    `${dir} can't hold the cloud's state (${why}); make it a writable directory, or choose another directory with --data`,
    { cause },
  );
}
