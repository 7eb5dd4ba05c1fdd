import { locateNode } from "#core/access/place.ts";
import { readTrail } from "#core/access/trail.ts";
import type { Call } from "#core/kernel/call.ts";
import type { Deps } from "#core/kernel/deps.ts";
import { notFound } from "#core/kernel/error.ts";
import type { TrailFolder } from "#core/kernel/rights.ts";
import { lastOf } from "#core/tree/way.ts";
import type { FileRecord } from "./records.ts";

/** The folders above a file, which others may have moved since it was decided about. */
export async function trailNow(
  deps: Pick<Deps, "table">,
  { caller, access }: Call,
  file: FileRecord,
): Promise<readonly TrailFolder[]> {
  const decided = access?.trail ?? [];
  if (lastOf({ ...file, trail: decided }) === file.folder_id) return decided;
  const located = locateNode(caller.id, file);
  const trail = located && (await readTrail(deps, located));
  if (trail === undefined) throw notFound("file", file.node_id);
  return trail;
}
