import { keys } from "#aws/keys.ts";
import { authorize, isAllowedAtOnce, judge } from "#core/access/authorize.ts";
import { hintedFolder } from "#core/access/folder-at-path.ts";
import { type Located, locateNode, rootFolder } from "#core/access/place.ts";
import { requireWorkspaceNamed } from "#core/access/workspace-named.ts";
import type { Call, Caller } from "#core/kernel/call.ts";
import type { TableDeps } from "#core/kernel/deps.ts";
import type { FolderRef } from "./contract.ts";
import { findFolder } from "./find-folder.ts";

/**
 * The id of a folder that the caller may list, by id or path in a workspace by id or name; of the root where neither is
 * said.
 *
 * Where the workspace is granted it is as `findFolder`; else a round trip or two more, whether the folder is there or not.
 * @throws WharfError not_found, workspace_ambiguous
 */
export async function folderToList(
  deps: TableDeps,
  call: Call,
  workspaceRef: string,
  ref: FolderRef,
): Promise<string> {
  const workspace_id = await requireWorkspaceNamed(deps, call.caller, workspaceRef);
  const root = rootFolder(workspace_id);
  const isRoot = "segments" in ref ? ref.segments.length === 0 : ref.folder_id === root;
  const whole = { action: "list", what: ["workspace", workspaceRef] } as const;
  if (isRoot || (await listsAll(deps, call.caller, workspace_id))) {
    await authorize(deps, call, { workspace_id }, whole);
    return isRoot ? root : findFolder(deps, workspace_id, ref);
  }
  const located =
    "segments" in ref
      ? await hintedFolder(deps, workspace_id, ref.segments)
      : await folderIn(deps, call.caller.id, workspace_id, ref.folder_id);
  const named = "segments" in ref ? ref.segments.join("/") : ref.folder_id;
  await authorize(deps, call, located, { action: "list", what: ["folder", named] });
  return located?.folder_id ?? root;
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
