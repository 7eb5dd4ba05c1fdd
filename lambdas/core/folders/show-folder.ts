import { nodeIn } from "#core/access/place.ts";
import type { Call } from "#core/kernel/call.ts";
import { notFound } from "#core/kernel/error.ts";
import { folderRecord } from "#core/tree/records.ts";
import type { FolderDetail } from "./contract.ts";
import { folderView } from "./folder-view.ts";

/** A folder, as it was read with the caller's token: no further read. @throws WharfError not_found */
export function showFolder({ ahead = [], access }: Call, folderId: string): FolderDetail {
  const folder = folderRecord.safeParse(nodeIn(ahead, folderId)).data;
  if (folder === undefined) throw notFound("folder", folderId);
  return folderView(folder, access?.trail ?? []);
}
