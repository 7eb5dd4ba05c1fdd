import type { FolderRecord } from "#core/files/records.ts";
import type { FolderDetail } from "./contract.ts";

/** A folder as the API shows it. */
export function folderView({ node_id, path = "", ...folder }: FolderRecord): FolderDetail {
  const { name, workspace_id, parent_id, created_at, created_by } = folder;
  return { kind: "folder", folder_id: node_id, name, workspace_id, parent_id, path, created_at, created_by };
}
