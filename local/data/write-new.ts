import { closeSync, constants, lstatSync, openSync, unlinkSync, writeSync } from "node:fs";

const NEW = constants.O_WRONLY | constants.O_CREAT | constants.O_EXCL | constants.O_NOFOLLOW;

/** Opens a new file that its owner alone may read, in place of what an earlier run left there; follows no link. */
export function openNew(path: string): number {
  if (lstatSync(path, { throwIfNoEntry: false }) !== undefined) unlinkSync(path);
  return openSync(path, NEW, 0o600);
}

/** Writes a new file so. */
export function writeNew(path: string, text: string): void {
  const file = openNew(path);
  try {
    writeSync(file, text);
  } finally {
    closeSync(file);
  }
}
