import { type Key, keys } from "#aws/keys.ts";
import type { Item } from "#aws/table.ts";
import { authorize } from "#core/access/authorize.ts";
import { locateNode, nodeIn, rootFolder } from "#core/access/place.ts";
import { requireWorkspaceNamed } from "#core/access/workspace-named.ts";
import type { File } from "#core/files/contract.ts";
import { fileView } from "#core/files/file-view.ts";
import { listsAll } from "#core/files/folder-to-list.ts";
import { entryRecord, fileRecord, folderRecord } from "#core/files/records.ts";
import type { Call } from "#core/kernel/call.ts";
import type { TableDeps } from "#core/kernel/deps.ts";
import { notFound } from "#core/kernel/error.ts";
import type { FolderDetail } from "./contract.ts";
import { folderView } from "./folder-view.ts";

/** Read where hints lead nowhere, so that what isn't there costs the same as what is hidden. */
const NOWHERE = keys.node("nowhere");

/**
 * The file or folder at a path of a workspace, if the caller may list it: two reads and the decision, whatever there is.
 *
 * Whoever lists the whole workspace is led on by names where no hint leads there: one read more for each level.
 * @throws WharfError not_found, workspace_ambiguous
 */
export async function resolvePath(
  deps: TableDeps,
  call: Call,
  workspaceRef: string,
  segments: readonly string[],
): Promise<File | FolderDetail> {
  const workspace_id = await requireWorkspaceNamed(deps, call.caller, workspaceRef);
  const path = segments.join("/");
  const item =
    (await hinted(deps, workspace_id, segments)) ??
    ((await listsAll(deps, call.caller, workspace_id))
      ? await walk(deps, workspace_id, segments)
      : undefined);
  const what = ["file or folder", path || "/"] as const;
  const access = await authorize(deps, call, locateNode(call.caller.id, item), { action: "list", what });
  if (item === undefined) throw notFound(...what);
  return item["kind"] === "file"
    ? fileView(fileRecord.parse(item), access.own)
    : folderView(folderRecord.parse(item));
}

/** What hints say stands there, where it says so itself. */
async function hinted(
  { table }: TableDeps,
  workspaceId: string,
  segments: readonly string[],
): Promise<Item | undefined> {
  const path = segments.join("/");
  const ids = segments.length === 0 ? [rootFolder(workspaceId)] : await idsAt(table, workspaceId, segments);
  const nodes = await table.batchGet(ids.length === 0 ? [NOWHERE] : ids.map((id) => keys.node(id)));
  return ids
    .map((id) => nodeIn(nodes, id))
    .find((item) => item !== undefined && item["workspace_id"] === workspaceId && pathOf(item) === path);
}

/** Ids that the hints of a path name: of a folder, a file, or both where one has come after the other. */
async function idsAt(
  table: TableDeps["table"],
  workspaceId: string,
  segments: readonly string[],
): Promise<string[]> {
  const path = segments.join("/");
  const [name = "", ...below] = segments;
  // What is in the root needs no hint: its entry has the root's id, which follows from the workspace's.
  const ofFile: Key =
    below.length === 0 ? keys.entry(rootFolder(workspaceId), name) : keys.fileHint(workspaceId, path);
  const found = await table.batchGet([keys.pathHint(workspaceId, path), ofFile]);
  const ids = found.map((item) => item["node_id"] ?? item["file_id"] ?? item["folder_id"]);
  return [...new Set(ids.filter((id) => typeof id === "string"))];
}

/** Where a record says that it stands; `undefined` of a file that is deleted. */
function pathOf(item: Item): string | undefined {
  if (item["kind"] === "folder") return folderRecord.parse(item).path ?? "";
  const { hint_path, name, deleted_at } = fileRecord.parse(item);
  return deleted_at === undefined ? (hint_path ?? name) : undefined;
}

/** The same by names, level by level. */
async function walk({ table }: TableDeps, workspaceId: string, segments: readonly string[]) {
  let at = rootFolder(workspaceId);
  for (const [level, name] of segments.entries()) {
    const entry = await table.get(entryRecord, keys.entry(at, name));
    if (entry === undefined || (entry.kind === "file" && level < segments.length - 1)) return undefined;
    at = entry.node_id;
  }
  const [item] = await table.batchGet([keys.node(at)]);
  return item;
}
