import type { TrailFolder } from "#core/kernel/rights.ts";
import { pathOf } from "#core/tree/reach.ts";
import type { FolderRecord } from "#core/tree/records.ts";
import type { FolderDetail } from "./contract.ts";

/** A folder as the API shows it. @param trail folders from below the root down to it: none of the root. */
export function folderView(
  { node_id, ...folder }: FolderRecord,
  trail: readonly Pick<TrailFolder, "name">[],
): FolderDetail {
  const { name, workspace_id, parent_id, created_at, created_by, updated_at } = folder;
  return {
    ...{ kind: "folder", folder_id: node_id, name, workspace_id, parent_id, path: pathOf(trail) },
    ...{ created_at, created_by, updated_at },
  };
}
