import type { Item } from "#aws/table.ts";
import type { Deps } from "#core/kernel/deps.ts";
import { notFound } from "#core/kernel/error.ts";
import { readFiles } from "./read-files.ts";
import type { FileRecord } from "./records.ts";

/**
 * The record of a file that stands. Who may do what to it is decided before, where the route or the verb names it.
 *
 * @param ahead what was read with the caller's token (`Call.ahead`), where a look that old will do: for answers, and
 * before writes that compare it again.
 * @throws WharfError not_found, not_a_file.
 */
export async function findFile(
  deps: Pick<Deps, "table">,
  fileId: string,
  ahead: readonly Item[] = [],
): Promise<FileRecord> {
  const [file] = await readFiles(deps, [fileId], ahead);
  if (file === undefined) throw notFound("file", fileId);
  return file;
}
