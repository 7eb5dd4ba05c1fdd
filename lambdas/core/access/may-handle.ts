/** Who handles what of a file: the one place that decides, for every verb about files and what belongs to them. */
import type { Scope } from "#contract/common.ts";

/**
 * What a caller without `files:read` may do, by what it has made.
 *
 * `file`: the file is its own and nobody else has made a version of it. `thing`: the version, link or lock is its own.
 */
const rules = {
  /** Facts, bytes and the list of versions. */
  read: "nothing",
  /** A new version, whether by upload or by restoring. */
  write: "file",
  change: "file",
  delete: "file",
  lock: "file",
  see_lock: "either",
  renew_lock: "either",
  release_lock: "either",
  share: "thing",
  delete_version: "thing",
  see_link: "thing",
} as const;

export type Verb = keyof typeof rules;

export interface Made {
  /** `mixed`: the caller made the file, and others have made versions of it. */
  file: "own" | "mixed" | "others";
  /** Who made the version, link or lock that the verb is about, where it is about one. */
  thing?: "own" | "others" | undefined;
}

/** True where every file of its workspaces is the caller's to handle. */
export function readsAll(scopes: ReadonlySet<Scope>): boolean {
  return scopes.has("files:read") || scopes.has("admin");
}

/** Whether a caller may do `verb`. That it holds the route's scope and uses the workspace is checked before. */
export function mayHandle(all: boolean, verb: Verb, { file, thing }: Made): boolean {
  if (all) return true;
  const rule = rules[verb];
  const ownFile = file === "own";
  const ownThing = thing === "own";
  if (rule === "file") return ownFile;
  if (rule === "thing") return ownThing;
  return rule === "either" && (ownFile || ownThing);
}

/** `Made.file` of a file's record. */
export function fileMadeBy(
  clientId: string,
  { created_by, mixed }: { created_by: string; mixed?: boolean | undefined },
): Made["file"] {
  if (created_by !== clientId) return "others";
  return mixed === true ? "mixed" : "own";
}

/** `Made.thing` of a version, link or lock. */
export function madeBy(clientId: string, maker: string | undefined): Made["thing"] {
  if (maker === undefined) return undefined;
  return maker === clientId ? "own" : "others";
}
