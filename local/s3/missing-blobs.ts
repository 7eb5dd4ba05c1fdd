/** Names what lacks bytes, so that its owner can send them again. */
import type { Hints } from "../hints.ts";

/** What a blob belongs to. */
export interface BlobOwner {
  key: string;
  /** A part of an upload that isn't completed; else bytes of an object. */
  isPart: boolean;
}

/** Keys that are named; the rest is counted. */
const NAMED = 3;

export const count = (number: number, noun: string) => `${number} ${noun}${number === 1 ? "" : "s"}`;

/** What to say of blobs that rows name and no file has: of objects, and of open uploads. @param owners one a blob */
export function* notesOnMissing(
  owners: readonly BlobOwner[],
  hintOn: Hints["missingBytes"] = () => undefined,
): Generator<string> {
  const hint = (keys: readonly string[], of: "object" | "part") => {
    const said = hintOn(keys, of);
    return said === undefined ? "" : ` (${said})`;
  };
  const keysOf = (all: readonly BlobOwner[]) => [...new Set(all.map(({ key }) => key))];
  const parts = owners.filter(({ isPart }) => isPart);
  const bytes = owners.filter(({ isPart }) => !isPart);
  if (bytes.length > 0) {
    const keys = keysOf(bytes);
    yield `${areMissing(bytes)}, so that ${count(keys.length, "object")} can't be read: ${named(keys)}; put the folder back from a backup, or delete the files and send them again${hint(keys, "object")}`;
  }
  if (parts.length > 0) {
    const keys = keysOf(parts);
    yield `${areMissing(parts)} of ${count(keys.length, "open upload")}: ${named(keys)}; send these parts again${hint(keys, "part")}`;
  }
}

function areMissing(owners: readonly BlobOwner[]): string {
  return `${count(owners.length, "blob")} ${owners.length === 1 ? "is" : "are"} missing`;
}

function named(keys: readonly string[]): string {
  const more = keys.length > NAMED ? ` and ${keys.length - NAMED} more` : "";
  return `${keys.slice(0, NAMED).join(", ")}${more}`;
}
