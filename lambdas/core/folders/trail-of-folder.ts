import { locateNode } from "#core/access/place.ts";
import { readTrail } from "#core/access/trail.ts";
import type { Call } from "#core/kernel/call.ts";
import type { TableDeps } from "#core/kernel/deps.ts";
import { notFound } from "#core/kernel/error.ts";
import type { TrailFolder } from "#core/kernel/rights.ts";
import type { FolderRecord } from "#core/tree/records.ts";

/** From below the root down to the folder itself, which others may have moved since it was decided about. */
export async function trailOfFolder(
  deps: Pick<TableDeps, "table">,
  { caller, access }: Call,
  folder: FolderRecord,
): Promise<readonly TrailFolder[]> {
  const decided = access?.trail ?? [];
  const last = decided.at(-1);
  const isSame = last?.folder_id === folder.node_id && last.parent_id === folder.parent_id;
  if (isSame && last.name === folder.name) return decided;
  const located = locateNode(caller.id, { ...folder });
  const trail = located && (await readTrail(deps, located));
  if (trail === undefined) throw notFound("folder", folder.node_id);
  return trail;
}
