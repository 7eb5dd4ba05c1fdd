/** What a copy becomes, as things stand: a new file under a name that is free, or a version of the one that has it. */
import { keys } from "#aws/keys.ts";
import { readTrail } from "#core/access/trail.ts";
import { type Preconditions, whyRefused } from "#core/files/fenced-write.ts";
import { filesToHandle } from "#core/files/files-to-handle.ts";
import type { FileRecord } from "#core/files/records.ts";
import type { Call } from "#core/kernel/call.ts";
import type { Deps } from "#core/kernel/deps.ts";
import { isWharfError, notFound, WharfError } from "#core/kernel/error.ts";
import { Overtaken } from "#core/kernel/in-rounds.ts";
import type { TrailFolder } from "#core/kernel/rights.ts";
import { freeName } from "#core/tree/free-name.ts";
import { pathOf } from "#core/tree/reach.ts";
import { type EntryRecord, entryRecord } from "#core/tree/records.ts";
import { requirePath } from "#core/tree/require-path.ts";
import { idsOf, lastOf } from "#core/tree/way.ts";
import type { Place } from "#core/uploads/upload-place.ts";
import type { CopyFile } from "./contract.ts";

export interface Target {
  name: string;
  /** The folders from below the root down to its own. */
  trail: readonly TrailFolder[];
  /** The file that gets a version. */
  file?: FileRecord;
}

interface Wanted {
  /** Of what is copied. */
  fileId: string;
  if_exists: CopyFile["if_exists"];
  preconditions: Preconditions;
}

/**
 * Decides what a copy becomes; the transaction that relies on it compares it again.
 *
 * @param trail the folders of its place, as they were just read or made.
 * @throws WharfError name_taken, conflict for a version of what is copied itself, forbidden for one that the caller may not
 * write, file_locked, lock_lost, version_mismatch, invalid_request where the path is too long.
 */
export async function copyTarget(
  deps: Deps,
  call: Call,
  { workspace_id, folders, name }: Place,
  { trail, fileId, if_exists, preconditions }: Wanted & { trail: readonly TrailFolder[] },
): Promise<Target> {
  const folderId = lastOf({ workspace_id, trail });
  const folder_path = folders.length === 0 ? undefined : folders.join("/");
  const [entry, free] = await Promise.all([
    deps.table.get(entryRecord, keys.entry(folderId, name)),
    if_exists === "rename" ? freeName(deps, folderId, { name, folder_path }) : undefined,
  ]);
  if (entry !== undefined && if_exists === "version" && entry.kind === "file") {
    if (entry.node_id === fileId) throw itself(fileId);
    const file = await fileToWrite(deps, call, entry.node_id);
    // It was moved away just now.
    if (file.name !== name || file.folder_id !== folderId) throw new Overtaken();
    const refused = whyRefused(file, file.node_id, preconditions, deps.now());
    if (refused !== undefined) throw refused;
    return { name, trail, file };
  }
  if (entry !== undefined && free === undefined) throw nameTaken(name, entry);
  requireNone(preconditions);
  const target = { name: entry === undefined ? name : (free ?? name), trail };
  // Where its folder was moved to meanwhile, or a number was added, there may be less room.
  requirePath(pathOf([...trail, target]));
  return target;
}

/** The file that has the name, where the caller may write it. @throws Overtaken where it is there no more */
async function fileToWrite(deps: Deps, call: Call, fileId: string): Promise<FileRecord> {
  const { files } = await filesToHandle(deps, call, [fileId], "write").catch((error: unknown) => {
    throw isWharfError(error, "not_found") ? new Overtaken() : error;
  });
  const [file] = files;
  if (file === undefined) throw new Overtaken();
  return file;
}

/** What is demanded of a file is met by none. @throws WharfError version_mismatch, lock_lost */
function requireNone({ ifMatch, lockToken }: Preconditions): void {
  if (ifMatch !== undefined)
    throw new WharfError(
      "version_mismatch",
      `If-Match is ${ifMatch}, of the file that the copy is to be a version of; but it is to be a new one.`,
      { version_id: null },
    );
  if (lockToken !== undefined)
    throw new WharfError(
      "lock_lost",
      "A Lock-Token is for the file that the copy is to be a version of; but it is to be a new one. Send the request without it.",
    );
}

/** The folders of a place, wherever they are by now. @throws WharfError not_found */
export async function trailAgain(
  deps: Pick<Deps, "table">,
  workspace_id: string,
  trail: readonly TrailFolder[],
): Promise<readonly TrailFolder[]> {
  if (trail.length === 0) return trail;
  const folder_id = lastOf({ workspace_id, trail });
  const now = await readTrail(deps, { workspace_id, folder_id, above: idsOf(trail) });
  if (now === undefined) throw notFound("folder", folder_id);
  return now;
}

function itself(fileId: string): WharfError {
  return new WharfError(
    "conflict",
    `${fileId} itself has that name. To make an older version of it current, restore that; for a second file choose another name, or if_exists rename.`,
  );
}

function nameTaken(name: string, { kind }: Pick<EntryRecord, "kind">): WharfError {
  const detail =
    kind === "folder"
      ? `${JSON.stringify(name)} is a folder. Copy under another name, or name that folder.`
      : `${JSON.stringify(name)} is taken in that folder. Copy under another name, or with if_exists rename or version; or move or delete what stands there.`;
  return new WharfError("name_taken", detail, { name, kind });
}
