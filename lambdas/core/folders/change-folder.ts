import { keys } from "#aws/keys.ts";
import type { Write } from "#aws/table.ts";
import { nameTakenThere } from "#core/files/file-entry.ts";
import { actorOf, type Call } from "#core/kernel/call.ts";
import type { TableDeps } from "#core/kernel/deps.ts";
import { notFound } from "#core/kernel/error.ts";
import { inRounds } from "#core/kernel/in-rounds.ts";
import { eventWrite } from "#core/kernel/outbox.ts";
import type { TrailFolder } from "#core/kernel/rights.ts";
import { iso } from "#core/kernel/time.ts";
import { placeFolder } from "#core/tree/place-folder.ts";
import type { FolderRecord } from "#core/tree/records.ts";
import { lastOf } from "#core/tree/way.ts";
import { requireWorkspaceNamed } from "#core/workspaces/workspace-named.ts";
import type { ChangeFolder, FolderDetail, MovingFolder } from "./contract.ts";
import { asFound, findFolder, requireNoRoot } from "./find-folder.ts";
import { folderView } from "./folder-view.ts";
import { startMove } from "./start-move.ts";
import { targetFolder } from "./target-folder.ts";
import { trailOfFolder } from "./trail-of-folder.ts";

/**
 * Renames a folder, moves it, or both, in one transaction with `folder_moved`, whatever is in it; to another workspace by
 * `startMove`.
 *
 * All that is below keeps its ids: rights, links, locks and open uploads go with it. Where all is as it is to be nothing
 * happens, and nothing is told.
 *
 * @throws WharfError not_found, forbidden (a move would hand rights over), name_taken; invalid_request where what is in it
 * would be too deep or its path too long, for the workspace's root, and into the folder itself.
 */
export async function changeFolder(
  deps: TableDeps,
  call: Call,
  folderId: string,
  wanted: ChangeFolder,
): Promise<FolderDetail | MovingFolder> {
  const { workspace } = wanted;
  const asked = workspace && (await requireWorkspaceNamed(deps, call.caller, workspace));
  const attempt = async (round: number) => {
    const folder = await findFolder(deps, folderId, round === 0 ? call.ahead : []);
    requireNoRoot(folder);
    if (asked !== undefined && asked !== folder.workspace_id)
      return startMove(deps, call, folder, { ...wanted, workspace_id: asked });
    const here = await trailOfFolder(deps, call, folder);
    const name = wanted.name ?? folder.name;
    const above =
      wanted.folder === undefined
        ? here.slice(0, -1)
        : await targetFolder(deps, call, {
            folder,
            here,
            ref: wanted.folder,
            workspace_id: folder.workspace_id,
          });
    const target: Target = { above, name, parent_id: lastOf({ ...folder, trail: above }) };
    if (name === folder.name && target.parent_id === folder.parent_id) return folderView(folder, here);
    const now = deps.now();
    const moved = { ...folder, name, parent_id: target.parent_id, updated_at: iso(now) };
    await deps.table.transact(moveWrites(call, { folder, here, target, now }));
    return folderView(moved, [...above, { name }]);
  };
  return await inRounds(attempt, "Others keep changing this folder; read it and send this again.");
}

interface Target {
  /** Folders from below the root down to the one to be in. */
  above: readonly TrailFolder[];
  parent_id: string;
  name: string;
}

/** What others have changed since it was read is read again. @throws WharfError invalid_request */
function moveWrites(
  call: Call,
  {
    folder,
    here,
    target: { above, name, parent_id },
    now,
  }: { folder: FolderRecord; here: readonly TrailFolder[]; target: Target; now: number },
): Write[] {
  const { node_id, workspace_id } = folder;
  const old_parent = folder.parent_id ?? "";
  const { writes } = placeFolder(folder, {
    ...{ above, name, now, bounded: here.at(-1) ?? {}, found: asFound(folder) },
    taken: () => nameTakenThere(name),
    gone: () => notFound("folder", parent_id),
  });
  return [
    ...writes,
    {
      remove: keys.entry(old_parent, folder.name),
      condition: "#node_id = :node_id",
      values: { node_id },
    },
    eventWrite(now, {
      type: "folder_moved",
      ...{ request_id: call.requestId, workspace_id, actor: actorOf(call.caller) },
      data: {
        folder_id: node_id,
        from: { name: folder.name, parent_id: old_parent },
        to: { name, parent_id },
      },
    }),
  ];
}
