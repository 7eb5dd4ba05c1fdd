import { keys } from "#aws/keys.ts";
import type { Item, Write } from "#aws/table.ts";
import { notFound } from "#core/kernel/error.ts";
import { iso } from "#core/kernel/time.ts";
import { addEntry, hintPath } from "./file-entry.ts";

/** Where a new file is to be, and whose it is. */
interface Place {
  workspace_id: string;
  folder_id: string;
  /** From the root, which has none. */
  folder_path?: string | undefined;
  /** Folders from below the root down to its own: a hint. */
  above?: readonly string[] | undefined;
  asked_name?: string | undefined;
  client_id: string;
}

/** A new file: its record and its name, in a folder that is there. */
export function newFileWrites(
  { workspace_id, folder_id, folder_path, above, asked_name, client_id }: Place,
  { file_id, name, current, now }: { file_id: string; name: string; current: Item; now: number },
): Write[] {
  const hint_path = hintPath(folder_path, name);
  const placed = { workspace_id, folder_id, name, hint_path, node_id: file_id, created_by: client_id };
  return [
    {
      put: {
        ...keys.node(file_id),
        kind: "file",
        ...placed,
        ...{ above, asked_name },
        ...current,
        created_at: iso(now),
        fencing: 0,
      },
      condition: "attribute_not_exists(#pk)",
    },
    {
      check: keys.node(folder_id),
      condition: "#kind = :folder AND #workspace_id = :workspace_id",
      values: { folder: "folder", workspace_id },
      else: () => notFound("folder", folder_id),
    },
    ...addEntry(placed),
  ];
}
