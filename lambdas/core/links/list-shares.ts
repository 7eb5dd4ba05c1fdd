import * as z from "zod";
import { keys, under } from "#aws/keys.ts";
import { findFile } from "#core/files/find-file.ts";
import type { Call } from "#core/kernel/call.ts";
import { cursorAfter, readCursor } from "#core/kernel/cursor.ts";
import type { Deps } from "#core/kernel/deps.ts";
import { type PageQuery, pageOf } from "#core/kernel/page.ts";
import type { Values } from "#core/policy/rule.ts";
import type { Share } from "./contract.ts";
import { isOwnLink } from "./find-share.ts";
import { isLeftBehind } from "./link-gone.ts";
import { holderOf } from "./link-holder.ts";
import { orphanedLinks } from "./orphaned-links.ts";
import { readLinks } from "./read-links.ts";
import type { LinkRecord } from "./records.ts";
import { shareView } from "./share-view.ts";
import { shareableVersion } from "./shareable-version.ts";

const pointer = z.object({ share_id: z.string() });

/** A file's links, the newest first; dead ones too, for 90 days. @throws WharfError not_found, not_a_file. */
export async function listShares(
  deps: Pick<Deps, "table" | "config" | "now">,
  call: Call,
  fileId: string,
  { limit, cursor, created_by }: PageQuery & { created_by?: string | undefined },
) {
  const list = `shares ${fileId}`;
  const after = readCursor(list, cursor);
  const file = await findFile(deps, fileId, call.ahead);
  // A file in which the caller made nothing doesn't exist for it.
  if (file.created_by !== call.caller.id) await shareableVersion(deps, call, file);
  const { items, next } = await deps.table.query({
    where: "#pk = :pk AND begins_with(#sk, :prefix)",
    values: { pk: keys.node(fileId).pk, prefix: under.shares },
    descending: true,
    limit: limit + 1,
    after: after === undefined ? undefined : keys.fileShare(fileId, after),
  });
  const rows = items.map((item) => pointer.parse(item).share_id);
  const page = pageOf(
    { rows, next },
    limit,
    (last) => cursorAfter(list, last),
    (shareId) => shareId,
  );
  const holder = (link: LinkRecord) => call.access && holderOf(link, file, call.access.workspace);
  const views = await readViews(deps, page.items, {
    ...{
      holder,
      policy: call.access?.workspace.policy,
      left: (link) => isLeftBehind(link, file, call.access?.workspace ?? {}),
    },
    seen: (link) =>
      (created_by === undefined || link.created_by === created_by) &&
      (call.access?.own !== true || isOwnLink(call.caller.id, link, holder(link))),
  });
  return {
    ...page,
    items: page.items.map((shareId) => views.get(shareId)).filter((view) => view !== undefined),
  };
}

async function readViews(
  deps: Pick<Deps, "table" | "config" | "now">,
  shareIds: readonly string[],
  {
    seen,
    left,
    holder,
    policy,
  }: Record<"seen" | "left", (link: LinkRecord) => boolean> & {
    holder: (link: LinkRecord) => string | undefined;
    policy: Values | undefined;
  },
) {
  const links = (await readLinks(deps, shareIds)).filter(seen);
  const orphaned = await orphanedLinks(deps.table, links);
  const views = await Promise.all(
    links.map((link) =>
      shareView(deps, link, { orphaned: orphaned.has(link), left: left(link), holder: holder(link), policy }),
    ),
  );
  return new Map<string, Share>(views.map((view) => [view.share_id, view]));
}
