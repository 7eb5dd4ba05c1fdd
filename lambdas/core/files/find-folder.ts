import { keys } from "#aws/keys.ts";
import { rootFolder } from "#core/access/workspace.ts";
import type { Deps } from "#core/kernel/deps.ts";
import { notFound } from "#core/kernel/error.ts";
import type { FolderRef } from "./contract.ts";
import { entryRecord, folderRecord, pathHintRecord } from "./records.ts";

/**
 * The id of a workspace's folder by id or path; none for the root, whose id follows from the workspace's.
 *
 * One read, unless the path's hint is missing: then one per level. @throws WharfError not_found
 */
export async function findFolder(
  { table }: Pick<Deps, "table">,
  workspaceId: string,
  ref: FolderRef,
): Promise<string> {
  if ("folder_id" in ref) {
    if (ref.folder_id === rootFolder(workspaceId)) return ref.folder_id;
    const folder = await table.get(folderRecord, keys.node(ref.folder_id));
    if (folder?.workspace_id !== workspaceId) throw notFound("folder", ref.folder_id);
    return ref.folder_id;
  }
  if (ref.segments.length === 0) return rootFolder(workspaceId);
  const path = ref.segments.join("/");
  const hint = await table.get(pathHintRecord, keys.pathHint(workspaceId, path));
  if (hint !== undefined) return hint.folder_id;
  let folderId = rootFolder(workspaceId);
  for (const segment of ref.segments) {
    const entry = await table.get(entryRecord, keys.entry(folderId, segment));
    if (entry?.kind !== "folder") throw notFound("folder", path);
    folderId = entry.node_id;
  }
  return folderId;
}
