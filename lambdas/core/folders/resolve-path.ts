import { keys } from "#aws/keys.ts";
import type { Item } from "#aws/table.ts";
import { authorize, keysToDecide } from "#core/access/authorize.ts";
import { type Located, locateNode, nodeIn, rootFolder } from "#core/access/place.ts";
import { nodeRecord } from "#core/access/records.ts";
import { trailFolder } from "#core/access/trail.ts";
import type { File } from "#core/files/contract.ts";
import { fileView } from "#core/files/file-view.ts";
import { listsAll } from "#core/files/folder-to-list.ts";
import { fileRecord, isStanding } from "#core/files/records.ts";
import type { Call, Caller } from "#core/kernel/call.ts";
import type { TableDeps } from "#core/kernel/deps.ts";
import { notFound } from "#core/kernel/error.ts";
import { entryRecord, folderRecord } from "#core/tree/records.ts";
import { hintedWay, lastOf, locatedAt, NOWHERE, type Way, walkUnlessFile } from "#core/tree/way.ts";
import { requireWorkspaceNamed } from "#core/workspaces/workspace-named.ts";
import type { FolderDetail } from "./contract.ts";
import { folderView } from "./folder-view.ts";

/** What stands at a path, if anything, and where that is. */
interface Found {
  item?: Item;
  located: Located;
}

/**
 * The file or folder at a path of a workspace, if the caller may list it: two reads and the decision, whatever there is.
 *
 * Whoever lists the whole workspace is led on by names where no hint leads there: one read more for each level.
 * @throws WharfError not_found, workspace_ambiguous
 */
export async function resolvePath(
  deps: TableDeps,
  call: Call,
  workspaceRef: string,
  segments: readonly string[],
): Promise<File | FolderDetail> {
  const workspace_id = await requireWorkspaceNamed(deps, call.caller, workspaceRef);
  const path = segments.join("/");
  const found = await findAt(deps, call, workspace_id, segments);
  const what = ["file or folder", path || "/"] as const;
  const { own, trail } = await authorize(deps, call, found.located, { action: "list", what });
  if (found.item === undefined) throw notFound(...what);
  return found.item["kind"] === "file"
    ? fileView(fileRecord.parse(found.item), { own, trail })
    : folderView(folderRecord.parse(found.item), trail);
}

async function findAt(
  deps: TableDeps,
  { caller }: Call,
  workspace_id: string,
  segments: readonly string[],
): Promise<Found> {
  const { table } = deps;
  const [first, ...further] = segments;
  if (first === undefined) return rootOf(deps, workspace_id);
  // What is in the root needs no hint: its entry has the root's id, which follows from the workspace's.
  if (further.length === 0)
    return named(deps, caller, { workspace_id, trail: [], isWhole: true, seen: [] }, first);
  const file = segments.join("/");
  const hinted = await hintedWay(deps, workspace_id, segments, { file, readFile: true, caller });
  if (hinted.isWhole) return folderFound(hinted);
  const name = segments.at(-1) ?? "";
  const item = hinted.hintedFile === undefined ? undefined : nodeIn(hinted.seen, hinted.hintedFile);
  const isThere = hinted.trail.length === segments.length - 1 && stands(item, lastOf(hinted), name);
  if (item !== undefined && isThere) return fileFound(caller, hinted, item);
  if (!(await listsAll(deps, caller, workspace_id))) return nothing(hinted);
  const folders = segments.slice(0, -1);
  const above = { ...hinted, isWhole: hinted.trail.length === folders.length };
  const way = await walkUnlessFile(deps, above, folders);
  return way?.isWhole ? named({ table }, caller, way, name) : nothing(way ?? hinted);
}

async function rootOf({ table }: Pick<TableDeps, "table">, workspace_id: string): Promise<Found> {
  const [item] = await table.batchGet([keys.node(rootFolder(workspace_id))]);
  return item === undefined
    ? { located: { workspace_id, isGone: true } }
    : { item, located: { workspace_id } };
}

const nothing = (way: Way): Found => ({ located: { ...locatedAt(way), isGone: true } });

/** What has a name in the folder at the end of a way: two reads, whatever there is. */
async function named(
  { table }: Pick<TableDeps, "table">,
  caller: Caller,
  way: Way,
  name: string,
): Promise<Found> {
  const [stored] = await table.batchGet([keys.entry(lastOf(way), name)]);
  const entry = entryRecord.safeParse(stored).data;
  const further = way.seen.length > 0 ? [] : keysToDecide(caller, way.workspace_id);
  const read = await table.batchGet([entry === undefined ? NOWHERE : keys.node(entry.node_id), ...further]);
  const seen = [...way.seen, ...read];
  const item = entry && nodeIn(read, entry.node_id);
  if (item === undefined) return nothing({ ...way, seen });
  if (item["kind"] === "file")
    return stands(item, lastOf(way), name)
      ? fileFound(caller, { ...way, seen }, item)
      : nothing({ ...way, seen });
  const folder = trailFolder(nodeRecord.parse(item));
  if (folder?.parent_id !== lastOf(way)) return nothing({ ...way, seen });
  return folderFound({ ...way, trail: [...way.trail, folder], seen });
}

function folderFound(way: Way): Found {
  const item = nodeIn(way.seen, lastOf(way));
  return item === undefined ? nothing(way) : { item, located: locatedAt(way) };
}

function fileFound({ id }: Caller, way: Way, item: Item): Found {
  const located = locateNode(id, item);
  if (located === undefined) return nothing(way);
  return { item, located: { ...located, trail: way.trail, seen: way.seen } };
}

/** Whether a record is that of a file which has this name in this folder. */
function stands(item: Item | undefined, folderId: string, name: string): boolean {
  const file = fileRecord.safeParse(item).data;
  return isStanding(file) && file.folder_id === folderId && file.name === name;
}
