import { renameSync, writeFileSync } from "node:fs";

/** Writes a file that only its owner may read, whole or not at all: a crash in between leaves what was there. */
export function replaceFile(path: string, text: string): void {
  writeFileSync(`${path}.new`, text, { mode: 0o600 });
  renameSync(`${path}.new`, path);
}
