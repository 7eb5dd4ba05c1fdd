/** Looks at a database before it is opened for use. */
import { closeSync, openSync, readSync, rmSync, statSync } from "node:fs";
import { dirname } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { damaged, whyNotOpened } from "./damage.ts";
import { inUse } from "./in-use.ts";
import { isBusy, isCorrupt } from "./sqlite-error.ts";

export interface DatabaseCheck {
  file: string;
  /** Whether earlier runs have left a database here. */
  isExpected: boolean;
  /** Whether the last run was killed, after it had written to each database. */
  wasKilled: boolean;
  /** Whether the last run ended in good order. */
  wasStopped: boolean;
  /** What to do where it is damaged, without a full stop. */
  wayOut: string;
}

/**
 * Answers `missing` for a database that should be here and isn't.
 * @throws Error naming the file, what is wrong and the way out
 */
export function checkDatabase(check: DatabaseCheck): "missing" | undefined {
  const { file, isExpected, wasKilled, wasStopped, wayOut } = check;
  const head = readHead(file, wayOut);
  const log = statSync(`${file}-wal`, { throwIfNoEntry: false })?.size ?? 0;
  if (head === undefined) return isExpected || log > 0 ? "missing" : undefined;
  if (head.size === 0) {
    // A first start that was killed may have got no further than to create it.
    if (!isExpected && log === 0) return undefined;
    throw damaged(file, "is empty", wayOut);
  }
  if (!head.isDatabase) throw damaged(file, "is no SQLite database", wayOut);
  // With a log, the file's own head may be behind or ahead of it.
  if (log === 0 && head.size < head.expected) {
    throw damaged(file, `is cut off: ${head.size} of its ${head.expected} bytes are here`, wayOut);
  }
  if (log === 0 && wasKilled) {
    throw damaged(
      `${file}-wal`,
      "is missing, with what was written last before the cloud was killed",
      wayOut,
    );
  }
  if (log > 0 || !wasStopped) checkPages(file, wayOut);
  return undefined;
}

/** Forgets a log whose database is gone: a new one must not read it. */
export function dropLog(file: string): void {
  for (const suffix of ["-wal", "-shm"]) rmSync(`${file}${suffix}`, { force: true });
}

/** @throws Error where the structure of the database is damaged. Reads all of it. */
export function checkPages(file: string, wayOut: string): void {
  let found: unknown;
  try {
    const database = new DatabaseSync(file);
    try {
      found = database.prepare("PRAGMA quick_check(1)").get()?.["quick_check"];
    } finally {
      database.close();
    }
  } catch (cause) {
    // A start that found no lock has met the one who holds it.
    if (isBusy(cause)) throw inUse(dirname(file), file, cause);
    if (!isCorrupt(cause)) throw damaged(file, whyNotOpened(cause), wayOut, cause);
    found = cause instanceof Error ? cause.message : cause;
  }
  if (found !== "ok") {
    throw damaged(
      file,
      `is damaged (${String(found)
        .split("\n")
        .map((line) => line.trim())
        .join(" ")})`,
      wayOut,
    );
  }
}

/** What the file says of itself; `undefined` where there is none. */
function readHead(file: string, wayOut: string) {
  const bytes = Buffer.alloc(32);
  let size: number;
  try {
    const opened = openSync(file, "r+");
    try {
      size = statSync(file).size;
      readSync(opened, bytes, 0, bytes.length, 0);
    } finally {
      closeSync(opened);
    }
  } catch (error) {
    if (error instanceof Error && "code" in error && error.code === "ENOENT") return undefined;
    throw damaged(file, whyNotOpened(error), wayOut, error);
  }
  // sqlite.org/fileformat2.html: 16 the page size, where 1 means 65,536; 28 the size in pages.
  const pageSize = bytes.readUInt16BE(16) === 1 ? 65_536 : bytes.readUInt16BE(16);
  return {
    size,
    isDatabase: bytes.toString("latin1", 0, 16) === "SQLite format 3\0",
    expected: pageSize * bytes.readUInt32BE(28),
  };
}
