import { keys } from "#aws/keys.ts";
import { TransactionFailed, type Write } from "#aws/table.ts";
import type { File, FolderRef } from "#contract/files.ts";
import { actorOf, type Call } from "./call.ts";
import { type Deps, iso } from "./deps.ts";
import { notFound, WharfError } from "./error.ts";
import { eventWrite } from "./event.ts";
import { fileView } from "./file-view.ts";
import { fileUpdate, type Preconditions, whyRefused } from "./file-write.ts";
import { findFile } from "./find-file.ts";
import { findFolder } from "./find-folder.ts";
import { makeFolders } from "./make-folders.ts";
import type { FileRecord } from "./records.ts";
import { refuseDisguise } from "./refuse-disguise.ts";

/** Reads and tries again only where another moved the file or gave it a version in between. */
const ROUNDS = 4;

/**
 * Gives a file another name, another folder of its workspace, or both, in one transaction with `file_moved`.
 *
 * Where the file is there already, nothing happens. Touches no bytes.
 *
 * @throws WharfError name_taken, type_mismatch, file_locked, lock_lost, version_mismatch, not_found, not_a_file.
 */
export async function moveFile(
  deps: Pick<Deps, "table" | "objects" | "now">,
  call: Call,
  fileId: string,
  to: { name?: string | undefined; folder?: FolderRef | undefined },
  preconditions: Preconditions,
): Promise<File> {
  for (let round = 0; round < ROUNDS; round++) {
    const file = await findFile(deps, call.caller, fileId);
    const target = {
      name: to.name ?? file.name,
      folder_id: to.folder === undefined ? file.folder_id : await targetFolder(deps, file, to.folder),
    };
    if (target.name === file.name && target.folder_id === file.folder_id) {
      const refused = whyRefused(file, fileId, preconditions, deps.now());
      if (refused !== undefined) throw refused;
      return fileView(file);
    }
    await refuseDisguise(deps, file, target.name);
    const now = deps.now();
    if (await moved(deps, call, { file, target, preconditions, now }))
      return fileView({ ...file, ...target, updated_at: iso(now) });
  }
  throw new WharfError("conflict", "Others keep changing this file; read it and send this again.", {
    retry_after_seconds: 1,
  });
}

/** The folder to move into; a path's missing folders are made, as an upload does. */
function targetFolder(deps: Pick<Deps, "table" | "now">, file: FileRecord, ref: FolderRef): Promise<string> {
  return "segments" in ref
    ? makeFolders(deps, file.workspace_id, ref.segments)
    : findFolder(deps, file.workspace_id, ref);
}

interface Move {
  file: FileRecord;
  target: { name: string; folder_id: string };
  preconditions: Preconditions;
  now: number;
}

/** False where the file has been moved, or has a new version, since it was read. */
async function moved(
  deps: Pick<Deps, "table">,
  call: Call,
  { file, target, preconditions, now }: Move,
): Promise<boolean> {
  const from = { name: file.name, folder_id: file.folder_id };
  const updated_at = iso(now);
  try {
    await deps.table.transact([
      fileUpdate(now, file.node_id, preconditions, {
        update: "SET #name = :name, #folder_id = :folder_id, #updated_at = :updated_at",
        // The version too: its content is what the new name was judged by.
        condition: "#name = :old_name AND #folder_id = :old_folder_id AND #version_id = :judged",
        values: {
          ...target,
          ...{ updated_at, old_name: from.name, old_folder_id: from.folder_id, judged: file.version_id },
        },
      }),
      {
        put: { ...keys.entry(target.folder_id, target.name), node_id: file.node_id, kind: "file" },
        condition: "attribute_not_exists(#pk)",
      },
      {
        remove: keys.entry(from.folder_id, from.name),
        condition: "#node_id = :node_id",
        values: { node_id: file.node_id },
      },
      eventWrite(now, {
        type: "file_moved",
        request_id: call.requestId,
        workspace_id: file.workspace_id,
        file_id: file.node_id,
        actor: actorOf(call.caller),
        data: { from, to: target },
      }),
      ...folderCheck(file, target.folder_id),
    ]);
    return true;
  } catch (error) {
    if (!(error instanceof TransactionFailed)) throw error;
    const [fence, newEntry, folder] = [0, 1, 4];
    const refused = error.failed.has(fence)
      ? whyRefused(error.failed.get(fence), file.node_id, preconditions, now)
      : undefined;
    if (refused !== undefined) throw refused;
    if (error.failed.has(fence)) return false;
    if (error.failed.has(folder)) throw notFound("folder", target.folder_id);
    if (error.failed.has(newEntry)) {
      throw new WharfError(
        "name_taken",
        `${JSON.stringify(target.name)} is taken in that folder. Choose another name, or move what stands there first.`,
      );
    }
    return false;
  }
}

/** The target is a folder of the same workspace. A file's own folder is there as long as the file is. */
function folderCheck(file: FileRecord, folderId: string): Write[] {
  if (folderId === file.folder_id) return [];
  return [
    {
      check: keys.node(folderId),
      condition: "#kind = :folder AND #workspace_id = :workspace_id",
      values: { folder: "folder", workspace_id: file.workspace_id },
    },
  ];
}
