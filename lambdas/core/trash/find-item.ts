import { keys } from "#aws/keys.ts";
import type { Item } from "#aws/table.ts";
import { MAX_DEPTH } from "#contract/common.ts";
import { authorize } from "#core/access/authorize.ts";
import { fileMadeBy, type Located, rootFolder } from "#core/access/place.ts";
import { nodeRecord } from "#core/access/records.ts";
import { readTrail } from "#core/access/trail.ts";
import { type FileRecord, fileRecord } from "#core/files/records.ts";
import type { Call } from "#core/kernel/call.ts";
import type { TableDeps } from "#core/kernel/deps.ts";
import { notFound } from "#core/kernel/error.ts";
import type { Allowed, TrailFolder } from "#core/kernel/rights.ts";
import { type FolderRecord, folderRecord } from "#core/tree/records.ts";
import { idsOf, lastOf } from "#core/tree/way.ts";

/** What is in the trash, and the folders from below the root down to where it would be restored to. */
export type TrashedItem = (
  | { kind: "file"; record: FileRecord & { deleted_at: string } }
  | { kind: "folder"; record: FolderRecord & { deleted_at: string; parent_id: string } }
) & { trail: readonly TrailFolder[] };

/**
 * What is in the trash by an id, where the caller may do `action` to it: decided where it would be restored to.
 *
 * Two reads where the folder that it was in is there, one more for each that is gone.
 * @throws WharfError not_found; forbidden
 */
export async function findItem(
  deps: TableDeps,
  call: Call,
  id: string,
  action: "restore" | "purge",
): Promise<{ item: TrashedItem; access: Allowed }> {
  const [item] = await deps.table.batchGet([keys.node(id)]);
  const trashed = item && (await trashedItem(deps, item));
  const located = trashed && locate(call, trashed);
  const access = await authorize(deps, call, located, { action, what: ["item in the trash", id] });
  if (trashed === undefined) throw notFound("item in the trash", id);
  return { item: trashed, access };
}

/** What went with a folder is in no trash of its own, and what is purged in none. */
async function trashedItem(deps: TableDeps, item: Item): Promise<TrashedItem | undefined> {
  const { deleted_at, deleted_by, purged_ms } = item;
  if (typeof deleted_at !== "string" || deleted_by === undefined || purged_ms !== undefined) return undefined;
  if (item["kind"] === "file") {
    const record = { ...fileRecord.parse(item), deleted_at };
    const { workspace_id, folder_id, above } = record;
    return { kind: "file", record, trail: await nearest(deps, { workspace_id, folder_id, above }) };
  }
  const { parent_id, ...folder } = folderRecord.parse(item);
  if (parent_id === null) return undefined;
  const { workspace_id, above } = folder;
  const trail = await nearest(deps, { workspace_id, folder_id: parent_id, above });
  return { kind: "folder", record: { ...folder, parent_id, deleted_at }, trail };
}

/** From below the root down to the nearest folder above that stands, from the one that a thing was in upwards. */
async function nearest(
  deps: TableDeps,
  { workspace_id, folder_id, above = [] }: Located,
): Promise<readonly TrailFolder[]> {
  const root = rootFolder(workspace_id);
  let at = folder_id ?? root;
  for (let level = 0; level <= MAX_DEPTH && at !== root; level++) {
    const [item] = await deps.table.batchGet([keys.node(at)]);
    const node = item && nodeRecord.parse(item);
    const hint = node?.above ?? above.slice(0, Math.max(above.indexOf(at), 0));
    if (node !== undefined && node.deleted_at === undefined) {
      const trail = await readTrail(deps, { workspace_id, folder_id: at, above: [...hint, at] });
      if (trail !== undefined) return trail;
    }
    at = node?.parent_id ?? hint.at(-1) ?? root;
  }
  return [];
}

function locate({ caller }: Call, { kind, record, trail }: TrashedItem): Located {
  const { workspace_id, node_id } = record;
  const above = idsOf(trail);
  if (kind === "file") {
    const made = { by: "file" as const, file: fileMadeBy(caller.id, record) };
    return { workspace_id, folder_id: lastOf({ workspace_id, trail }), file_id: node_id, above, trail, made };
  }
  const { name } = record;
  const itself = { folder_id: node_id, name, parent_id: lastOf({ workspace_id, trail }) };
  return { workspace_id, folder_id: node_id, above: [...above, node_id], trail: [...trail, itself] };
}
