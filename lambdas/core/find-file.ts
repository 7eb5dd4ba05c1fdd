import { type Caller, hasScope } from "./call.ts";
import type { Deps } from "./deps.ts";
import { notFound } from "./error.ts";
import { readFiles } from "./read-files.ts";
import type { FileRecord } from "./records.ts";

/**
 * The file's record, where the caller may know of it: a client without `files:read` sees only what it uploaded
 * itself, so that a leaked upload token reads, moves, deletes and shares nothing else.
 *
 * @throws WharfError not_found, not_a_file.
 */
export async function findFile(
  deps: Pick<Deps, "table">,
  caller: Caller,
  fileId: string,
): Promise<FileRecord> {
  const [file] = await readFiles(deps, caller, [fileId]);
  if (file === undefined || !(hasScope(caller, "files:read") || file.created_by === caller.client_id))
    throw notFound("file", fileId);
  return file;
}
