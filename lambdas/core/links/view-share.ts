import type { Caller } from "#core/kernel/call.ts";
import type { Deps } from "#core/kernel/deps.ts";
import type { Share } from "./contract.ts";
import { findShare } from "./find-share.ts";
import { orphanedLinks } from "./orphaned-links.ts";
import { shareView } from "./share-view.ts";

/** One share as its maker sees it. @throws WharfError not_found */
export async function viewShare(
  deps: Pick<Deps, "table" | "config" | "now">,
  caller: Caller,
  shareId: string,
): Promise<Share> {
  const link = await findShare(deps, caller, shareId);
  const orphaned = await orphanedLinks(deps.table, [link]);
  return shareView(deps, link, { orphaned: orphaned.has(link) });
}
