import type { FileRecord } from "#core/files/records.ts";
import type { Call } from "#core/kernel/call.ts";
import type { Deps } from "#core/kernel/deps.ts";
import { notFound } from "#core/kernel/error.ts";
import { versionsOf } from "#core/versions/versions-of.ts";
import type { BoundTo } from "./share.ts";

/**
 * The version that a link of the caller's is bound to: none for whoever reads all files, whose links lead to the
 * current one; else the newest that the caller made itself, so that what others write never shows behind its link. It
 * goes by the file's name while it is the current one, and by its own after that.
 *
 * @throws WharfError not_found where it made none that is left.
 */
export async function shareableVersion(
  deps: Pick<Deps, "table">,
  { caller, access }: Pick<Call, "caller" | "access">,
  file: FileRecord,
): Promise<BoundTo | undefined> {
  if (access?.own !== true) return undefined;
  for await (const { version_id, name, created_by, state, removed_ms } of versionsOf(deps, file.node_id)) {
    if (state === "ready" && removed_ms === undefined && created_by === caller.id)
      return { version_id, name: version_id === file.version_id ? file.name : name };
  }
  throw notFound("file", file.node_id);
}
