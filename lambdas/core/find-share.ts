import { keys } from "#aws/keys.ts";
import type { Caller } from "./call.ts";
import type { Deps } from "./deps.ts";
import { isWharfError, notFound } from "./error.ts";
import { findFile } from "./find-file.ts";
import { linkToken } from "./link-token.ts";
import { type LinkRecord, linkRecord } from "./records.ts";

/**
 * A share's record: whoever may see the file may see its links, and when the file is deleted they are gone.
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
    await findFile(deps, caller, link.file_id);
  } catch (error) {
    throw isWharfError(error, "not_found") ? notFound("share", shareId) : error;
  }
  return link;
}
