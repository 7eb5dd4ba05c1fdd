/** SQLite's result codes, as errors of `node:sqlite` carry them. Source: sqlite.org/rescode.html */
const BUSY = 5;
const CORRUPT = 11;
const FULL = 13;
const NOTADB = 26;

/** The primary result code: extended ones hold it in their low byte. */
function resultOf(error: unknown): number | undefined {
  if (!(error instanceof Error && "errcode" in error && typeof error.errcode === "number")) return undefined;
  return error.errcode & 0xff;
}

/** Another connection holds the lock. */
export const isBusy = (error: unknown): boolean => resultOf(error) === BUSY;

/** The file is damaged, or no database at all. */
export const isCorrupt = (error: unknown): boolean => [CORRUPT, NOTADB].includes(resultOf(error) ?? 0);

/** The disk has no room, be it for a database or for another file. */
export function isDiskFull(error: unknown): boolean {
  if (resultOf(error) === FULL) return true;
  // A quota of the user's is as full as a disk.
  return error instanceof Error && "code" in error && ["ENOSPC", "EDQUOT"].includes(String(error.code));
}
