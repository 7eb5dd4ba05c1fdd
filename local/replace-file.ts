import { renameSync } from "node:fs";
import { damaged, whyNotOpened } from "./data/damage.ts";
import { isDiskFull } from "./data/sqlite-error.ts";
import { writeNew } from "./data/write-new.ts";

/** Writes a file that only its owner may read, whole or not at all: a crash in between leaves what was there. */
export function replaceFile(path: string, text: string): void {
  try {
    writeNew(`${path}.new`, text);
    renameSync(`${path}.new`, path);
  } catch (error) {
    if (isDiskFull(error)) throw error;
    throw damaged(path, whyNotOpened(error), "It is written anew at each change: remove it", error);
  }
}
