/** What is in a folder, or below it, in one order: that of paths, name by name, by the names' UTF-8 bytes. */
import { keys } from "#aws/keys.ts";
import type { Table } from "#aws/table.ts";
import { locateNode, rootFolder } from "#core/access/place.ts";
import { readTrail } from "#core/access/trail.ts";
import type { TrailFolder } from "#core/kernel/rights.ts";
import { type EntryRecord, entryRecord } from "./records.ts";
import { idsOf } from "./way.ts";

/** The folder that is walked, with those from below the root down to it. */
export interface Top {
  folder_id: string;
  trail: readonly TrailFolder[];
}

/** Something that was met, and in which folder. */
export interface Met {
  entry: EntryRecord;
  within: Top;
}

/** A place in the order, after which a walk goes on: whatever has become of what stood there. */
export interface Place {
  /** From the top: `a/b.txt` after a name, `a/b/` before all that is in a folder. */
  path: string;
  /** The last folder of it, as it was: a hint, which saves the way there by names. */
  folder_id: string;
}

interface Walk {
  /** Whether what is in folders is met too, after the folder itself. @default false */
  deep?: boolean | undefined;
  after?: Place | undefined;
  /** Names that are met at most. */
  most: number;
}

/** A folder on the way down, with what was read of it and not met yet. */
interface Level extends Top {
  read: EntryRecord[];
  after: string | undefined;
  isRead: boolean;
}

/** Names that are read of a folder at once: one more than a page has. */
const NAMES = 101;
/** Folders that are read of at most. More than lie above one another, so that a walk gets on, wherever it begins. */
export const MOST_QUERIES = 50;

/**
 * Meets names one by one: each that stays where it is while pages are read just once, since every level goes on after the
 * last name that was met on it. One strongly consistent read for each folder.
 *
 * @returns whether that was all.
 */
export async function* walk(
  { table }: { table: Table },
  top: Top,
  { deep = false, after, most }: Walk,
): AsyncGenerator<Met, boolean, void> {
  const levels = after === undefined ? [levelOf(top)] : await levelsAt(table, top, after);
  let queries = 0;
  let left = most;
  for (let level = levels.at(-1); level !== undefined; level = levels.at(-1)) {
    const entry = level.read.shift();
    if (entry !== undefined) {
      const { folder_id, trail } = level;
      if (deep && entry.kind === "folder") levels.push(levelOf(folderAt({ folder_id, trail }, entry)));
      yield { entry, within: { folder_id, trail } };
      left -= 1;
      if (left === 0) return false;
    } else if (level.isRead) {
      levels.pop();
    } else if (queries === MOST_QUERIES) {
      return false;
    } else {
      await readOn(table, level, Math.min(NAMES, left));
      queries += 1;
    }
  }
  return true;
}

/** All that one walk meets, and whether that was all. */
export async function stepOf(
  deps: { table: Table },
  top: Top,
  how: Walk,
): Promise<{ met: Met[]; isWhole: boolean }> {
  const met: Met[] = [];
  const walking = walk(deps, top, how);
  let next = await walking.next();
  for (; next.done !== true; next = await walking.next()) met.push(next.value);
  return { met, isWhole: next.value };
}

/** Where a walk goes on that ends after this. */
export function placeAfter(top: Top, { entry, within }: Met, { deep = false }: Pick<Walk, "deep">): Place {
  const above = within.trail.slice(top.trail.length).map(({ name }) => name);
  const path = [...above, entry.sk].join("/");
  if (!deep || entry.kind === "file") return { path, folder_id: within.folder_id };
  return { path: `${path}/`, folder_id: entry.node_id };
}

const levelOf = (folder: Top, after?: string): Level => ({ ...folder, read: [], after, isRead: false });

const folderAt = ({ folder_id, trail }: Top, { node_id, sk }: Pick<EntryRecord, "node_id" | "sk">): Top => ({
  folder_id: node_id,
  trail: [...trail, { folder_id: node_id, name: sk, parent_id: folder_id }],
});

async function readOn(table: Table, level: Level, limit: number): Promise<void> {
  const { folder_id, after } = level;
  const { items, next } = await table.query({
    where: "#pk = :pk",
    values: { pk: keys.entry(folder_id, "").pk },
    limit,
    after: after === undefined ? undefined : keys.entry(folder_id, after),
  });
  level.read = items.map((item) => entryRecord.parse(item));
  level.after = level.read.at(-1)?.sk ?? after;
  level.isRead = next === undefined;
}

/** The folders that a place leads through, as far as they are there, each to go on after the next name of its path. */
async function levelsAt(table: Table, top: Top, { path, folder_id }: Place): Promise<Level[]> {
  const names = path.split("/");
  const folders = names.slice(0, -1);
  const found = (await hinted(table, top, folders, folder_id)) ?? (await byNames(table, top, folders));
  return [top, ...found].map((folder, depth) => levelOf(folder, names[depth] || undefined));
}

/** The folders of a path, if the last of them still stands there: two reads, none where the path has no folder. */
async function hinted(
  table: Table,
  top: Top,
  names: readonly string[],
  folderId: string,
): Promise<Top[] | undefined> {
  if (names.length === 0) return [];
  const [item] = await table.batchGet([keys.node(folderId)]);
  const located = item?.["kind"] === "folder" ? locateNode("", item) : undefined;
  const trail = located && (await readTrail({ table }, located));
  if (trail === undefined) return undefined;
  const above = trail.slice(0, top.trail.length);
  const below = trail.slice(top.trail.length);
  const isBelow = [rootFolder(located?.workspace_id ?? ""), ...idsOf(above)].at(-1) === top.folder_id;
  if (!isBelow || below.map(({ name }) => name).join("/") !== names.join("/")) return undefined;
  return below.map(({ folder_id }, depth) => ({
    folder_id,
    trail: [...top.trail, ...below.slice(0, depth + 1)],
  }));
}

/** The same as far as they are there: one read for each. */
async function byNames(table: Table, top: Top, names: readonly string[]): Promise<Top[]> {
  const found: Top[] = [];
  for (const name of names) {
    const folder = found.at(-1) ?? top;
    const entry = await table.get(entryRecord, keys.entry(folder.folder_id, name));
    if (entry?.kind !== "folder") break;
    found.push(folderAt(folder, entry));
  }
  return found;
}
