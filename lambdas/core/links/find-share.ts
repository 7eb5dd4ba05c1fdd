import { keys } from "#aws/keys.ts";
import { fileMadeBy, madeBy, mayHandle, readsAll } from "#core/access/may-handle.ts";
import { readFile } from "#core/files/read-files.ts";
import type { FileRecord } from "#core/files/records.ts";
import type { Caller } from "#core/kernel/call.ts";
import type { Deps } from "#core/kernel/deps.ts";
import { isWharfError, notFound } from "#core/kernel/error.ts";
import { linkToken } from "./link-token.ts";
import { type LinkRecord, linkRecord } from "./records.ts";

/**
 * A share's record, where the caller may see it; when the file is deleted its links are gone.
 *
 * Two reads, since the link's key follows from the id. @throws WharfError not_found
 */
export async function findShare(
  deps: Pick<Deps, "table">,
  caller: Caller,
  shareId: string,
): Promise<LinkRecord> {
  const link = await deps.table.get(linkRecord, keys.link(await linkToken(deps, shareId)));
  if (link === undefined) throw notFound("share", shareId);
  try {
    if (maySee(caller, await readFile(deps, caller, link.file_id), link)) return link;
  } catch (error) {
    if (!isWharfError(error, "not_found")) throw error;
  }
  throw notFound("share", shareId);
}

/**
 * Whoever reads all files sees all links to them; others see their own, but for those that lead to whatever is
 * current, which a broader token has made: what is behind them may be another's.
 */
export function maySee({ client_id, scopes }: Caller, file: FileRecord, link: LinkRecord): boolean {
  const thing = link.version_id === undefined ? "others" : madeBy(client_id, link.created_by);
  return mayHandle(readsAll(scopes), "see_link", { file: fileMadeBy(client_id, file), thing });
}
