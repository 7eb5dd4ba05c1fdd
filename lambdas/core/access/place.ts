import { keys } from "#aws/keys.ts";
import type { Item } from "#aws/table.ts";
import type { TrailFolder } from "#core/kernel/rights.ts";
import type { Made } from "./decide.ts";
import { nodeRecord } from "./records.ts";

/** Where a resource is, as its own record says it. */
export interface Located {
  workspace_id: string;
  /** The folder that it is in, or is; none for a workspace. */
  folder_id?: string | undefined;
  file_id?: string | undefined;
  /** A hint of the folders from below the root down to `folder_id`, which is its last. */
  above?: readonly string[] | undefined;
  /** The same proved, where it has just been read. */
  trail?: readonly TrailFolder[] | undefined;
  /** What has just been read of what a decision asks for (`keysToDecide`). */
  seen?: readonly Item[] | undefined;
  made?: Made | undefined;
  /** The workspace may be in the trash: what is asked is who could do that if it stood. */
  evenDeleted?: true;
  /** Nothing is there: the decision is as for what isn't, and reads no more than for what is. */
  isGone?: true;
}

/** A workspace's root folder has the workspace's own ULID, so that nobody has to look it up. */
export function rootFolder(workspaceId: string): string {
  return workspaceId.replace(/^ws_/, "fld_");
}

/** The other way round. */
export const workspaceOfRoot = (folderId: string) => folderId.replace(/^fld_/, "ws_");

/** `Made.file` of a file's record. */
export function fileMadeBy(
  principal: string,
  { created_by, mixed }: { created_by?: string | undefined; mixed?: boolean | undefined },
): Made["file"] {
  if (created_by !== principal) return "others";
  return mixed === true ? "mixed" : "own";
}

/** `Made.thing` of a version, link, lock or session. */
export function madeBy(principal: string, maker: string | undefined): Made["thing"] {
  if (maker === undefined) return undefined;
  return maker === principal ? "own" : "others";
}

/** What among items that were read is this node; `undefined` where it is gone. */
export function nodeIn(items: readonly Item[], id: string): Item | undefined {
  const { pk, sk } = keys.node(id);
  return items.find((item) => item["pk"] === pk && item["sk"] === sk);
}

/** Where a workspace is, among items that were read; `undefined` where there is none. */
export function locateWorkspace(items: readonly Item[], id: string): Located | undefined {
  const { pk, sk } = keys.workspace(id);
  return items.some((item) => item["pk"] === pk && item["sk"] === sk) ? { workspace_id: id } : undefined;
}

/** Where a folder or file is, by its record; `undefined` where there is none, or it is deleted. */
export function locateNode(principal: string, item: Item | undefined): Located | undefined {
  if (item === undefined) return undefined;
  const { kind, node_id, workspace_id, folder_id, above, ...node } = nodeRecord.parse(item);
  if (node.deleted_at !== undefined) return undefined;
  if (kind === "file") {
    const made: Made = { by: "file", file: fileMadeBy(principal, node) };
    return { workspace_id, folder_id, file_id: node_id, above, made };
  }
  return {
    workspace_id,
    folder_id: node_id,
    above: above === undefined ? undefined : [...above, node_id],
  };
}
