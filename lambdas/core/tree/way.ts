/** Where a path leads: by hints, which the folders' own records prove, and else by the names in each folder. */
import { type Key, keys } from "#aws/keys.ts";
import type { Item, Write } from "#aws/table.ts";
import { keysToDecide } from "#core/access/authorize.ts";
import { type Located, nodeIn, rootFolder } from "#core/access/place.ts";
import { nodeRecord } from "#core/access/records.ts";
import { trailFolder, trailOf } from "#core/access/trail.ts";
import type { Caller } from "#core/kernel/call.ts";
import type { TableDeps } from "#core/kernel/deps.ts";
import { isWharfError, WharfError } from "#core/kernel/error.ts";
import type { TrailFolder } from "#core/kernel/rights.ts";
import { pathOf } from "./reach.ts";
import { type EntryRecord, entryRecord, fileHintRecord, pathHintRecord } from "./records.ts";

/** How far down a path its folders are there. */
export interface Way {
  workspace_id: string;
  /** From below the root down; empty where none of them is there. */
  trail: readonly TrailFolder[];
  /** Whether the path's own folder is there. */
  isWhole: boolean;
  /** The file that was looked for, by its hint: only its entry tells for sure. */
  hintedFile?: string | undefined;
  /** How many of them were found by names, where hints led nowhere. */
  walked?: number;
  /** What was read of it, and for a decision about its caller. */
  seen: readonly Item[];
}

/** The last folder of a way; the workspace's root where there is none. */
export const lastOf = ({ workspace_id, trail }: Pick<Way, "workspace_id" | "trail">) =>
  trail.at(-1)?.folder_id ?? rootFolder(workspace_id);

/** Folders of a trail, as nodes keep them for a hint. */
export const idsOf = (trail: readonly TrailFolder[]) => trail.map(({ folder_id }) => folder_id);

/** Where a way ends, for a decision, which reads no folder of it again. */
export function locatedAt({ workspace_id, trail, seen }: Way): Located {
  if (trail.length === 0) return { workspace_id, seen };
  return { workspace_id, folder_id: lastOf({ workspace_id, trail }), above: idsOf(trail), trail, seen };
}

/** Read where hints lead nowhere, so that what isn't there costs the same as what is. */
export const NOWHERE = keys.node("nowhere");

interface Looking {
  /** Path of a file that may be there, whose hint is read too. */
  file?: string | undefined;
  /** Whether that one's record is read as well. @default false */
  readFile?: boolean | undefined;
  /** Who is decided about: what that reads comes too. */
  caller?: Caller | undefined;
}

/** How far a path's hints lead: two round trips, whatever there is; none in the root. What lies is left out. */
export async function hintedWay(
  deps: Pick<TableDeps, "table">,
  workspace_id: string,
  segments: readonly string[],
  { file, caller, readFile = false }: Looking = {},
): Promise<Way> {
  const paths = pathsOf(segments);
  if (paths.length === 0) return { workspace_id, trail: [], isWhole: true, seen: [] };
  const { known, hintedFile } = await readHints(deps, workspace_id, paths, file);
  const wanted: Key[] = [
    ...[...new Set(known.values())].map((id) => keys.node(id)),
    ...(readFile && hintedFile !== undefined ? [keys.node(hintedFile)] : []),
    ...(caller === undefined ? [] : keysToDecide(caller, workspace_id)),
  ];
  const seen = await deps.table.batchGet(wanted.length === 0 ? [NOWHERE] : wanted);
  const trail = await deepest(deps, { workspace_id, segments, paths, known, seen });
  const isWhole = trail.length === segments.length;
  return { workspace_id, trail, isWhole, hintedFile, seen };
}

/** The longest part of a path that a hint knows and its folder's records prove. */
async function deepest(
  deps: Pick<TableDeps, "table">,
  {
    workspace_id,
    segments,
    paths,
    known,
    seen,
  }: {
    workspace_id: string;
    segments: readonly string[];
    paths: readonly string[];
    known: ReadonlyMap<string, string>;
    seen: readonly Item[];
  },
): Promise<TrailFolder[]> {
  for (let level = paths.length - 1; level >= 0; level--) {
    const folder_id = known.get(paths[level] ?? "");
    if (folder_id === undefined) continue;
    const above = paths.slice(0, level).flatMap((path) => known.get(path) ?? []);
    const trail = await trailOf(deps, { workspace_id, folder_id, above: [...above, folder_id] }, seen);
    if (trail !== undefined && pathOf(trail) === segments.slice(0, level + 1).join("/")) return trail;
  }
  return [];
}

