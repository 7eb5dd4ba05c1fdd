import { keys } from "#aws/keys.ts";
import type { Write } from "#aws/table.ts";
import { judgeName } from "#core/content/judge-name.ts";
import { actorOf, type Call } from "#core/kernel/call.ts";
import type { Deps } from "#core/kernel/deps.ts";
import { notFound, WharfError } from "#core/kernel/error.ts";
import { inRounds } from "#core/kernel/in-rounds.ts";
import { eventWrite } from "#core/kernel/outbox.ts";
import { iso } from "#core/kernel/time.ts";
import type { ChangeFile, File, FolderRef } from "./contract.ts";
import { fileUpdate, type Preconditions, whyRefused } from "./fenced-write.ts";
import { addEntry, hintPath, removeEntry } from "./file-entry.ts";
import { fileView } from "./file-view.ts";
import { findFile } from "./find-file.ts";
import { findFolder } from "./find-folder.ts";
import { makeFolders } from "./make-folders.ts";
import { type FileRecord, folderRecord } from "./records.ts";
import { requirePath } from "./require-path.ts";

/**
 * Changes what the request names of a file, and leaves the rest, in one transaction with the event of it: `file_moved`.
 *
 * Where all is as it is to be, nothing happens. Touches no bytes.
 *
 * @throws WharfError invalid_request (the path is too long), name_taken, type_mismatch, file_locked, lock_lost, version_mismatch, not_found, not_a_file.
 */
export async function changeFile(
  deps: Pick<Deps, "table" | "objects" | "config" | "now">,
  call: Call,
  fileId: string,
  wanted: ChangeFile,
  preconditions: Preconditions,
): Promise<File> {
  const attempt = async (round: number) => {
    const file = await findFile(deps, call.caller, fileId, "change", round === 0 ? call.ahead : []);
    const target = await targetOf(deps, file, wanted);
    const now = deps.now();
    if (!isMoved(file, target)) {
      const refused = whyRefused(file, fileId, preconditions, now);
      if (refused !== undefined) throw refused;
      return fileView(file);
    }
    const changed = { ...file, ...target, updated_at: iso(now) };
    await deps.table.transact(changeWrites(call, { file, changed, preconditions, now }));
    return fileView(changed);
  };
  return inRounds(attempt, "Others keep changing this file; read it and send this again.");
}

type Place = Pick<FileRecord, "name" | "folder_id" | "hint_path" | "mismatch">;

/** Where the file is to be, and what is flagged of it there. @throws WharfError invalid_request, type_mismatch, not_found */
async function targetOf(
  deps: Pick<Deps, "table" | "objects" | "config" | "now">,
  file: FileRecord,
  { name = file.name, folder }: ChangeFile,
): Promise<Place> {
  const folder_id = folder === undefined ? file.folder_id : await targetFolder(deps, file, folder, name);
  if (!isMoved(file, { name, folder_id })) return file;
  const [folderPath, mismatch] = await Promise.all([
    pathOf(deps, folder_id),
    mismatchUnder(deps, file, name),
  ]);
  const hint_path = hintPath(folderPath, name);
  requirePath(hint_path ?? name);
  return { name, folder_id, hint_path, mismatch };
}

function isMoved(from: FileRecord, to: Pick<Place, "name" | "folder_id">): boolean {
  return to.name !== from.name || to.folder_id !== from.folder_id;
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

interface Change {
  file: FileRecord;
  /** The same as it is to be. */
  changed: FileRecord;
  preconditions: Preconditions;
  now: number;
}

/** What has been moved since it was read, or has a new version, is read again. */
function changeWrites(call: Call, { file, changed, preconditions, now }: Change): Write[] {
  const { name, folder_id, hint_path, mismatch, updated_at } = changed;
  return [
    fileUpdate(now, file.node_id, preconditions, {
      update: {
        set: { name, folder_id, hint_path, mismatch, updated_at },
        remove: hint_path === undefined ? ["hint_path"] : [],
      },
      // The version too: its content is what the new name was judged by.
      condition: "#name = :old_name AND #folder_id = :old_folder_id AND #version_id = :judged",
      values: { old_name: file.name, old_folder_id: file.folder_id, judged: file.version_id },
    }),
    ...folderCheck(file, folder_id),
    ...addEntry(
      changed,
      () =>
        new WharfError(
          "name_taken",
          `${JSON.stringify(name)} is taken in that folder. Choose another name, or move what stands there first.`,
        ),
    ),
    ...removeEntry(file),
    eventWrite(now, {
      type: "file_moved",
      request_id: call.requestId,
      workspace_id: file.workspace_id,
      file_id: file.node_id,
      actor: actorOf(call.caller),
      data: {
        from: { name: file.name, folder_id: file.folder_id },
        to: { name, folder_id },
        ...(mismatch ? { mismatch } : {}),
      },
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
