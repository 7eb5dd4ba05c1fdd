import { keys } from "#aws/keys.ts";
import type { Item } from "#aws/table.ts";
import { scopesFor } from "#contract/scopes.ts";
import { forbidden } from "#core/access/authorize.ts";
import { fileMadeBy, nodeIn } from "#core/access/place.ts";
import { hintedFolders, trailOf } from "#core/access/trail.ts";
import { whyRefused } from "#core/files/fenced-write.ts";
import { type FileRecord, fileRecord, isStanding } from "#core/files/records.ts";
import type { Deps, TableDeps } from "#core/kernel/deps.ts";
import { notFound, WharfError } from "#core/kernel/error.ts";
import { newId } from "#core/kernel/ids.ts";
import type { TrailFolder } from "#core/kernel/rights.ts";
import { freeName } from "#core/tree/free-name.ts";
import { pathOf } from "#core/tree/reach.ts";
import { entryRecord } from "#core/tree/records.ts";
import { requirePath } from "#core/tree/require-path.ts";
import { nameTaken } from "#core/uploads/name-taken.ts";
import type { Intent, UploadRecord } from "#core/uploads/records.ts";

/** What an upload becomes: a version of a file, or a new file under a name that is free. */
export type Target = { kind: "version"; file: FileRecord } | NewTarget;

interface NewTarget {
  kind: "create";
  fileId: string;
  name: string;
  /** The folders from below the root down to its own; none where that isn't there yet, and is made before. */
  trail: readonly TrailFolder[];
}

/**
 * Decides what an upload becomes as things stand now; the transaction that relies on it compares it again.
 *
 * The file that was named to the client at the start gets the version, wherever it has been moved to since; in another
 * workspace only where the client named the file, and not a path of this one. Where it is new, or was deleted meanwhile,
 * the name decides: free → a new file; taken → as `if_exists` says.
 *
 * @throws WharfError name_taken, version_mismatch, file_locked, lock_lost.
 */
export async function chooseTarget(deps: TableDeps, upload: UploadRecord, intent: Intent): Promise<Target> {
  const { folder_id } = upload;
  // Where there is no folder yet, there is no file in it.
  const entryKey = folder_id === undefined ? undefined : keys.entry(folder_id, upload.name);
  const rename = upload.if_exists === "rename" && !intent.create_only;
  const located = { workspace_id: upload.workspace_id, folder_id, above: upload.above };
  const [items, free] = await Promise.all([
    deps.table.batchGet([
      keys.node(upload.file_id),
      ...(entryKey === undefined ? [] : [entryKey, ...hintedFolders(located).map((id) => keys.node(id))]),
    ]),
    rename && folder_id !== undefined ? freeName(deps, folder_id, upload) : undefined,
  ]);
  const node = nodeIn(items, upload.file_id);
  const follows = upload.of_file || node?.["workspace_id"] === upload.workspace_id;
  if (isStanding(node) && follows) return versionOf(deps, upload, node, intent);

  if (upload.of_file) throw notFound("file", upload.file_id);

  const trail = folder_id === undefined ? [] : await trailOf(deps, located, items);
  if (trail === undefined) throw folderGone(upload);
  const place = { fileId: node === undefined ? upload.file_id : newId("file", deps.now()), trail };
  const standing = items.find((item) => item["pk"] === entryKey?.pk);
  if (standing === undefined) return create(place, upload.name, intent);
  const entry = entryRecord.parse(standing);
  if (free !== undefined) return create(place, free, intent);
  if (upload.if_exists === "fail" || entry.kind === "folder") throw nameTaken(upload, entry);
  const [taken] = await deps.table.batchGet([keys.node(entry.node_id)]);
  return isStanding(taken) ? versionOf(deps, upload, taken, intent) : create(place, upload.name, intent);
}

function versionOf({ now }: Pick<Deps, "now">, upload: UploadRecord, node: Item, intent: Intent): Target {
  const file = fileRecord.parse(node);
  const { reads_all, writes_all = reads_all } = intent;
  if (reads_all && !writes_all) throw forbidden("write", scopesFor("write"), ["file", file.node_id]);
  if (!reads_all && fileMadeBy(upload.client_id, file) !== "own") throw nameTaken(upload, file);
  if (intent.create_only) {
    throw new WharfError(
      "version_mismatch",
      "If-None-Match: * asks for a new file, but there is one of this name.",
      {
        file_id: file.node_id,
        version_id: file.version_id,
      },
    );
  }
  const refused = whyRefused(node, file.node_id, demands(intent), now());
  if (refused !== undefined) throw refused;
  return { kind: "version", file };
}

function create(
  place: Pick<NewTarget, "fileId" | "trail">,
  name: string,
  { if_match, lock_hash }: Intent,
): NewTarget {
  if (if_match !== undefined) {
    throw new WharfError("version_mismatch", `If-Match is ${if_match}, but there is no file of this name.`, {
      version_id: null,
    });
  }
  if (lock_hash !== undefined) {
    throw new WharfError(
      "lock_lost",
      "The file that this Lock-Token was for is gone. Send the request without it.",
    );
  }
  // Where its folder was moved to meanwhile, or a number was added, there may be less room.
  requirePath(pathOf([...place.trail, { name }]));
  return { kind: "create", name, ...place };
}

/** Its folder, or one above that, has been removed since: the session waits for its return. */
export function folderGone({ folder_id, folder_path }: UploadRecord): WharfError {
  return new WharfError(
    "not_found",
    `The folder ${folder_path ?? folder_id} that this upload goes into is there no more. Restore it and finalize again, or start another upload.`,
  );
}

/** What an intent demands of an existing file, as the fence takes it. */
export function demands({ lock_hash, if_match, epoch }: Intent) {
  return { lockHash: lock_hash, ifMatch: if_match, epoch };
}
