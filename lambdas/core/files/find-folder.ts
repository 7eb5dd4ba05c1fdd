import { keys } from "#aws/keys.ts";
import { folderAtPath } from "#core/access/folder-at-path.ts";
import { rootFolder } from "#core/access/place.ts";
import type { Deps } from "#core/kernel/deps.ts";
import { notFound } from "#core/kernel/error.ts";
import type { FolderRef } from "./contract.ts";
import { folderRecord } from "./records.ts";

/**
 * The id of a workspace's folder by id or path; none for the root, whose id follows from the workspace's.
 *
 * One read, unless the path's hint is missing: then one per level. @throws WharfError not_found
 */
export async function findFolder(
  deps: Pick<Deps, "table">,
  workspaceId: string,
  ref: FolderRef,
): Promise<string> {
  if ("folder_id" in ref) {
    if (ref.folder_id === rootFolder(workspaceId)) return ref.folder_id;
    const folder = await deps.table.get(folderRecord, keys.node(ref.folder_id));
    if (folder?.workspace_id !== workspaceId) throw notFound("folder", ref.folder_id);
    return ref.folder_id;
  }
  const found = await folderAtPath(deps, workspaceId, ref.segments);
  if (found === undefined) throw notFound("folder", ref.segments.join("/"));
  return found;
}
