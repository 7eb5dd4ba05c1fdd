import { keys } from "#aws/keys.ts";
import type { Write } from "#aws/table.ts";
import { authorize } from "#core/access/authorize.ts";
import { type Located, locateNode } from "#core/access/place.ts";
import type { FolderRef } from "#core/files/contract.ts";
import { nameTakenThere } from "#core/files/file-entry.ts";
import { requireNoGain } from "#core/files/require-no-gain.ts";
import { actorOf, type Call } from "#core/kernel/call.ts";
import type { TableDeps } from "#core/kernel/deps.ts";
import { notFound, WharfError } from "#core/kernel/error.ts";
import { inRounds } from "#core/kernel/in-rounds.ts";
import { eventWrite } from "#core/kernel/outbox.ts";
import type { TrailFolder } from "#core/kernel/rights.ts";
import { iso } from "#core/kernel/time.ts";
import { makeFolders } from "#core/tree/make-folders.ts";
import { placeFolder } from "#core/tree/place-folder.ts";
import { authorizePath } from "#core/tree/place-to-create.ts";
import { below, reachOf } from "#core/tree/reach.ts";
import type { FolderRecord } from "#core/tree/records.ts";
import { lastOf, locatedAt } from "#core/tree/way.ts";
import type { ChangeFolder, FolderDetail } from "./contract.ts";
import { asFound, findFolder, requireNoRoot } from "./find-folder.ts";
import { folderView } from "./folder-view.ts";
import { trailOfFolder } from "./trail-of-folder.ts";

/**
 * Renames a folder, moves it, or both, in one transaction with `folder_moved`, whatever is in it.
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
): Promise<FolderDetail> {
  const attempt = async (round: number) => {
    const folder = await findFolder(deps, folderId, round === 0 ? call.ahead : []);
    requireNoRoot(folder);
    const here = await trailOfFolder(deps, call, folder);
    const name = wanted.name ?? folder.name;
    const above =
      wanted.folder === undefined
        ? here.slice(0, -1)
        : await targetFolder(deps, call, { folder, here, ref: wanted.folder });
    const target: Target = { above, name, parent_id: lastOf({ ...folder, trail: above }) };
    if (name === folder.name && target.parent_id === folder.parent_id) return folderView(folder, here);
    const now = deps.now();
    const moved = { ...folder, name, parent_id: target.parent_id, updated_at: iso(now) };
    await deps.table.transact(moveWrites(call, { folder, here, target, now }));
    return folderView(moved, [...above, { name }]);
  };
  return await inRounds(attempt, "Others keep changing this folder; read it and send this again.");
}

interface Move {
  folder: FolderRecord;
  /** From below the root down to the folder itself. */
  here: readonly TrailFolder[];
  ref: FolderRef;
}

/**
 * The folders down to the one to move into, where the caller may create, and could do no more to what is moved than where
 * it is; a path's missing folders are made.
 */
async function targetFolder(
  deps: TableDeps,
  call: Call,
  { folder, here, ref }: Move,
): Promise<readonly TrailFolder[]> {
  const { workspace_id, node_id, parent_id } = folder;
  const from: Located = { workspace_id, folder_id: node_id, trail: here };
  const check = async (above: readonly TrailFolder[], there: Located) => {
    requireOutside(folder, above);
    if (lastOf({ workspace_id, trail: above }) !== parent_id) await requireNoGain(deps, call, from, there);
  };
  if (!("segments" in ref)) {
    const [item] = await deps.table.batchGet([keys.node(ref.folder_id)]);
    const located = item?.["kind"] === "folder" ? locateNode(call.caller.id, item) : undefined;
    const there = located?.workspace_id === workspace_id ? located : undefined;
    const asked = { action: "create", what: ["folder", ref.folder_id], whole: true } as const;
    const { trail, blind } = await authorize(deps, call, there, asked);
    if (there === undefined || blind) throw notFound("folder", ref.folder_id);
    await check(trail, there);
    return trail;
  }
  const { access, way } = await authorizePath(deps, call, workspace_id, ref);
  if (access.blind) throw notFound("folder", ref.segments.join("/"));
  await check(way.trail, locatedAt(way));
  return makeFolders(deps, workspace_id, ref.segments, { way, reach: below(folder.name, reachAt(here)) });
}

/** @throws WharfError invalid_request */
function requireOutside({ node_id }: FolderRecord, above: readonly TrailFolder[]): void {
  if (!above.some(({ folder_id }) => folder_id === node_id)) return;
  throw new WharfError(
    "invalid_request",
    "A folder can't be moved into itself, or into one that is in it. Choose a folder outside of it.",
  );
}

/** What the folder at the end of a trail bounds. */
function reachAt(trail: readonly TrailFolder[]) {
  const last = trail.at(-1);
  return reachOf(last ?? { path: "" });
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
