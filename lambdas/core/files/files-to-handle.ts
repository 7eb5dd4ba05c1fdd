import { keys } from "#aws/keys.ts";
import type { Action } from "#contract/scopes.ts";
import { authorize } from "#core/access/authorize.ts";
import { fileMadeBy, locateNode } from "#core/access/place.ts";
import type { Call } from "#core/kernel/call.ts";
import type { TableDeps } from "#core/kernel/deps.ts";
import { notFound } from "#core/kernel/error.ts";
import type { Allowed } from "#core/kernel/rights.ts";
import { standingFile } from "./read-files.ts";
import type { FileRecord } from "./records.ts";

/**
 * The files that a request names by their ids, in the order asked for, each of which the caller may do `action` to.
 *
 * @returns `own`: those that it may for no other reason than that it made them.
 * @throws WharfError not_found, not_a_file, forbidden, for any one of them.
 */
export async function filesToHandle(
  deps: TableDeps,
  call: Call,
  fileIds: readonly string[],
  action: Action,
): Promise<{ files: FileRecord[]; decisions: Allowed[]; own: ReadonlySet<string> }> {
  const items = await deps.table.batchGet(fileIds.map((fileId) => keys.node(fileId)));
  const found = new Map(items.map((item) => [item["node_id"], item]));
  const decisions = await Promise.all(
    fileIds.map((fileId) =>
      authorize(deps, call, locateNode(call.caller.id, found.get(fileId)), {
        action,
        what: ["file", fileId],
      }),
    ),
  );
  return {
    files: fileIds.map((fileId) => standingFile(fileId, found.get(fileId))),
    decisions,
    own: new Set(fileIds.filter((_, index) => decisions[index]?.own)),
  };
}

/** @throws WharfError not_found for a file that others have written to since it was the caller's own */
export function requireOwn(principal: string, file: FileRecord): void {
  if (fileMadeBy(principal, file) !== "own") throw notFound("file", file.node_id);
}
