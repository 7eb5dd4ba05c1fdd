import type { Call } from "#core/kernel/call.ts";
import type { TableDeps } from "#core/kernel/deps.ts";
import type { FolderDetail } from "./contract.ts";
import { findFolder } from "./find-folder.ts";
import { folderView } from "./folder-view.ts";

/** A folder, as it was read with the caller's token: no further read. @throws WharfError not_found */
export async function showFolder(
  deps: Pick<TableDeps, "table">,
  { ahead, access }: Call,
  folderId: string,
): Promise<FolderDetail> {
  const folder = await findFolder(deps, folderId, ahead);
  return folderView(folder, access?.trail ?? []);
}
