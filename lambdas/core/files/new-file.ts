import { keys } from "#aws/keys.ts";
import type { Item, Write } from "#aws/table.ts";
import { notFound } from "#core/kernel/error.ts";
import type { TrailFolder } from "#core/kernel/rights.ts";
import { iso } from "#core/kernel/time.ts";
import { ofName, pathOf, roomFor } from "#core/tree/reach.ts";
import { idsOf, lastOf } from "#core/tree/way.ts";
import { addEntry } from "./file-entry.ts";

/** Where a new file is to be, and whose it is. */
interface Place {
  workspace_id: string;
  /** The folders from below the root down to its own. */
  trail: readonly TrailFolder[];
  asked_name?: string | undefined;
  client_id: string;
}

/** A new file: its record and its name, in a folder that is there. */
export function newFileWrites(
  { workspace_id, trail, asked_name, client_id }: Place,
  { file_id, name, current, now }: { file_id: string; name: string; current: Item; now: number },
): Write[] {
  const folder_id = lastOf({ workspace_id, trail });
  const hint_path = trail.length === 0 ? undefined : pathOf([...trail, { name }]);
  const placed = { workspace_id, folder_id, name, hint_path, node_id: file_id, created_by: client_id };
  return [
    {
      put: {
        ...keys.node(file_id),
        kind: "file",
        ...placed,
        ...{ above: idsOf(trail), asked_name },
        ...current,
        created_at: iso(now),
        fencing: 0,
      },
      condition: "attribute_not_exists(#pk)",
    },
    ...roomFor(workspace_id, trail, { reach: ofName(name), gone: () => notFound("folder", folder_id) }),
    ...addEntry(placed),
  ];
}
