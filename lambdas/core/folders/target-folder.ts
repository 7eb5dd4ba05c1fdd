import { keys } from "#aws/keys.ts";
import { authorize } from "#core/access/authorize.ts";
import { type Located, locateNode } from "#core/access/place.ts";
import type { FolderRef } from "#core/files/contract.ts";
import { requireNoGain } from "#core/files/require-no-gain.ts";
import type { Call } from "#core/kernel/call.ts";
import type { TableDeps } from "#core/kernel/deps.ts";
import { notFound, WharfError } from "#core/kernel/error.ts";
import type { TrailFolder } from "#core/kernel/rights.ts";
import { makeFolders } from "#core/tree/make-folders.ts";
import { authorizePath } from "#core/tree/place-to-create.ts";
import { below, reachOf } from "#core/tree/reach.ts";
import type { FolderRecord } from "#core/tree/records.ts";
import { lastOf, locatedAt } from "#core/tree/way.ts";

interface Move {
  folder: FolderRecord;
  /** From below the root down to the folder itself. */
  here: readonly TrailFolder[];
  ref: FolderRef;
  /** The one that the target is in. */
  workspace_id: string;
  /** Whether whoever may do all with it gives it to the caller. @default false */
  isGiven?: boolean | undefined;
}

/**
 * The folders down to the one to move into, where the caller may create, and could do no more to what is moved than where
 * it is; a path's missing folders are made.
 */
export async function targetFolder(
  deps: TableDeps,
  call: Call,
  { folder, here, ref, workspace_id, isGiven = false }: Move,
): Promise<readonly TrailFolder[]> {
  const { node_id, parent_id } = folder;
  const from: Located = { workspace_id: folder.workspace_id, folder_id: node_id, trail: here };
  const check = async (above: readonly TrailFolder[], there: Located) => {
    requireOutside(folder, above);
    const isElsewhere = lastOf({ workspace_id, trail: above }) !== parent_id;
    if (isElsewhere && !isGiven) await requireNoGain(deps, call, from, there);
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
