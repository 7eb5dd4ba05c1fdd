/** Room on the disk: some is kept back, so that deletes, tokens and a restart go on when all the rest is full. */
import { closeSync, rmSync, statfsSync, statSync, writeSync } from "node:fs";
import { join } from "node:path";
import { damaged } from "./damage.ts";
import { isDiskFull } from "./sqlite-error.ts";
import { storageFull } from "./storage-full.ts";
import { openNew } from "./write-new.ts";

export interface Room {
  /** Runs a write to a database, one that may run twice: where the disk is full, again with what was kept back. */
  commit<T>(write: () => T): T;
  /** Lets bytes of objects in. @throws AwsError `InsufficientStorage` while what was kept back is in use */
  admit(): void;
  /** Whether there is room for more than what must go on. */
  isThere(): boolean;
}

const MIB = 1024 * 1024;
/** Bytes kept back: a write-ahead log of 4 MiB for each of two databases that small changes are made to. */
const KEPT = 8 * MIB;
/** Bytes without which no database opens. */
const START = MIB;

/** For databases in memory. */
export const ENDLESS: Room = { commit: (write) => write(), admit() {}, isThere: () => true };

/**
 * Keeps room back in `dir/reserve`. `onChange` hears when the disk has become full, and when it is so no more.
 * @throws Error where not even a start has room, or a directory is in the place of the file
 */
export function keepRoom(dir: string, onChange: (text: string) => void): Room {
  const file = join(dir, "reserve");
  const found = statSync(file, { throwIfNoEntry: false });
  if (found?.isDirectory()) {
    throw damaged(file, "is a directory where a file must be", "It only keeps room back: remove it");
  }
  let isKept = found?.size === KEPT;
  if (!isKept) isKept = tryKeep();
  if (freeBytes(dir) < START) {
    release();
    if (freeBytes(dir) < START) throw new Error(`the disk of ${dir} is full; ${WAY_OUT}`);
  } else if (!isKept) onChange(FULL);

  function tryKeep(): boolean {
    rmSync(file, { force: true });
    return freeBytes(dir) >= 2 * KEPT && fill(file);
  }

  function release(): void {
    rmSync(file, { force: true });
    isKept = false;
    onChange(FULL);
  }

  function isThere(): boolean {
    if (isKept) return true;
    isKept = tryKeep();
    if (isKept) onChange("there is room on the disk again: uploads are taken");
    return isKept;
  }

  return {
    commit(write) {
      try {
        return write();
      } catch (error) {
        if (!isKept || !isDiskFull(error)) throw error;
        release();
        return again(write);
      }
    },
    admit() {
      if (!isThere()) throw storageFull();
    },
    isThere,
  };
}

const WAY_OUT = "free at least 1 MiB on it, or choose another directory with --data";
const FULL = `the disk is full: uploads are refused until ${(2 * KEPT) / MIB} MiB are free; deletes, tokens and restarts go on in the ${KEPT / MIB} MiB kept back for them`;

/** Writes once more; some file systems give back what was deleted only a moment later (ZFS, APFS). */
function again<T>(write: () => T): T {
  for (let tries = 20; ; tries--) {
    try {
      return write();
    } catch (error) {
      if (tries === 0 || !isDiskFull(error)) throw error;
      Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 50);
    }
  }
}

function freeBytes(dir: string): number {
  const { bavail, bsize } = statfsSync(dir);
  return bavail * bsize;
}

/** Writes the bytes: a file with a hole would keep nothing. Answers whether they went in. */
function fill(file: string): boolean {
  const bytes = Buffer.alloc(MIB, "room ");
  try {
    const opened = openNew(file);
    try {
      for (let done = 0; done < KEPT; ) done += writeSync(opened, bytes);
    } finally {
      closeSync(opened);
    }
    return true;
  } catch (error) {
    rmSync(file, { force: true });
    if (isDiskFull(error)) return false;
    throw error;
  }
}
