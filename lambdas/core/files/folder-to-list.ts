import { authorize, isAllowedAtOnce, judge } from "#core/access/authorize.ts";
import { hintedFolder } from "#core/access/folder-at-path.ts";
import { type Located, rootFolder } from "#core/access/place.ts";
import { requireWorkspaceNamed } from "#core/access/workspace-named.ts";
import type { Call } from "#core/kernel/call.ts";
import type { TableDeps } from "#core/kernel/deps.ts";
import type { FolderRef } from "./contract.ts";
import { findFolder } from "./find-folder.ts";

/**
 * The id of a folder that the caller may list, by id or path in a workspace by id or name; of the root where neither is
 * said.
 *
 * Where the workspace is granted it is as `findFolder`; else one round trip more, whether the folder is there or not.
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
  if (isRoot || isAllowedAtOnce(deps, call.caller, { workspace_id }, "list")) {
    await authorize(deps, call, { workspace_id }, whole);
    return isRoot ? root : findFolder(deps, workspace_id, ref);
  }
  const located: Located | undefined =
    "segments" in ref
      ? await hintedFolder(deps, workspace_id, ref.segments)
      : { workspace_id, folder_id: ref.folder_id };
  // A folder from when paths had no hints is found by who lists all.
  if (located === undefined && (await judge(deps, call.caller, { workspace_id }, "list"))?.allowed === true) {
    call.decided?.();
    return findFolder(deps, workspace_id, ref);
  }
  const named = "segments" in ref ? ref.segments.join("/") : ref.folder_id;
  await authorize(deps, call, located, { action: "list", what: ["folder", named] });
  return located?.folder_id ?? root;
}
