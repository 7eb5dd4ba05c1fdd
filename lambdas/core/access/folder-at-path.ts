import * as z from "zod";
import { keys } from "#aws/keys.ts";
import type { Deps } from "#core/kernel/deps.ts";
import { rootFolder } from "./place.ts";

/** See `keys.pathHint`. */
const pathHint = z.object({ folder_id: z.string() });
const folderEntry = z.object({ node_id: z.string(), kind: z.enum(["file", "folder"]) });

/**
 * The id of the folder at a path of a workspace; `undefined` where there is none.
 *
 * One read, unless the path's hint is missing: then one per level.
 * @param hintsOnly for callers that may not learn whether it is there: always one read, and nothing where the hint is missing.
 */
export async function folderAtPath(
  { table }: Pick<Deps, "table">,
  workspaceId: string,
  segments: readonly string[],
  { hintsOnly = false }: { hintsOnly?: boolean } = {},
): Promise<string | undefined> {
  if (segments.length === 0) return rootFolder(workspaceId);
  const hint = await table.get(pathHint, keys.pathHint(workspaceId, segments.join("/")));
  if (hint !== undefined || hintsOnly) return hint?.folder_id;
  let folderId = rootFolder(workspaceId);
  for (const segment of segments) {
    const entry = await table.get(folderEntry, keys.entry(folderId, segment));
    if (entry?.kind !== "folder") return undefined;
    folderId = entry.node_id;
  }
  return folderId;
}
