import { keys } from "#aws/keys.ts";
import type { Item } from "#aws/table.ts";
import type { Deps } from "#core/kernel/deps.ts";
import { notFound, WharfError } from "#core/kernel/error.ts";
import { type FileRecord, fileRecord } from "./records.ts";

/**
 * The files by id, in the order asked for, in one strongly consistent round trip, or none where `ahead` has them.
 *
 * @throws WharfError not_found for one that doesn't exist or is deleted; not_a_file.
 */
export async function readFiles(
  deps: Pick<Deps, "table">,
  fileIds: readonly string[],
  ahead: readonly Item[] = [],
): Promise<FileRecord[]> {
  const nodes = new Set(fileIds.map((fileId) => keys.node(fileId).pk));
  const found = new Map(
    ahead
      .filter(({ pk, kind }) => nodes.has(String(pk)) && kind !== undefined)
      .map((item) => [item["node_id"], item]),
  );
  const missing = fileIds.filter((fileId) => !found.has(fileId)).map((fileId) => keys.node(fileId));
  for (const item of await deps.table.batchGet(missing)) found.set(item["node_id"], item);
  return fileIds.map((fileId) => standingFile(fileId, found.get(fileId)));
}

/** The file's record as it was read. @throws WharfError not_found, not_a_file. */
export function standingFile(fileId: string, item: Item | undefined): FileRecord {
  if (item === undefined) throw notFound("file", fileId);
  if (item["kind"] === "folder") {
    throw new WharfError("not_a_file", `${fileId} is a folder; only files can be locked, read and written.`);
  }
  const file = fileRecord.parse(item);
  if (file.deleted_at !== undefined) throw notFound("file", fileId);
  return file;
}
