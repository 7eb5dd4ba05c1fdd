import { keys } from "#aws/keys.ts";
import type { Item } from "#aws/table.ts";
import { scopesFor } from "#contract/scopes.ts";
import { forbidden } from "#core/access/authorize.ts";
import { fileMadeBy } from "#core/access/place.ts";
import { whyRefused } from "#core/files/fenced-write.ts";
import { hintPath } from "#core/files/file-entry.ts";
import { entryRecord, type FileRecord, fileRecord, isStanding } from "#core/files/records.ts";
import { requirePath } from "#core/files/require-path.ts";
import type { Deps, TableDeps } from "#core/kernel/deps.ts";
import { notFound, WharfError } from "#core/kernel/error.ts";
import { newId } from "#core/kernel/ids.ts";
import { freeName } from "#core/uploads/free-name.ts";
import { nameTaken } from "#core/uploads/name-taken.ts";
import type { Intent, UploadRecord } from "#core/uploads/records.ts";

/** What an upload becomes: a version of a file, or a new file under a name that is free. */
export type Target = { kind: "version"; file: FileRecord } | { kind: "create"; fileId: string; name: string };

/**
 * Decides what an upload becomes as things stand now; the transaction that relies on it compares it again.
 *
 * The file that was named to the client at the start gets the version, wherever it has been moved to since. Where it
 * is new, or was deleted meanwhile, the name decides: free → a new file; taken → as `if_exists` says.
 *
 * @throws WharfError name_taken, version_mismatch, file_locked, lock_lost.
 */
export async function chooseTarget(deps: TableDeps, upload: UploadRecord, intent: Intent): Promise<Target> {
  const { folder_id } = upload;
  // Where there is no folder yet, there is no file in it.
  const entryKey = folder_id === undefined ? undefined : keys.entry(folder_id, upload.name);
  const rename = upload.if_exists === "rename" && !intent.create_only;
  const [items, free] = await Promise.all([
    deps.table.batchGet([keys.node(upload.file_id), ...(entryKey === undefined ? [] : [entryKey])]),
    rename && folder_id !== undefined ? freeName(deps, folder_id, upload) : undefined,
  ]);
  const node = items.find((item) => item["pk"] !== entryKey?.pk);
  if (isStanding(node)) return versionOf(deps, upload, node, intent);

  if (upload.of_file) throw notFound("file", upload.file_id);

  const fileId = node === undefined ? upload.file_id : newId("file", deps.now());
  const standing = items.find((item) => item["pk"] === entryKey?.pk);
  if (standing === undefined) return create(fileId, upload.name, intent);
  const entry = entryRecord.parse(standing);
  if (free !== undefined) {
    // A session from before had no need of room for a number.
    requirePath(hintPath(upload.folder_path, free) ?? free);
    return create(fileId, free, intent);
  }
  if (upload.if_exists === "fail" || entry.kind === "folder") throw nameTaken(upload, entry);
  const [taken] = await deps.table.batchGet([keys.node(entry.node_id)]);
  return isStanding(taken) ? versionOf(deps, upload, taken, intent) : create(fileId, upload.name, intent);
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

function create(fileId: string, name: string, { if_match, lock_hash }: Intent): Target {
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
  return { kind: "create", fileId, name };
}

/** What an intent demands of an existing file, as the fence takes it. */
export function demands({ lock_hash, if_match }: Intent) {
  return { lockHash: lock_hash, ifMatch: if_match };
}
