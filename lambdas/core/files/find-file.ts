import type { Item } from "#aws/table.ts";
import { nodeIn } from "#core/access/place.ts";
import type { Call } from "#core/kernel/call.ts";
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

/**
 * The same in a verb's rounds: first what was read when the call was decided, then what stands after others were faster.
 * What has gone to another workspace meanwhile was decided about where it is no more.
 *
 * @throws WharfError not_found, not_a_file.
 */
export async function fileInRound(
  deps: Pick<Deps, "table">,
  { ahead = [] }: Pick<Call, "ahead">,
  fileId: string,
  round: number,
): Promise<FileRecord> {
  const file = await findFile(deps, fileId, round === 0 ? ahead : []);
  requireWhereDecided(ahead, file);
  return file;
}

/** @param ahead what was read when the call was decided. @throws WharfError not_found for what has left that workspace since. */
export function requireWhereDecided(ahead: readonly Item[], { node_id, workspace_id }: FileRecord): void {
  const decided = nodeIn(ahead, node_id)?.["workspace_id"];
  if (decided !== undefined && decided !== workspace_id) throw notFound("file", node_id);
}
