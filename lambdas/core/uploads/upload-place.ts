/** Where an upload goes: a path, a path below a folder, or a file that is there. */
import { keys } from "#aws/keys.ts";
import { authorize } from "#core/access/authorize.ts";
import { locateNode, rootFolder } from "#core/access/place.ts";
import { blindName } from "#core/files/blind-name.ts";
import { idPrefixOf } from "#core/files/contract.ts";
import { filesToHandle } from "#core/files/files-to-handle.ts";
import type { FileRecord } from "#core/files/records.ts";
import type { Call } from "#core/kernel/call.ts";
import type { Deps } from "#core/kernel/deps.ts";
import { notFound, WharfError } from "#core/kernel/error.ts";
import type { Allowed } from "#core/kernel/rights.ts";
import { requireRoomToRename } from "#core/tree/free-name.ts";
import { authorizePath } from "#core/tree/place-to-create.ts";
import { entryRecord, fileHintRecord, folderRecord } from "#core/tree/records.ts";
import { requirePath } from "#core/tree/require-path.ts";
import { hintedWay, idsOf, lastOf, type Way, walkOn } from "#core/tree/way.ts";
import { useWorkspace } from "#core/workspaces/make-workspace.ts";
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
  /** What the sender asked for and is shown, where it learns nothing of what stands there. */
  asked_name?: string | undefined;
  /** The file that gets a version, wherever it is, where the request names one. */
  file?: FileRecord;
  /** What was decided of it. */
  access: Allowed;
  /** How far down its folders are there. */
  way: Way;
  /** The path whose hint may lead to a file, where that was not read on the way. */
  hint?: string | undefined;
}

/**
 * The place that a request names, where the caller may create, or write the file that it names. No read for a path in a
 * workspace that it was granted, one for a folder or a file, and what a decision reads.
 *
 * @param beside see `authorizePath`.
 * @throws WharfError invalid_request, not_found (workspace, folder, file), forbidden, grant_limit.
 */
export async function placeOf(
  deps: Deps,
  call: Call,
  request: PlaceRequest,
  beside?: (workspaceId: string) => void,
): Promise<Place> {
  const { file_id, folder_id } = request;
  if (file_id !== undefined) return placeOfFile(deps, call, file_id);
  if (folder_id !== undefined) return placeInFolder(deps, call, folder_id, request);
  if (request.path === undefined) requireNoId(request.filename);
  const { workspaceId: workspace_id, caller } = await useWorkspace(deps, call, request.workspace);
  const { folders, name } = splitPath(request);
  const path = { segments: folders, name, beside };
  const { access, way } = await authorizePath(deps, { ...call, caller }, workspace_id, path);
  return named({ workspace_id, folders, name, access, way });
}

async function placeOfFile(deps: Deps, call: Call, fileId: string): Promise<Place> {
  const { files, decisions } = await filesToHandle(deps, call, [fileId], "write");
  const [[file], [access]] = [files, decisions];
  if (file === undefined || access === undefined) throw notFound("file", fileId);
  const { trail } = access;
  const folders = trail.map((folder) => folder.name);
  const way = { workspace_id: file.workspace_id, trail, isWhole: true, seen: [] };
  return { workspace_id: file.workspace_id, folders, name: file.name, file, access, way };
}

async function placeInFolder(
  deps: Deps,
  call: Call,
  folderId: string,
  request: PlaceRequest,
): Promise<Place> {
  const [item] = await deps.table.batchGet([keys.node(folderId)]);
  const folder = folderRecord.safeParse(item).data;
  const located = folder && locateNode(call.caller.id, item);
  const asked = { action: "create", what: ["folder", folderId], whole: true } as const;
  const access = await authorize(deps, call, located, asked);
  if (folder === undefined) throw notFound("folder", folderId);
  const { workspace } = request;
  if (
    workspace !== undefined &&
    (await useWorkspace(deps, call, workspace)).workspaceId !== folder.workspace_id
  ) {
    throw new WharfError("invalid_request", `${folderId} is in another workspace; leave workspace out.`);
  }
  const { workspace_id } = folder;
  const above = access.trail.map((one) => one.name);
  const { folders, name } = splitPath(request, above);
  const way = { workspace_id, trail: access.trail, isWhole: folders.length === above.length, seen: [] };
  const file = [...folders, name].join("/");
  if (way.isWhole) return named({ workspace_id, folders, name, access, way, hint: file });
  // Folders below it are there or not, which it may not learn.
  if (access.blind) throw notFound("folder", folders.join("/"));
  const hinted = await hintedWay(deps, workspace_id, folders, { file });
  const nearest = hinted.trail.length > above.length ? hinted : { ...hinted, ...way };
  return named({ workspace_id, folders, name, access, way: await walkOn(deps, nearest, folders) });
}

/** A place whose sender may not learn what stands there: its file's name is like no other's. */
function named(place: Place): Place {
  if (!place.access.blind) return place;
  const name = blindName(place.name);
  requirePath([...place.folders, name].join("/"), "folders and what keeps it apart from others");
  // What a hint says of the name that was asked for is of another's file.
  const way = { ...place.way, hintedFile: undefined };
  return { ...place, way, hint: undefined, name, asked_name: place.name };
}

/** The folder at a place, if it is there, and which file may stand under the name; only its entry tells for sure. */
export async function lookAround(
  deps: Pick<Deps, "table">,
  { workspace_id, name, file, way, hint }: Place,
): Promise<Around> {
  const above = idsOf(way.trail);
  if (file !== undefined) return { folderId: file.folder_id, above, hintedFile: file.node_id };
  if (!way.isWhole) return { folderId: undefined, above, hintedFile: undefined };
  const folderId = lastOf(way);
  if (folderId !== rootFolder(workspace_id)) {
    const hinted = hint && (await deps.table.get(fileHintRecord, keys.fileHint(workspace_id, hint)));
    return { folderId, above, hintedFile: hinted ? hinted.file_id : way.hintedFile };
  }
  const entry = await deps.table.get(entryRecord, keys.entry(folderId, name));
  return { folderId, above, hintedFile: entry?.kind === "file" ? entry.node_id : undefined };
}

interface Around {
  folderId: string | undefined;
  /** Folders from below the root down to it, or to the nearest that is there. */
  above: readonly string[];
  hintedFile: string | undefined;
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
