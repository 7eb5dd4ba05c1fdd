/** Where an upload goes: a path, a path below a folder, or a file that is there. */
import { keys } from "#aws/keys.ts";
import { rootFolder, useWorkspace } from "#core/access/workspace.ts";
import { idPrefixOf } from "#core/files/contract.ts";
import { findFile } from "#core/files/find-file.ts";
import { findWay } from "#core/files/make-folders.ts";
import { entryRecord, type FileRecord, folderRecord } from "#core/files/records.ts";
import { requirePath } from "#core/files/require-path.ts";
import { type Call, canUse } from "#core/kernel/call.ts";
import type { Deps } from "#core/kernel/deps.ts";
import { notFound, WharfError } from "#core/kernel/error.ts";
import { requireRoomToRename } from "./free-name.ts";
import type { UploadRecord } from "./records.ts";

/** What a request says of it. `file_id` stands alone; `path` and `filename` are relative to `folder_id`. */
export interface PlaceRequest {
  filename?: string | undefined;
  path?: readonly string[] | undefined;
  workspace?: string | undefined;
  folder_id?: string | undefined;
  file_id?: string | undefined;
  if_exists?: UploadRecord["if_exists"];
}

export interface Place {
  workspace_id: string;
  /** Names of the folders from the root down. */
  folders: readonly string[];
  name: string;
  /** The file that gets a version, wherever it is, where the request names one. */
  file?: FileRecord;
}

/**
 * The place that a request names. No read for a path in a workspace of the caller's, one for a folder or a file.
 *
 * @throws WharfError invalid_request, not_found (workspace, folder, file), limit_exceeded.
 */
export async function placeOf(deps: Deps, call: Call, request: PlaceRequest): Promise<Place> {
  const { file_id, folder_id, workspace } = request;
  if (file_id !== undefined) {
    const file = await findFile(deps, call.caller, file_id, "write");
    const folders = (file.hint_path ?? file.name).split("/").slice(0, -1);
    return { workspace_id: file.workspace_id, folders, name: file.name, file };
  }
  if (folder_id === undefined) {
    if (request.path === undefined) requireNoId(request.filename);
    const { folders, name } = splitPath(request);
    return { workspace_id: await useWorkspace(deps, call, workspace), folders, name };
  }
  const folder = await deps.table.get(folderRecord, keys.node(folder_id));
  if (folder === undefined || !canUse(call.caller, folder.workspace_id)) throw notFound("folder", folder_id);
  if (workspace !== undefined && (await useWorkspace(deps, call, workspace)) !== folder.workspace_id) {
    throw new WharfError("invalid_request", `${folder_id} is in another workspace; leave workspace out.`);
  }
  const above = splitFolders(folder.path);
  return { workspace_id: folder.workspace_id, ...splitPath(request, above) };
}

/** The folder at a place, if it is there, and which file may stand under the name; only its entry tells for sure. */
export async function lookAround(
  deps: Pick<Deps, "table">,
  { workspace_id, folders, name, file }: Place,
): Promise<{ folderId: string | undefined; hintedFile: string | undefined }> {
  if (file !== undefined) return { folderId: file.folder_id, hintedFile: file.node_id };
  if (folders.length > 0) return findWay(deps, workspace_id, folders, name);
  const folderId = rootFolder(workspace_id);
  const entry = await deps.table.get(entryRecord, keys.entry(folderId, name));
  return { folderId, hintedFile: entry?.kind === "file" ? entry.node_id : undefined };
}

/**
 * Refuses folders that begin as an id does, where nothing beside them says that they are a path: what was meant is the
 * folder of that id.
 */
function requireNoId(filename = ""): void {
  const prefix = filename.includes("/") ? idPrefixOf(filename) : undefined;
  if (prefix === undefined) return;
  throw new WharfError(
    "invalid_request",
    `${JSON.stringify(filename)} begins as an id does (${prefix}_). Name a folder by its id in folder_id, and the file below it in filename; for a folder of that name send "path": "/" beside it.`,
  );
}

/** Folders and name that a request's `path` and `filename` lead to, below the folders `above`. */
function splitPath(
  { path = [], filename = "", if_exists }: PlaceRequest,
  above: readonly string[] = [],
): { folders: string[]; name: string } {
  const folders = [...above, ...path, ...filename.split("/")];
  const name = folders.pop() ?? filename;
  requirePath([...folders, name].join("/"));
  if (if_exists === "rename") requireRoomToRename(joinFolders(folders), name);
  return { folders, name };
}

/** `reports/2026`; none for the root. */
export function joinFolders(folders: readonly string[]): string | undefined {
  return folders.length === 0 ? undefined : folders.join("/");
}

/** The same again. */
export function splitFolders(path: string | undefined): string[] {
  return path === undefined ? [] : path.split("/");
}
