import type { Deps } from "#core/kernel/deps.ts";
import type { Values } from "#core/policy/rule.ts";
import type { Share, ShareState } from "./contract.ts";
import { shownEnd, underPolicy } from "./link-terms.ts";
import type { LinkRecord } from "./records.ts";
import { shareUrl } from "./share.ts";

/** A link's state at `now`, whatever the sweep has got round to: at the millisecond of its expiry it is expired. */
export function linkState(link: LinkRecord, now: number): Exclude<ShareState, "deleted"> {
  if (link.revoked_at !== undefined) return "revoked";
  if (link.expires_ms <= now) return "expired";
  if (link.max_downloads !== undefined && link.downloads >= link.max_downloads) return "used_up";
  return "active";
}

/**
 * A share as the API shows it.
 *
 * @param orphaned whether the version that it is bound to is gone. @param left see `isLeftBehind`. @param holder see `holderOf`. @param policy of where its file is.
 */
export async function shareView(
  deps: Pick<Deps, "table" | "config" | "now">,
  stored: LinkRecord,
  {
    orphaned = false,
    left = false,
    holder,
    policy,
  }: {
    orphaned?: boolean;
    left?: boolean;
    holder?: string | undefined;
    policy?: Values | undefined;
  } = {},
): Promise<Share> {
  const link = underPolicy(stored, policy);
  const now = linkState(link, deps.now());
  const state = left && now !== "expired" ? "revoked" : now;
  return {
    share_id: link.share_id,
    file_id: link.file_id,
    version_id: link.version_id ?? null,
    share_url: await shareUrl(deps, link.share_id),
    created_at: link.created_at,
    created_by: link.created_by,
    ...(holder === undefined ? {} : { managed_by: holder }),
    expires_at: shownEnd(link.expires_ms),
    max_downloads: link.max_downloads ?? null,
    downloads: link.downloads,
    has_password: link.password !== undefined,
    state: orphaned && state === "active" ? "deleted" : state,
  };
}
