import { keys } from "#aws/keys.ts";
import type { Item } from "#aws/table.ts";
import { fileMadeBy, madeBy, mayHandle, readsAll, type Verb } from "#core/access/may-handle.ts";
import { readFile } from "#core/files/read-files.ts";
import type { FileRecord } from "#core/files/records.ts";
import { type VersionRecord, versionRecord } from "#core/files/records.ts";
import type { Caller } from "#core/kernel/call.ts";
import type { Deps } from "#core/kernel/deps.ts";
import { notFound } from "#core/kernel/error.ts";

/**
 * A file and one of its versions whose bytes are there, where the caller may do `verb` to them.
 *
 * @param ahead as for `findFile`.
 * @throws WharfError not_found, not_a_file.
 */
export async function findVersion(
  deps: Pick<Deps, "table">,
  caller: Caller,
  fileId: string,
  versionId: string,
  verb: Verb,
  ahead: readonly Item[] = [],
): Promise<{ file: FileRecord; version: VersionRecord }> {
  const [file, version] = await Promise.all([
    readFile(deps, caller, fileId, ahead),
    deps.table.get(versionRecord, keys.version(fileId, versionId)),
  ]);
  const { client_id, scopes } = caller;
  const made = { file: fileMadeBy(client_id, file), thing: madeBy(client_id, version?.created_by) };
  if (!mayHandle(readsAll(scopes), verb, made)) throw notFound("file", fileId);
  if (version === undefined || version.state !== "ready" || version.removed_ms !== undefined)
    throw notFound("version", versionId);
  return { file, version };
}
