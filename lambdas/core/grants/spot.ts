import { keys } from "#aws/keys.ts";
import type { Item } from "#aws/table.ts";
import {
  type Located,
  locateNode,
  locateWorkspace,
  nodeIn,
  rootFolder,
  workspaceOfRoot,
} from "#core/access/place.ts";
import type { GrantRecord } from "#core/access/records.ts";

/** What a grant is on, and where that is. */
export interface Spot {
  /** `ws_…`, `fld_…` or `file_…`. */
  on: string;
  located: Located;
}

/** What says where a resource is. */
export const spotKey = (id: string) => (id.startsWith("ws_") ? keys.workspace(id) : keys.node(id));

/**
 * Where a resource is, by items that were read; `undefined` where it is gone. A workspace's root folder is the workspace.
 *
 * @param principal whose making counts.
 */
export function spotOf(items: readonly Item[], id: string, principal: string): Spot | undefined {
  const workspace = id.startsWith("ws_") ? id : undefined;
  const located =
    workspace === undefined ? locateNode(principal, nodeIn(items, id)) : locateWorkspace(items, workspace);
  if (located === undefined) return undefined;
  const { workspace_id } = located;
  return id === rootFolder(workspace_id)
    ? { on: workspaceOfRoot(id), located: { workspace_id } }
    : { on: id, located };
}

/** Where what a grant is on is; `undefined` too where that has left the workspace in which it was given. */
export function spotOfGrant(
  items: readonly Item[],
  { on, workspace_id }: Pick<GrantRecord, "on" | "workspace_id">,
  principal: string,
): Spot | undefined {
  const spot = spotOf(items, on, principal);
  return spot?.located.workspace_id === workspace_id ? spot : undefined;
}

/** The folder that the resource is, or that its file lies in; none of a workspace. */
export const folderOf = ({ on, located }: Spot) => (on.startsWith("ws_") ? undefined : located.folder_id);
