import { keys } from "#aws/keys.ts";
import type { Item } from "#aws/table.ts";
import { nodeIn } from "#core/access/place.ts";
import type { TableDeps } from "#core/kernel/deps.ts";
import { notFound } from "#core/kernel/error.ts";
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
