import * as z from "zod";
import { keys } from "#aws/keys.ts";
import type { Deps } from "#core/kernel/deps.ts";
import { type Located, rootFolder } from "./place.ts";

const folderEntry = z.object({ node_id: z.string(), kind: z.enum(["file", "folder"]) });

/** See `keys.pathHint`. */
const pathHint = z.object({
  folder_id: z.string(),
  /** Folders above it, from below the root down: a hint as well. None where the path is long. */
  above: z.array(z.string()).optional(),
});

/** What the path's hint says, in one read; none for the root. It is proved where it counts. */
export async function hintedFolder(
  { table }: Pick<Deps, "table">,
  workspace_id: string,
  segments: readonly string[],
): Promise<Located | undefined> {
  const hint = await table.get(pathHint, keys.pathHint(workspace_id, segments.join("/")));
  if (hint === undefined) return undefined;
  const { folder_id, above } = hint;
  return { workspace_id, folder_id, above: above && [...above, folder_id] };
}

/**
 * The id of the folder at a path of a workspace; `undefined` where there is none.
 *
 * One read, unless the path's hint is missing: then one per level.
 */
export async function folderAtPath(
  deps: Pick<Deps, "table">,
  workspaceId: string,
  segments: readonly string[],
): Promise<string | undefined> {
  if (segments.length === 0) return rootFolder(workspaceId);
  const hinted = await hintedFolder(deps, workspaceId, segments);
  if (hinted !== undefined) return hinted.folder_id;
  let folderId = rootFolder(workspaceId);
  for (const segment of segments) {
    const entry = await deps.table.get(folderEntry, keys.entry(folderId, segment));
    if (entry?.kind !== "folder") return undefined;
    folderId = entry.node_id;
  }
  return folderId;
}
