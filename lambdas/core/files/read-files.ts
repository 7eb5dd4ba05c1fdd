import { keys } from "#aws/keys.ts";
import type { Item } from "#aws/table.ts";
import { type Caller, canUse } from "#core/kernel/call.ts";
import type { Deps } from "#core/kernel/deps.ts";
import { notFound, WharfError } from "#core/kernel/error.ts";
import { type FileRecord, fileRecord } from "./records.ts";

/**
 * The files by id, in the order asked for, in one strongly consistent round trip, or none where `ahead` has them.
 *
 * @throws WharfError not_found for one that doesn't exist, is deleted or is another workspace's; not_a_file.
 */
export async function readFiles(
  deps: Pick<Deps, "table">,
  caller: Caller,
  fileIds: readonly string[],
  ahead: readonly Item[] = [],
): Promise<FileRecord[]> {
  const found = new Map(ahead.map((item) => [item["node_id"], item]));
  const missing = fileIds.filter((fileId) => !found.has(fileId)).map((fileId) => keys.node(fileId));
  for (const item of await deps.table.batchGet(missing)) found.set(item["node_id"], item);
  return fileIds.map((fileId) => visibleFile(caller, fileId, found.get(fileId)));
}

/** One file by id. @throws WharfError not_found, not_a_file. */
export async function readFile(
  deps: Pick<Deps, "table">,
  caller: Caller,
  fileId: string,
  ahead: readonly Item[] = [],
): Promise<FileRecord> {
  const [file] = await readFiles(deps, caller, [fileId], ahead);
  if (file === undefined) throw notFound("file", fileId);
  return file;
}

/** The file's record where the caller may know of it. @throws WharfError not_found, not_a_file. */
export function visibleFile(caller: Caller, fileId: string, item: Item | undefined): FileRecord {
  if (item === undefined || !canUse(caller, String(item["workspace_id"]))) throw notFound("file", fileId);
  if (item["kind"] === "folder") {
    throw new WharfError("not_a_file", `${fileId} is a folder; only files can be locked, read and written.`);
  }
  const file = fileRecord.parse(item);
  if (file.deleted_at !== undefined) throw notFound("file", fileId);
  return file;
}
