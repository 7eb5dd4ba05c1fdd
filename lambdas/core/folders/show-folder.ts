import type { Call } from "#core/kernel/call.ts";
import type { TableDeps } from "#core/kernel/deps.ts";
import { inRounds } from "#core/kernel/in-rounds.ts";
import type { FolderDetail } from "./contract.ts";
import { findFolder } from "./find-folder.ts";
import { folderView } from "./folder-view.ts";
import { trailOfFolder } from "./trail-of-folder.ts";

/**
 * A folder, as it was read with the caller's token: no further read, unless it was moved just then.
 *
 * @throws WharfError not_found
 */
export async function showFolder(
  deps: Pick<TableDeps, "table">,
  call: Call,
  folderId: string,
): Promise<FolderDetail> {
  const attempt = async (round: number) => {
    const folder = await findFolder(deps, folderId, round === 0 ? call.ahead : []);
    return folderView(folder, await trailOfFolder(deps, call, folder));
  };
  return await inRounds(attempt, "Others keep moving this folder; send this again.");
}
