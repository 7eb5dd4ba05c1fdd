import type { Item } from "#aws/table.ts";
import { type Caller, hasScope } from "./call.ts";
import type { Deps } from "./deps.ts";
import { notFound } from "./error.ts";
import { readFiles } from "./read-files.ts";
import type { FileRecord } from "./records.ts";

/**
 * The file's record, where the caller may know of it.
 *
 * @param ahead what was read with the caller's token (`Call.ahead`), where a look that old will do: for answers, and
 * before writes that compare it again.
 * @throws WharfError not_found, not_a_file.
 */
export async function findFile(
  deps: Pick<Deps, "table">,
  caller: Caller,
  fileId: string,
  ahead: readonly Item[] = [],
): Promise<FileRecord> {
  const [file] = await findFiles(deps, caller, [fileId], ahead);
  if (file === undefined) throw notFound("file", fileId);
  return file;
}

/**
 * The files' records, in the order asked for. A client without `files:read` sees only what it uploaded itself, so
 * that a leaked upload token reads, moves, deletes, locks and shares nothing else.
 *
 * @throws WharfError not_found, not_a_file.
 */
export async function findFiles(
  deps: Pick<Deps, "table">,
  caller: Caller,
  fileIds: readonly string[],
  ahead: readonly Item[] = [],
): Promise<FileRecord[]> {
  const files = await readFiles(deps, caller, fileIds, ahead);
  const hidden = hasScope(caller, "files:read")
    ? undefined
    : files.find((file) => file.created_by !== caller.client_id);
  if (hidden !== undefined) throw notFound("file", hidden.node_id);
  return files;
}
