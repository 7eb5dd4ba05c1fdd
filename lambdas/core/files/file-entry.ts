import { keys } from "#aws/keys.ts";
import type { Else, Write } from "#aws/table.ts";
import { WharfError } from "#core/kernel/error.ts";
import type { FileRecord } from "./records.ts";

type Placed = Pick<
  FileRecord,
  "workspace_id" | "folder_id" | "name" | "hint_path" | "node_id" | "created_by"
>;

/**
 * Gives a file its name in its folder, where that is free: the entry, then the hint that saves the walk to it.
 *
 * @param taken what is told where it isn't.
 */
export function addEntry(
  { workspace_id, folder_id, name, hint_path, node_id, created_by }: Placed,
  taken?: Else,
): Write[] {
  const entry: Write = {
    put: { ...keys.entry(folder_id, name), node_id, kind: "file", created_by },
    condition: "attribute_not_exists(#pk)",
    ...(taken && { else: taken }),
  };
  if (hint_path === undefined) return [entry];
  const hint: Write = {
    put: { ...keys.fileHint(workspace_id, hint_path), file_id: node_id },
    blind: "hints are checked where it matters",
  };
  return [entry, hint];
}

/** 409 where something is to have a name that is taken, for whoever may not see what has it. */
export const nameTakenThere = (name: string) =>
  new WharfError(
    "name_taken",
    `${JSON.stringify(name)} is taken in that folder. Choose another name, or move what stands there first.`,
  );

/** Takes a file's name away from it. */
export function removeEntry({ workspace_id, folder_id, name, hint_path, node_id }: Placed): Write[] {
  const entry: Write = {
    remove: keys.entry(folder_id, name),
    condition: "#node_id = :node_id",
    values: { node_id },
  };
  return hint_path === undefined ? [entry] : [entry, { remove: keys.fileHint(workspace_id, hint_path) }];
}

/** That nothing has a name in a folder, without taking it. */
export function isFree(folderId: string, name: string, taken: Else): Write {
  return { check: keys.entry(folderId, name), condition: "attribute_not_exists(#pk)", else: taken };
}
