/** The folders above a resource as they stand: each is proved by its own record, which names the one above it. */
import { keys } from "#aws/keys.ts";
import type { Item } from "#aws/table.ts";
import { MAX_DEPTH } from "#contract/common.ts";
import type { TableDeps } from "#core/kernel/deps.ts";
import type { TrailFolder } from "#core/kernel/rights.ts";
import { type Located, nodeIn, rootFolder } from "./place.ts";
import { type NodeRecord, nodeRecord } from "./records.ts";

/** The folders that a resource is said to be in, which are read to prove it; none in the root. */
export function hintedFolders({ workspace_id, folder_id, above }: Located): readonly string[] {
  if (folder_id === undefined || folder_id === rootFolder(workspace_id)) return [];
  return [...new Set([...(above ?? []), folder_id])];
}

/**
 * From below the root down to the folder that a resource is in, or is. `undefined` where one of them is gone: so is what is
 * below it, then.
 *
 * No read where the hint is right; else one or more, by walking up.
 *
 * @param items what was read of `hintedFolders`: what isn't there is gone.
 */
export async function trailOf(
  { table }: Pick<TableDeps, "table">,
  located: Located,
  items: readonly Item[],
): Promise<TrailFolder[] | undefined> {
  const { workspace_id, folder_id } = located;
  const known = new Map<string, Item | undefined>();
  for (const id of hintedFolders(located)) known.set(id, nodeIn(items, id));
  const root = rootFolder(workspace_id);
  const trail: TrailFolder[] = [];
  let at: string | null = folder_id ?? root;
  for (let depth = 0; at !== root; depth++) {
    if (at === null || depth > MAX_DEPTH) return undefined;
    if (!known.has(at)) await readMore([at]);
    const folder: NodeRecord | undefined = nodeRecord.safeParse(known.get(at)).data;
    if (folder?.workspace_id !== workspace_id) return undefined;
    const standing = trailFolder(folder);
    if (standing === undefined) return undefined;
    trail.unshift(standing);
    at = standing.parent_id;
    // Its own hint of those above it, where the first one said nothing of them.
    const unread: string[] = (folder.above ?? []).filter((id) => !known.has(id));
    if (at !== root && unread.includes(at)) await readMore(unread);
  }
  return trail;

  /** What isn't there is gone: it isn't asked for again. */
  async function readMore(ids: readonly string[]): Promise<void> {
    const wanted = new Set(ids);
    const found = await table.batchGet([...wanted].map((id) => keys.node(id)));
    for (const id of wanted) known.set(id, nodeIn(found, id));
  }
}

/** The same with a read of what is hinted: one round trip below the root, none in it. */
export async function readTrail(
  deps: Pick<TableDeps, "table">,
  located: Located,
): Promise<TrailFolder[] | undefined> {
  if (located.trail !== undefined) return [...located.trail];
  const wanted = hintedFolders(located).map((id) => keys.node(id));
  return trailOf(deps, located, wanted.length === 0 ? [] : await deps.table.batchGet(wanted));
}

/** A folder's record as it stands in a trail; `undefined` of a file, of a root, and of what is deleted. */
export function trailFolder({ kind, node_id, parent_id, ...node }: NodeRecord): TrailFolder | undefined {
  if (kind !== "folder" || node.deleted_at !== undefined || parent_id == null) return undefined;
  return { folder_id: node_id, name: node.name ?? "", parent_id, ...boundOf(node) };
}

/** What a folder's record says of how far down its content goes. */
export function boundOf({
  reach_levels: levels,
  reach_bytes: bytes,
  path,
}: Pick<NodeRecord, "reach_levels" | "reach_bytes" | "path">): Pick<TrailFolder, "reach" | "path"> {
  return { path, reach: levels === undefined || bytes === undefined ? undefined : { levels, bytes } };
}
