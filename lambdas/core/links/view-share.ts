import type { Call } from "#core/kernel/call.ts";
import type { Deps } from "#core/kernel/deps.ts";
import type { Share } from "./contract.ts";
import { shareIn } from "./find-share.ts";
import { orphanedLinks } from "./orphaned-links.ts";
import { shareView } from "./share-view.ts";

/** One share, which was read when the call was decided. @throws WharfError not_found */
export async function viewShare(
  deps: Pick<Deps, "table" | "config" | "now">,
  { ahead = [] }: Pick<Call, "ahead">,
  shareId: string,
): Promise<Share> {
  const link = shareIn(ahead, shareId);
  const orphaned = await orphanedLinks(deps.table, [link]);
  return shareView(deps, link, { orphaned: orphaned.has(link) });
}
