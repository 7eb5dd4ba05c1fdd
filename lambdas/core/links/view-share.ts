import { nodeIn } from "#core/access/place.ts";
import { fileRecord } from "#core/files/records.ts";
import type { Call } from "#core/kernel/call.ts";
import type { Deps } from "#core/kernel/deps.ts";
import type { Share } from "./contract.ts";
import { shareIn } from "./find-share.ts";
import { isLeftBehind } from "./link-gone.ts";
import { holderOf } from "./link-holder.ts";
import { orphanedLinks } from "./orphaned-links.ts";
import { shareView } from "./share-view.ts";

/** One share, which was read when the call was decided. @throws WharfError not_found */
export async function viewShare(
  deps: Pick<Deps, "table" | "config" | "now">,
  { ahead = [], access }: Pick<Call, "ahead" | "access">,
  shareId: string,
): Promise<Share> {
  const link = shareIn(ahead, shareId);
  const orphaned = await orphanedLinks(deps.table, [link]);
  const file = fileRecord.safeParse(nodeIn(ahead, link.file_id)).data;
  const left = isLeftBehind(link, file ?? {}, access?.workspace ?? {});
  const holder = access && holderOf(link, file, access.workspace);
  return shareView(deps, link, {
    orphaned: orphaned.has(link),
    left,
    holder,
    policy: access?.workspace.policy,
  });
}
