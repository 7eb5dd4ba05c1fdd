import { cameSince } from "#core/files/move-target.ts";
import type { FileRecord } from "#core/files/records.ts";
import { WharfError } from "#core/kernel/error.ts";
import type { Owned } from "#core/kernel/rights.ts";
import type { ShareState } from "./contract.ts";
import type { LinkRecord } from "./records.ts";

type Gone = Exclude<ShareState, "active">;

/** 410. */
export function linkGone(reason: Gone): WharfError {
  const why = {
    deleted: "The file that this link led to has been deleted.",
    expired: "This link has expired.",
    revoked: "This link has been withdrawn by its owner.",
    used_up: "This link has been used as often as its owner allowed.",
  };
  return new WharfError("link_gone", `${why[reason]} Ask its owner for a new one.`, { reason });
}

/**
 * Whether a link is from before its file's workspace was handed over without links: by the moment, since who had the
 * workspace before made it, and by the epoch, since that was judged before it was made.
 */
export function isLeftBehind(
  { created_at, epoch = 0 }: Pick<LinkRecord, "created_at" | "epoch">,
  file: Pick<FileRecord, "links_since_ms" | "came_ms">,
  { links_from }: Pick<Owned, "links_from">,
): boolean {
  const made = Date.parse(created_at);
  if (links_from === undefined || cameSince(file, { links_from })) return made < (file.links_since_ms ?? 0);
  return made < links_from.ms || epoch < links_from.epoch;
}
