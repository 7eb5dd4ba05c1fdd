import { keys } from "#aws/keys.ts";
import type { Item } from "#aws/table.ts";
import { nodeIn } from "#core/access/place.ts";
import type { TableDeps } from "#core/kernel/deps.ts";
import { notFound, WharfError } from "#core/kernel/error.ts";
import { type FolderRecord, folderRecord } from "#core/tree/records.ts";

/**
 * A folder's record: one read, or none where it was read with the caller's token.
 *
 * @throws WharfError not_found
 */
export async function findFolder(
  { table }: Pick<TableDeps, "table">,
  folderId: string,
  ahead: readonly Item[] = [],
): Promise<FolderRecord> {
  const item = nodeIn(ahead, folderId) ?? (await table.batchGet([keys.node(folderId)]))[0];
  const folder = folderRecord.safeParse(item).data;
  if (folder === undefined || folder.deleted_at !== undefined) throw notFound("folder", folderId);
  return folder;
}

/** The folder that one is in. @throws WharfError invalid_request for a workspace's root, which is in none */
export function requireNoRoot({ parent_id }: FolderRecord): string {
  if (parent_id !== null) return parent_id;
  throw new WharfError(
    "invalid_request",
    "This is the workspace's root, which has no name and stays where it is. What is to happen to it is asked of the workspace: PATCH /v1/workspaces/{id} renames it, DELETE deletes it, and POST /v1/transfers hands it over.",
  );
}

/**
 * That a folder stands as it was read. When it last changed as well: a copy of a change that comes after that was undone
 * finds another time.
 */
export function asFound({ parent_id, name, updated_at }: FolderRecord) {
  const unchanged =
    updated_at === undefined ? "attribute_not_exists(#updated_at)" : "#updated_at = :old_updated";
  return {
    condition: `#kind = :folder AND attribute_not_exists(#deleted_at) AND #parent_id = :old_parent AND #name = :old_name AND ${unchanged}`,
    values: { folder: "folder", old_parent: parent_id, old_name: name, old_updated: updated_at },
  };
}
