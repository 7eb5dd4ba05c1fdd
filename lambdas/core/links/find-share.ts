import { keys } from "#aws/keys.ts";
import type { Item } from "#aws/table.ts";
import { locateNode, nodeIn } from "#core/access/place.ts";
import { ofFile, type Resource } from "#core/access/resource.ts";
import { notFound } from "#core/kernel/error.ts";
import { locateLink } from "./link-holder.ts";
import { linkToken } from "./link-token.ts";
import { type LinkRecord, linkRecord } from "./records.ts";

/**
 * The links of a file `{id}`: for callers that see nothing else, whoever made one of its versions has those that lead to
 * that one. Which versions there are of others' files that the caller wrote to, the verb finds out.
 */
export const ofLinks: Resource<{ id: string }> = {
  ...ofFile,
  locate: ({ id }, { caller, ahead }) => {
    const located = locateNode(caller.id, nodeIn(ahead, id));
    if (located?.made === undefined) return located;
    const item = nodeIn(ahead, id);
    const thing = located.made.file !== "others" || item?.["mixed"] === true ? "own" : "others";
    return { ...located, made: { ...located.made, by: "thing", thing } };
  },
};

/**
 * A link by its share's `{id}`; when its file is deleted it is gone.
 *
 * Two reads, since the link's key follows from the id; what they find is `ahead` for the verb.
 */
export const ofShare: Resource<{ id: string }> = {
  reads: () => [],
  locate: async ({ id }, { caller, ahead, deps }) => {
    const key = keys.link(await linkToken(deps, id));
    const [item] = await deps.table.batchGet([key]);
    if (item === undefined) return undefined;
    const link = linkRecord.parse(item);
    const [node] = await deps.table.batchGet([keys.node(link.file_id)]);
    ahead.push(item, ...(node === undefined ? [] : [node]));
    return locateLink(caller.id, link, node);
  },
  what: ({ id }) => ["share", id],
};

/** A share's record, which was read when the call was decided. @throws WharfError not_found */
export function shareIn(ahead: readonly Item[], shareId: string): LinkRecord {
  const found = ahead.find((item) => item["share_id"] === shareId);
  if (found === undefined) throw notFound("share", shareId);
  return linkRecord.parse(found);
}

/**
 * Whether a link is the caller's to see where it sees nothing but what it made.
 *
 * @param holder see `holderOf`.
 */
export function isOwnLink(principal: string, link: LinkRecord, holder: string | undefined): boolean {
  if (link.held !== undefined) return holder === principal;
  return link.version_id !== undefined && link.created_by === principal;
}
