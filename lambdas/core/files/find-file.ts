import type { Item } from "#aws/table.ts";
import { fileMadeBy, madeBy, mayHandle, readsAll, type Verb } from "#core/access/may-handle.ts";
import type { Caller } from "#core/kernel/call.ts";
import type { Deps } from "#core/kernel/deps.ts";
import { notFound } from "#core/kernel/error.ts";
import { readFiles } from "./read-files.ts";
import type { FileRecord } from "./records.ts";

/**
 * The file's record, where the caller may do `verb` to it.
 *
 * @param ahead what was read with the caller's token (`Call.ahead`), where a look that old will do: for answers, and
 * before writes that compare it again.
 * @throws WharfError not_found, not_a_file.
 */
export async function findFile(
  deps: Pick<Deps, "table">,
  caller: Caller,
  fileId: string,
  verb: Verb,
  ahead: readonly Item[] = [],
): Promise<FileRecord> {
  const [file] = await findFiles(deps, caller, [fileId], verb, ahead);
  if (file === undefined) throw notFound("file", fileId);
  return file;
}

/**
 * The files' records, in the order asked for. What the caller may not do is told as a file that isn't there.
 *
 * @throws WharfError not_found, not_a_file.
 */
export async function findFiles(
  deps: Pick<Deps, "table">,
  caller: Caller,
  fileIds: readonly string[],
  verb: Verb,
  ahead: readonly Item[] = [],
): Promise<FileRecord[]> {
  const files = await readFiles(deps, caller, fileIds, ahead);
  for (const file of files) requireHandled(caller, verb, file);
  return files;
}

/** @throws WharfError not_found where the caller may not do `verb` to the file, or to the lock on it. */
export function requireHandled(
  { scopes, client_id }: Pick<Caller, "scopes" | "client_id">,
  verb: Verb,
  file: FileRecord,
): void {
  const made = { file: fileMadeBy(client_id, file), thing: madeBy(client_id, file.lock?.client_id) };
  if (!mayHandle(readsAll(scopes), verb, made)) throw notFound("file", file.node_id);
}
