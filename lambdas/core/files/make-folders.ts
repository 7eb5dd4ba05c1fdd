import { keys } from "#aws/keys.ts";
import { type Else, TransactionFailed, type Write } from "#aws/table.ts";
import { type Located, rootFolder } from "#core/access/place.ts";
import type { Deps, TableDeps } from "#core/kernel/deps.ts";
import { isWharfError, WharfError } from "#core/kernel/error.ts";
import { newId } from "#core/kernel/ids.ts";
import { inRounds } from "#core/kernel/in-rounds.ts";
import { iso } from "#core/kernel/time.ts";
import { hintPath } from "./file-entry.ts";
import { type EntryRecord, entryRecord, fileHintRecord, pathHintRecord } from "./records.ts";

/** Each lost round is another's success at making a folder of the same path. */
const ROUNDS = 8;

/**
 * The id of the folder at a path, whose missing levels are made in one transaction.
 *
 * One read where the folder exists. @param segments names from the root down, at most 32.
 * @throws WharfError name_taken where a file stands in the way.
 */
export async function makeFolders(
  deps: TableDeps,
  workspaceId: string,
  segments: readonly string[],
): Promise<string> {
  return (await makeWay(deps, workspaceId, segments)).folderId;
}

/** A folder, with a hint of those above it, from below the root down, where all of them are known. */
export interface Way {
  folderId: string;
  above?: readonly string[] | undefined;
}

/** The same, with what leads there. */
export async function makeWay(
  deps: TableDeps,
  workspaceId: string,
  segments: readonly string[],
): Promise<Way> {
  const paths = pathsOf(segments);
  const { known } = await readHints(deps, workspaceId, paths);
  return makeMissing(deps, workspaceId, paths, known);
}

/** What hints say of a path's folders, and of the file that may stand at its end. */
export interface Hints {
  known: ReadonlyMap<string, string>;
  hintedFile: string | undefined;
}

/**
 * How far down a path its folders are there, by their hints alone: one read, whatever there is.
 *
 * @returns where the deepest of them is; the workspace where none is. `isWhole`: it is the path's own folder. `hints`:
 * what was read, for `findWay`.
 */
export async function hintedWay(
  deps: Pick<Deps, "table">,
  workspace_id: string,
  segments: readonly string[],
  name?: string,
): Promise<{ located: Located; isWhole: boolean; hints: Hints }> {
  const paths = pathsOf(segments);
  const filePath = name === undefined ? undefined : hintPath(paths.at(-1), name);
  const hints = await readHints(deps, workspace_id, paths, filePath);
  const { known } = hints;
  const { depth, folderId, above } = deepestOf(workspace_id, paths, known);
  const located = { workspace_id, folder_id: folderId, above: above && [...above, folderId] };
  return { located: depth === 0 ? { workspace_id } : located, isWhole: depth === paths.length, hints };
}

/**
 * The folder at a path, if it is there, and which file may stand at `name` in it; only its entry tells for sure.
 *
 * One read where the folder exists, none with the `hints` of it, one more for each level that it hasn't.
 * @throws WharfError name_taken where a file stands in the way.
 */
export async function findWay(
  deps: Pick<Deps, "table">,
  workspaceId: string,
  segments: readonly string[],
  { name, hints }: { name: string; hints?: Hints | undefined },
): Promise<{
  folderId: string | undefined;
  above?: readonly string[] | undefined;
  hintedFile: string | undefined;
}> {
  const paths = pathsOf(segments);
  const { known, hintedFile } =
    hints ?? (await readHints(deps, workspaceId, paths, hintPath(paths.at(-1), name)));
  const { depth, folderId, above } = await walkOn(deps, workspaceId, paths, known);
  if (depth < paths.length) return { folderId: undefined, hintedFile: undefined };
  return { folderId, above, hintedFile };
}

/** The deepest folder of a path that is there; the root where there is none, or a file stands in the way. */
export async function nearestFolder(
  deps: Pick<Deps, "table">,
  workspaceId: string,
  segments: readonly string[],
): Promise<string> {
  const paths = pathsOf(segments);
  const { known } = await readHints(deps, workspaceId, paths);
  try {
    return (await walkOn(deps, workspaceId, paths, known)).folderId;
  } catch (error) {
    if (!isWharfError(error, "name_taken")) throw error;
    return rootFolder(workspaceId);
  }
}

/** How far down a path its folders are there, and the last of them: below those that are known, by their entries. */
async function walkOn(
  { table }: Pick<Deps, "table">,
  workspaceId: string,
  paths: readonly string[],
  known: ReadonlyMap<string, string>,
): Promise<Way & { depth: number }> {
  let { depth, folderId, above } = deepestOf(workspaceId, paths, known);
  for (const path of paths.slice(depth)) {
    const entry = await table.get(entryRecord, keys.entry(folderId, nameOf(path)));
    if (entry === undefined) break;
    above = depth === 0 ? [] : above && [...above, folderId];
    folderId = folderOf(entry, path);
    depth += 1;
  }
  return { depth, folderId, above };
}