/**
 * The same as far as names lead below where a way ends: one read for each level, and for the first that isn't there; then
 * one for what was found.
 *
 * @throws WharfError name_taken where a file stands in the way.
 */
export async function walkOn(
  deps: Pick<TableDeps, "table">,
  way: Way,
  segments: readonly string[],
): Promise<Way> {
  if (way.isWhole) return way;
  const { workspace_id } = way;
  const found: string[] = [];
  for (const [level, name] of segments.entries()) {
    if (level < way.trail.length) continue;
    const entry = await deps.table.get(entryRecord, keys.entry(found.at(-1) ?? lastOf(way), name));
    if (entry === undefined) break;
    found.push(folderIdOf(entry, segments.slice(0, level + 1).join("/")));
  }
  if (found.length === 0) return way;
  const items = await deps.table.batchGet(found.map((id) => keys.node(id)));
  const trail = [...way.trail];
  for (const id of found) {
    const node = nodeRecord.safeParse(nodeIn(items, id)).data;
    const folder = node && trailFolder(node);
    // Moved or removed since its entry was read: as though it had not been met.
    if (folder === undefined || folder.parent_id !== lastOf({ workspace_id, trail })) break;
    trail.push(folder);
  }
  const walked = trail.length - way.trail.length;
  return { ...way, trail, walked, isWhole: trail.length === segments.length };
}

/** The same, where a file in the way means that there is nothing: `undefined`, then. */
export async function walkUnlessFile(
  deps: Pick<TableDeps, "table">,
  way: Way,
  segments: readonly string[],
): Promise<Way | undefined> {
  try {
    return await walkOn(deps, way, segments);
  } catch (error) {
    if (isWharfError(error, "name_taken")) return undefined;
    throw error;
  }
}

/** Folders that were found by their names, since they or one above them have been moved here, are hinted at again. */
export async function mendHints(
  { table }: Pick<TableDeps, "table">,
  { workspace_id, trail, walked = 0 }: Way,
): Promise<void> {
  const known = trail.length - walked;
  const writes = trail
    .slice(known)
    .map(({ folder_id }, index) =>
      hintWrite(workspace_id, pathOf(trail.slice(0, known + index + 1)), folder_id),
    );
  if (writes.length > 0) await table.transact(writes);
}

/** Leads from a path to its folder. */
export function hintWrite(workspaceId: string, path: string, folder_id: string): Write {
  return {
    put: { ...keys.pathHint(workspaceId, path), path, folder_id },
    blind: "what it says is proved by the folder's own record, whenever it is read",
  };
}

/** `a/b/c` → `a`, `a/b`, `a/b/c`. */
const pathsOf = (segments: readonly string[]) =>
  segments.map((_, level) => segments.slice(0, level + 1).join("/"));

/** The folders of these paths, as far as hints know them, and the file that one leads to. */
async function readHints(
  { table }: Pick<TableDeps, "table">,
  workspaceId: string,
  paths: readonly string[],
  filePath?: string,
): Promise<{ known: Map<string, string>; hintedFile: string | undefined }> {
  const hints = await table.batchGet([
    ...paths.map((path) => keys.pathHint(workspaceId, path)),
    ...(filePath === undefined ? [] : [keys.fileHint(workspaceId, filePath)]),
  ]);
  const known = new Map<string, string>();
  let hintedFile: string | undefined;
  for (const hint of hints) {
    const folder = pathHintRecord.safeParse(hint);
    if (folder.success) known.set(folder.data.path, folder.data.folder_id);
    else hintedFile = fileHintRecord.parse(hint).file_id;
  }
  return { known, hintedFile };
}

/** The folder that stands at this path. @throws WharfError name_taken where it is a file. */
export function folderIdOf({ kind, node_id }: EntryRecord, path: string): string {
  if (kind === "folder") return node_id;
  throw new WharfError("name_taken", `${path} is a file, so it can't hold folders or files.`, {
    file_id: node_id,
  });
}
