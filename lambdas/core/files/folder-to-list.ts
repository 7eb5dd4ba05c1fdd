import { keys } from "#aws/keys.ts";
import { authorize, isAllowedAtOnce, judge } from "#core/access/authorize.ts";
import { type Located, locateNode, rootFolder } from "#core/access/place.ts";
import type { Call, Caller } from "#core/kernel/call.ts";
import type { TableDeps } from "#core/kernel/deps.ts";
import type { TrailFolder } from "#core/kernel/rights.ts";
import { hintedWay, locatedAt, walkUnlessFile } from "#core/tree/way.ts";
import { requireWorkspaceNamed } from "#core/workspaces/workspace-named.ts";
import type { FolderRef } from "./contract.ts";

/**
 * A folder that the caller may list, by id or path in a workspace by id or name, with the way to it; the root where
 * neither is said.
 *
 * Two round trips and what a decision reads, whether the folder is there or not. Whoever lists the whole workspace is led on
 * by names where no hint leads: one read more for each level.
 * @throws WharfError not_found, workspace_ambiguous
 */
export async function folderToList(
  deps: TableDeps,
  call: Call,
  workspaceRef: string,
  ref: FolderRef,
): Promise<{ folderId: string; trail: readonly TrailFolder[] }> {
  const workspace_id = await requireWorkspaceNamed(deps, call.caller, workspaceRef);
  const root = rootFolder(workspace_id);
  if ("segments" in ref ? ref.segments.length === 0 : ref.folder_id === root) {
    const { trail } = await authorize(
      deps,
      call,
      { workspace_id },
      { action: "list", what: ["workspace", workspaceRef] },
    );
    return { folderId: root, trail };
  }
  const located =
    "segments" in ref
      ? await folderAt(deps, call.caller, workspace_id, ref.segments)
      : await folderIn(deps, call.caller.id, workspace_id, ref.folder_id);
  const named = "segments" in ref ? ref.segments.join("/") : ref.folder_id;
  const { trail } = await authorize(deps, call, located, { action: "list", what: ["folder", named] });
  return { folderId: located?.folder_id ?? root, trail };
}

/** Where a path's folder is, if it is there and the caller can be led to it. */
async function folderAt(
  deps: TableDeps,
  caller: Caller,
  workspaceId: string,
  segments: readonly string[],
): Promise<Located> {
  const hinted = await hintedWay(deps, workspaceId, segments, { caller });
  if (hinted.isWhole) return locatedAt(hinted);
  const gone: Located = { ...locatedAt(hinted), isGone: true };
  if (!(await listsAll(deps, caller, workspaceId))) return gone;
  const way = await walkUnlessFile(deps, hinted, segments);
  return way?.isWhole ? locatedAt(way) : gone;
}

/** Whether the workspace is the caller's to list: by a grant, without a read, or by its role in the organization. */
export async function listsAll(deps: TableDeps, caller: Caller, workspace_id: string): Promise<boolean> {
  if (isAllowedAtOnce(deps, caller, { workspace_id }, { action: "list" })) return true;
  const isMember = Object.values(caller.rights.organizations).some((role) => role !== "guest");
  return isMember && (await judge(deps, caller, { workspace_id }, "list"))?.allowed === true;
}

/** Where a workspace's folder is; `undefined` where it has none of that id. */
async function folderIn(
  { table }: TableDeps,
  principal: string,
  workspaceId: string,
  folderId: string,
): Promise<Located | undefined> {
  const [item] = await table.batchGet([keys.node(folderId)]);
  const located = item?.["kind"] === "folder" ? locateNode(principal, item) : undefined;
  return located?.workspace_id === workspaceId ? located : undefined;
}
