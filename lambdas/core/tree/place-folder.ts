import { keys } from "#aws/keys.ts";
import type { Else, Item, Write } from "#aws/table.ts";
import type { TrailFolder } from "#core/kernel/rights.ts";
import { iso } from "#core/kernel/time.ts";
import { asItWas, below, boundAt, pathOf, reachOf, requireWithin, roomFor } from "./reach.ts";
import type { FolderRecord } from "./records.ts";
import { hintWrite, idsOf, lastOf } from "./way.ts";

/** Where a folder that there is already is to be. */
interface Placing {
  /** Folders from below the root down to the one that it is to be in. */
  above: readonly TrailFolder[];
  name: string;
  now: number;
  /** How far down its content goes, as it was read: what the place is judged by. */
  bounded: Pick<TrailFolder, "reach" | "path">;
  /** What must hold of its record beside that. */
  found: { condition: string; values: Item };
  /** What else its record says then, and what it loses. */
  set?: Item;
  remove?: readonly string[];
  /** What is told where its name is taken, and where the folder that it is to be in is there no more. */
  taken?: Else;
  gone: Else;
}

/**
 * Gives a folder its place, whatever is in it: its record, its name, the hint of its path, and room above.
 *
 * @returns also what its record says then. @throws WharfError invalid_request where something in it would be too deep there,
 * or have too long a path.
 */
export function placeFolder(
  { node_id, workspace_id }: Pick<FolderRecord, "node_id" | "workspace_id">,
  { above, name, now, bounded, found, set = {}, remove = [], taken, gone }: Placing,
) {
  const reach = reachOf(bounded);
  const needed = below(name, reach);
  requireWithin(above, needed);
  const path = pathOf([...above, { name }]);
  const parent_id = lastOf({ workspace_id, trail: above });
  const placed = { name, parent_id, path, above: idsOf(above), updated_at: iso(now) };
  const bound = boundAt(path, reach);
  const asBounded = asItWas(bounded);
  const writes: Write[] = [
    {
      key: keys.node(node_id),
      update: { set: { ...set, ...placed, reach_levels: bound.levels, reach_bytes: bound.bytes }, remove },
      condition: `${found.condition} AND ${asBounded.condition}`,
      values: { ...found.values, ...asBounded.values },
    },
    {
      put: { ...keys.entry(parent_id, name), node_id, kind: "folder" },
      condition: "attribute_not_exists(#pk)",
      ...(taken && { else: taken }),
    },
    hintWrite(workspace_id, path, node_id),
    ...roomFor(workspace_id, above, { reach: needed, gone }),
  ];
  return { placed, writes };
}