/** The deepest of a path's folders that is known, and how far down it is; else the root. */
function deepestOf(
  workspaceId: string,
  paths: readonly string[],
  known: ReadonlyMap<string, string>,
): Way & { depth: number } {
  const level = paths.findLastIndex((path) => known.has(path));
  const folderId = known.get(paths[level] ?? "");
  if (folderId === undefined) return { depth: 0, folderId: rootFolder(workspaceId), above: [] };
  const above = paths.slice(0, level).map((path) => known.get(path));
  return { depth: level + 1, folderId, above: isKnown(above) ? above : undefined };
}

const isKnown = (ids: readonly (string | undefined)[]): ids is string[] => !ids.includes(undefined);

const nameOf = (path: string) => path.slice(path.lastIndexOf("/") + 1);

/** `a/b/c` → `a`, `a/b`, `a/b/c`. */
const pathsOf = (segments: readonly string[]) =>
  segments.map((_, level) => segments.slice(0, level + 1).join("/"));

/** The folders of these paths, as far as hints know them, and the file that one leads to. */
async function readHints(
  { table }: Pick<Deps, "table">,
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

async function makeMissing(
  deps: TableDeps,
  workspaceId: string,
  paths: readonly string[],
  hinted: ReadonlyMap<string, string>,
): Promise<Way> {
  let { depth, folderId, above } = deepestOf(workspaceId, paths, hinted);
  const attempt = async () => {
    const missing = paths.slice(depth);
    const writes: Write[] = [];
    let parentId = folderId;
    let way = depth === 0 ? [] : above && [...above, folderId];
    let aboveLast = above;
    for (const path of missing) {
      const made = newId("fld", deps.now());
      aboveLast = way;
      writes.push(...folderWrites(deps.now(), { workspaceId, parentId, folderId: made, path, above: way }));
      parentId = made;
      way = way && [...way, made];
    }
    const [[first], [entry]] = [missing, writes];
    if (first === undefined || entry === undefined) return { folderId, above };
    try {
      await deps.table.transact(writes);
      return { folderId: parentId, above: aboveLast };
    } catch (error) {
      if (!(error instanceof TransactionFailed)) throw error;
      // Only the first new level can be taken: the others are under an id that nobody has seen. Who took it has made
      // more of the path, most often: its hints tell, and a round for each level would write all the rest each time.
      const { known } = await readHints(deps, workspaceId, paths);
      known.set(first, folderOf(entryRecord.parse(error.failed.get(entry)), first));
      ({ depth, folderId, above } = await walkOn(deps, workspaceId, paths, known));
      throw error;
    }
  };
  return inRounds(attempt, `Others are making the folders of ${paths.at(-1)}; send this again.`, ROUNDS);
}

interface NewFolder {
  workspaceId: string;
  parentId: string;
  folderId: string;
  path: string;
  above: readonly string[] | undefined;
  /** Whoever makes it by a call of its own. */
  createdBy?: string | undefined;
}

/**
 * A new folder: its entry, under which nothing may stand yet, itself, and the hint of its path.
 *
 * @param taken what is told where something stands there.
 */
export function folderWrites(
  now: number,
  { workspaceId, parentId, folderId, path, above, createdBy: created_by }: NewFolder,
  taken?: Else,
): Write[] {
  const name = nameOf(path);
  return [
    {
      put: { ...keys.entry(parentId, name), node_id: folderId, kind: "folder" },
      condition: "attribute_not_exists(#pk)",
      ...(taken && { else: taken }),
    },
    {
      put: {
        ...keys.node(folderId),
        kind: "folder",
        node_id: folderId,
        workspace_id: workspaceId,
        parent_id: parentId,
        ...{ name, path, above },
        ...{ created_at: iso(now), created_by },
      },
      condition: "attribute_not_exists(#pk)",
    },
    {
      put: {
        ...keys.pathHint(workspaceId, path),
        ...{ path, folder_id: folderId, above: fitsInto1Kb(path, above) ? above : undefined },
      },
      blind: "the folder's entry, new in this transaction, says the same",
    },
  ];
}

/** Whether a path and a list of ids leave room for the rest of an item of 1 KB, for which DynamoDB counts one unit. */
function fitsInto1Kb(path: string, ids: readonly string[] = []): boolean {
  // An id has 30 bytes, and one that says its type; keys and names of attributes have some 200.
  return Buffer.byteLength(path) + ids.length * 31 <= 800;
}

/** The folder that stands at this path. @throws WharfError name_taken where it is a file. */
function folderOf({ kind, node_id }: EntryRecord, path: string): string {
  if (kind === "folder") return node_id;
  throw new WharfError("name_taken", `${path} is a file, so it can't hold folders or files.`, {
    file_id: node_id,
  });
}
