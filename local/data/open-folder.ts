import type { Hints } from "../hints.ts";
import { checkFolder } from "./check-folder.ts";
import { readRunState, writeRunState } from "./run-state.ts";

export interface DataFolder {
  /** What was found and doesn't stop the start. */
  notes: string[];
  /** Says that all databases are open and written to. */
  running(): void;
  /** Says that databases are about to be closed. */
  closing(): void;
  /** Says that one turned out to be damaged: the next start is to read each whole. */
  damaged(): void;
  /** Says that all of them are closed. */
  closed(): void;
}

/** Checks the folder that keeps the state, and keeps account of whether it is left in good order. @throws as `checkFolder` */
export function openFolder(dir: string, hints?: Hints): DataFolder {
  const { notes, state } = checkFolder(dir, hints);
  // Before the first start was whole, a database that isn't here is none that is missing.
  if (state !== undefined) writeRunState(dir, "starting");
  let isDamaged = false;
  return {
    notes,
    running: () => writeRunState(dir, "running"),
    closing: () => writeRunState(dir, "starting"),
    damaged() {
      isDamaged = true;
    },
    closed() {
      if (!isDamaged && readRunState(dir) !== undefined) writeRunState(dir, "stopped");
    },
  };
}
