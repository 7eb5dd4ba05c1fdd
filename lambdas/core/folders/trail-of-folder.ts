import { locateNode } from "#core/access/place.ts";
import { readTrail } from "#core/access/trail.ts";
import type { Call } from "#core/kernel/call.ts";
import type { TableDeps } from "#core/kernel/deps.ts";
import { notFound } from "#core/kernel/error.ts";
import { Overtaken } from "#core/kernel/in-rounds.ts";
import type { TrailFolder } from "#core/kernel/rights.ts";
import type { FolderRecord } from "#core/tree/records.ts";

/**
 * From below the root down to the folder itself, which others may have moved since it was decided about.
 *
 * @throws WharfError not_found; Overtaken where it was moved after it was read, so that the two don't agree.
 */
export async function trailOfFolder(
  deps: Pick<TableDeps, "table">,
  { caller, access }: Call,
  folder: FolderRecord,
): Promise<readonly TrailFolder[]> {
  const decided = access?.trail ?? [];
  if (leadsTo(folder, decided)) return decided;
  const located = locateNode(caller.id, { ...folder });
  const trail = located && (await readTrail(deps, located));
  if (trail === undefined) throw notFound("folder", folder.node_id);
  if (!leadsTo(folder, trail)) throw new Overtaken();
  return trail;
}

function leadsTo({ node_id, parent_id, name }: FolderRecord, trail: readonly TrailFolder[]): boolean {
  const last = trail.at(-1);
  if (last === undefined) return parent_id === null;
  return last.folder_id === node_id && last.parent_id === parent_id && last.name === name;
}
