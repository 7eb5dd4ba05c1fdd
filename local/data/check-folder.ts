/** Looks at the data folder before anything in it is opened, so that no damage is taken for an empty cloud. */
import { existsSync, readdirSync, statSync } from "node:fs";
import { join } from "node:path";
import type { Hints } from "../hints.ts";
import { checkDatabase, checkPages, dropLog } from "./check-database.ts";
import { damaged, RESTORE } from "./damage.ts";
import { type RunState, readRunState } from "./run-state.ts";

function databases({ lostMessages }: Hints) {
  const lost = lostMessages === undefined ? "" : `, ${lostMessages}`;
  return [
    { name: "s3.sqlite", wayOut: `It says which bytes are whose. ${RESTORE}` },
    { name: "dynamodb.sqlite", wayOut: `It holds the table. ${RESTORE}` },
    {
      name: "sqs.sqlite",
      wayOut: `Put it back from a backup, or delete it: the queues then begin empty${lost}`,
      /** Said where a new one takes its place. */
      renewed: `was missing: the queues begin empty${lost}`,
    },
  ];
}

export interface FolderCheck {
  /** What was found and doesn't stop the start. */
  notes: string[];
  /** How the last run ended; `undefined` before the first. */
  state: RunState | "unknown" | undefined;
}

/**
 * Finds files that are missing, cut off or of no use; reads whole databases after an unclean stop only.
 * @throws Error naming the file, what is wrong and the way out
 */
export function checkFolder(dir: string, hints: Hints = {}): FolderCheck {
  const notes: string[] = [];
  const state = readRunState(dir);
  const blobs = checkBlobs(dir, state !== undefined);
  // Folders of earlier versions have no state; their blobs show that they were used.
  const isExpected = state !== undefined || blobs > 0;
  for (const { name, wayOut, renewed } of databases(hints)) {
    const file = join(dir, name);
    const ended = { wasKilled: state === "running", wasStopped: state === "stopped" };
    if (checkDatabase({ file, isExpected, wayOut, ...ended }) === undefined) continue;
    if (renewed === undefined) throw damaged(file, `is missing${besides(blobs)}`, wayOut);
    dropLog(file);
    notes.push(`${file} ${renewed}`);
  }
  const lost = join(dir, "lost-blobs");
  if (statSync(lost, { throwIfNoEntry: false })?.isDirectory() === false) {
    throw damaged(lost, "is no directory", "Bytes that no object names go there: move it away, or remove it");
  }
  if (isExpected && !existsSync(join(dir, "credentials.json"))) {
    notes.push(
      `${join(dir, "credentials.json")} was missing: the account has a new key, and URLs signed before are void`,
    );
  }
  return { notes, state };
}

/** Names the database that made a start fail as it was read. @throws Error as `checkFolder` does */
export function nameDamage(dir: string, hints: Hints = {}): void {
  for (const { name, wayOut } of databases(hints)) {
    if (existsSync(join(dir, name))) checkPages(join(dir, name), wayOut);
  }
}

/** How many blobs there are. */
function checkBlobs(dir: string, isExpected: boolean): number {
  const folder = join(dir, "blobs");
  const found = statSync(folder, { throwIfNoEntry: false });
  if (found?.isDirectory()) return readdirSync(folder).length;
  if (found === undefined && !isExpected) return 0;
  throw damaged(
    folder,
    found ? "is no directory" : "is missing",
    `It holds the bytes of all files. ${RESTORE}`,
  );
}

function besides(blobs: number): string {
  return blobs > 0 ? `, though there are bytes of ${blobs} uploads` : "";
}
