import type { Else } from "#aws/table.ts";
import { WharfError } from "#core/kernel/error.ts";
import { entryRecord } from "#core/tree/records.ts";

/** 409 where a folder is to have a name that something else has, with its id. */
export const folderNameTaken =
  (name: string): Else =>
  (item) => {
    const { kind, node_id } = entryRecord.parse(item);
    return new WharfError(
      "name_taken",
      `There is a ${kind} named ${JSON.stringify(name)} already. ${kind === "folder" ? "Use it by its folder_id, or choose" : "Choose"} another name.`,
      { name, kind, ...(kind === "folder" ? { folder_id: node_id } : { file_id: node_id }) },
    );
  };
