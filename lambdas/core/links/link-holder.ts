/** Whose a link is: its maker's, or whose it was handed over to, whatever its rights to the file. */
import { keys } from "#aws/keys.ts";
import type { Item } from "#aws/table.ts";
import { type Located, locateNode, madeBy, nodeIn } from "#core/access/place.ts";
import { ownedNow } from "#core/access/standing.ts";
import { type FileRecord, fileRecord } from "#core/files/records.ts";
import type { TableDeps } from "#core/kernel/deps.ts";
import type { Owned } from "#core/kernel/rights.ts";
import type { LinkRecord } from "./records.ts";

export type Held = NonNullable<LinkRecord["held"]>;
type Where = Pick<FileRecord, "workspace_id" | "came_ms">;

/** How often a link has been handed over. */
export const turnOf = ({ held }: Pick<LinkRecord, "held">): number => held?.turn ?? 0;

/**
 * To whom a link was handed over last, in which of the workspace's epochs; `undefined` where its file has gone to another
 * workspace since, though it came back.
 */
function heldAt({ held }: Pick<LinkRecord, "held">, file: Where | undefined): Held | undefined {
  const isThere = held?.workspace_id === file?.workspace_id && held?.came_ms === file?.came_ms;
  return isThere ? held : undefined;
}

/** Who manages it for having been handed it: nobody where its file's workspace was handed over since. */
export function holderOf(
  link: Pick<LinkRecord, "held">,
  file: Where | undefined,
  { epoch }: Pick<Owned, "epoch">,
): string | undefined {
  const held = heldAt(link, file);
  return held?.epoch === epoch ? held?.holder_id : undefined;
}

/**
 * A link, by its own record and its file's. Links that lead to whatever is current a broader token has made: what is behind
 * them may be another's. One that was handed over is its maker's no more.
 */
export function locateLink(principal: string, link: LinkRecord, node: Item | undefined): Located | undefined {
  const located = locateNode(principal, node);
  if (located?.made === undefined) return located;
  const isFree = link.version_id === undefined || link.held !== undefined;
  const thing = isFree ? "others" : madeBy(principal, link.created_by);
  const held = heldAt(link, fileRecord.safeParse(node).data);
  const handed = held?.holder_id === principal ? held.epoch : undefined;
  return { ...located, made: { ...located.made, by: "thing", thing, handed } };
}

/** Whether a link is somebody's still by having been handed over, though its file or workspace be in the trash. */
export async function isHeldStill({ table }: Pick<TableDeps, "table">, link: LinkRecord): Promise<boolean> {
  if (link.held === undefined) return false;
  const [items, owned] = await Promise.all([
    table.batchGet([keys.node(link.file_id)]),
    ownedNow({ table }, link.held.workspace_id),
  ]);
  const file = fileRecord.safeParse(nodeIn(items, link.file_id)).data;
  return owned !== undefined && holderOf(link, file, owned) !== undefined;
}
