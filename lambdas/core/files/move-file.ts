import { keys } from "#aws/keys.ts";
import type { Write } from "#aws/table.ts";
import { judgeName } from "#core/content/judge-name.ts";
import { actorOf, type Call } from "#core/kernel/call.ts";
import type { Deps } from "#core/kernel/deps.ts";
import { notFound, WharfError } from "#core/kernel/error.ts";
import { inRounds } from "#core/kernel/in-rounds.ts";
import { eventWrite } from "#core/kernel/outbox.ts";
import { iso } from "#core/kernel/time.ts";
import type { File, FolderRef } from "./contract.ts";
import { fileUpdate, type Preconditions, whyRefused } from "./fenced-write.ts";
import { addEntry, hintPath, removeEntry } from "./file-entry.ts";
import { fileView } from "./file-view.ts";
import { findFile } from "./find-file.ts";
import { findFolder } from "./find-folder.ts";
import { makeFolders } from "./make-folders.ts";
import { type FileRecord, folderRecord } from "./records.ts";
import { requirePath } from "./require-path.ts";

/**
 * Gives a file another name, another folder of its workspace, or both, in one transaction with `file_moved`.
 *
 * Where the file is there already, nothing happens. Touches no bytes.
 *
 * @throws WharfError invalid_request (the path is too long), name_taken, type_mismatch, file_locked, lock_lost, version_mismatch, not_found, not_a_file.
 */
export async function moveFile(
  deps: Pick<Deps, "table" | "objects" | "config" | "now">,
  call: Call,
  fileId: string,
  to: { name?: string | undefined; folder?: FolderRef | undefined },
  preconditions: Preconditions,
): Promise<File> {
  const attempt = async (round: number) => {
    const file = await findFile(deps, call.caller, fileId, "move", round === 0 ? call.ahead : []);
    const name = to.name ?? file.name;
    const folder_id =
      to.folder === undefined ? file.folder_id : await targetFolder(deps, file, to.folder, name);
    if (name === file.name && folder_id === file.folder_id) {
      const refused = whyRefused(file, fileId, preconditions, deps.now());
      if (refused !== undefined) throw refused;
      return fileView(file);
    }
    const [folderPath, mismatch] = await Promise.all([
      pathOf(deps, folder_id),
      mismatchUnder(deps, file, name),
    ]);
    const hint_path = hintPath(folderPath, name);
    requirePath(hint_path ?? name);
    const now = deps.now();
    const target = { name, folder_id, hint_path, mismatch };
    await deps.table.transact(moveWrites(call, { file, target, preconditions, now }));
    return fileView({ ...file, ...target, updated_at: iso(now) });
  };
  return inRounds(attempt, "Others keep changing this file; read it and send this again.");
}

/** What of the content is to be flagged under a new name. @throws WharfError type_mismatch */
async function mismatchUnder(
  deps: Pick<Deps, "objects" | "config">,
  file: FileRecord,
  name: string,
): Promise<FileRecord["mismatch"]> {
  if (name === file.name) return file.mismatch ?? null;
  return (await judgeName(deps, file, name)).mismatch ?? null;
}

/** The folder to move into; a path's missing folders are made, as an upload does, but for none that is too deep. */
function targetFolder(
  deps: Pick<Deps, "table" | "now">,
  file: FileRecord,
  ref: FolderRef,
  name: string,
): Promise<string> {
  if (!("segments" in ref)) return findFolder(deps, file.workspace_id, ref);
  requirePath([...ref.segments, name].join("/"));
  return makeFolders(deps, file.workspace_id, ref.segments);
}

/** A folder's path from the root; the root has none. */
async function pathOf({ table }: Pick<Deps, "table">, folderId: string): Promise<string | undefined> {
  return (await table.get(folderRecord, keys.node(folderId)))?.path;
}

interface Move {
  file: FileRecord;
  target: Pick<FileRecord, "name" | "folder_id" | "hint_path" | "mismatch">;
  preconditions: Preconditions;
  now: number;
}

/** What has been moved since it was read, or has a new version, is read again. */
function moveWrites(call: Call, { file, target, preconditions, now }: Move): Write[] {
  const from = { name: file.name, folder_id: file.folder_id };
  const { hint_path, mismatch, ...to } = target;
  const updated_at = iso(now);
  return [
    fileUpdate(now, file.node_id, preconditions, {
      update: { set: { ...target, updated_at }, remove: hint_path === undefined ? ["hint_path"] : [] },
      // The version too: its content is what the new name was judged by.
      condition: "#name = :old_name AND #folder_id = :old_folder_id AND #version_id = :judged",
      values: { old_name: from.name, old_folder_id: from.folder_id, judged: file.version_id },
    }),
    ...folderCheck(file, target.folder_id),
    ...addEntry(
      { ...file, ...target },
      () =>
        new WharfError(
          "name_taken",
          `${JSON.stringify(target.name)} is taken in that folder. Choose another name, or move what stands there first.`,
        ),
    ),
    ...removeEntry(file),
    eventWrite(now, {
      type: "file_moved",
      request_id: call.requestId,
      workspace_id: file.workspace_id,
      file_id: file.node_id,
      actor: actorOf(call.caller),
      data: { from, to, ...(mismatch ? { mismatch } : {}) },
    }),
  ];
}

/** The target is a folder of the same workspace. A file's own folder is there as long as the file is. */
function folderCheck(file: FileRecord, folderId: string): Write[] {
  if (folderId === file.folder_id) return [];
  return [
    {
      check: keys.node(folderId),
      condition: "#kind = :folder AND #workspace_id = :workspace_id",
      values: { folder: "folder", workspace_id: file.workspace_id },
      else: () => notFound("folder", folderId),
    },
  ];
}
