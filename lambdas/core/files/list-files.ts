import { keys } from "#aws/keys.ts";
import type { Table } from "#aws/table.ts";
import type { TableDeps } from "#core/kernel/deps.ts";
import { WharfError } from "#core/kernel/error.ts";
import type { PageQuery } from "#core/kernel/page.ts";
import { iso } from "#core/kernel/time.ts";
import { pathOf } from "#core/tree/reach.ts";
import { type Met, placeAfter, type Top, walk } from "#core/tree/walk.ts";
import type { File, Folder } from "./contract.ts";
import { fileView } from "./file-view.ts";
import type { WhichFiles } from "./list-contract.ts";
import { placeCursor, readPlaceCursor } from "./list-cursor.ts";
import { type FileRecord, fileRecord } from "./records.ts";

/** Of what a list of some files looks through: names at once, and in all. */
const LOOK = { names: 100, most: 500 };

/**
 * How long ago the `updated_at` of a change may be that is written now: a function takes it before it writes, and may live
 * for 110 s (the sweep), by a clock that is some seconds off.
 */
const WRITTEN_WITHIN_MS = 120_000;

/**
 * A folder's files and folders, or with `recursive` all that is below, in the order of `walk`: strongly consistent, two
 * round trips for one folder, one more for each further one, and two where a page begins in another. With a `tag` or
 * `updated_since` the files that fit, for which more may be looked through.
 *
 * @param asked `trail`: the folders from below the root down to the one whose list it is.
 * @throws WharfError invalid_cursor, invalid_request
 */
export async function listFiles(
  deps: TableDeps,
  folderId: string,
  { limit, cursor, trail, ...which }: PageQuery & WhichFiles & { trail: Top["trail"] },
): Promise<{ items: (File | Folder)[]; next_cursor: string | null; as_of?: string }> {
  requirePast(deps, which.updated_since);
  const list = listOf(folderId, which);
  const after = readPlaceCursor(list, cursor);
  const as_of_ms = tellsAsOf(which) ? (after?.as_of_ms ?? deps.now() - WRITTEN_WITHIN_MS) : undefined;
  const top = { folder_id: folderId, trail };
  const deep = which.recursive;
  const names = walk(deps, top, { deep, after, most: areSome(which) ? LOOK.most : limit + 1 });
  const { items, last, isAll } = await pick(deps, names, { limit, ...which });
  const next = last === undefined ? after : placeAfter(top, last, { deep });
  return {
    items,
    next_cursor: isAll || next === undefined ? null : placeCursor(list, { ...next, as_of_ms }),
    ...(as_of_ms === undefined ? {} : { as_of: iso(as_of_ms) }),
  };
}

/** Up to `limit` of what is met and fits; `last`: what was looked at last, `isAll`: whether that was all. */
async function pick(
  { table }: Pick<TableDeps, "table">,
  names: AsyncGenerator<Met, boolean, void>,
  { limit, ...which }: WhichFiles & { limit: number },
): Promise<{ items: (File | Folder)[]; last: Met | undefined; isAll: boolean }> {
  const atOnce = areSome(which) ? LOOK.names : limit;
  const items: (File | Folder)[] = [];
  let last: Met | undefined;
  let next = await names.next();
  do {
    const met: Met[] = [];
    while (next.done !== true && met.length < atOnce) {
      met.push(next.value);
      next = await names.next();
    }
    const files = await readFiles(table, met);
    for (const one of met) {
      const item = itemOf(one, files);
      if (item !== undefined && fits(item, which)) {
        if (items.length === limit) return { items, last, isAll: false };
        items.push(item);
      }
      last = one;
    }
  } while (areSome(which) && next.done !== true && items.length < limit);
  return { items, last, isAll: next.done === true && next.value };
}

/** Whether files are left out, and folders with them. */
const areSome = ({ tag, updated_since }: WhichFiles) => tag !== undefined || updated_since !== undefined;

/** Of others it would make each answer another one: what hasn't changed is 304. */
const tellsAsOf = ({ recursive, updated_since }: WhichFiles) => recursive || updated_since !== undefined;

/** What tells a list from others, whose cursors it doesn't take. */
const listOf = (folderId: string, { recursive, tag, updated_since }: WhichFiles) =>
  JSON.stringify(["files", folderId, recursive, tag, updated_since]);

/** A clock that is ahead would miss files for good. */
function requirePast({ now }: Pick<TableDeps, "now">, since: string | undefined): void {
  if (since === undefined || Date.parse(since) <= now()) return;
  throw new WharfError(
    "invalid_request",
    `updated_since is ${since}, and it is ${iso(now())} now: nothing can have changed since. Send the as_of of the list before, or a time that is past.`,
  );
}

function fits(item: File | Folder, { tag, updated_since }: WhichFiles): boolean {
  if (tag === undefined && updated_since === undefined) return true;
  if (item.kind === "folder") return false;
  const isTagged = tag === undefined || item.tags?.includes(tag) === true;
  return isTagged && (updated_since === undefined || item.updated_at >= updated_since);
}

/** The records of the files that were met. */
async function readFiles(table: Table, met: readonly Met[]): Promise<Map<string, FileRecord>> {
  // A set: a file that is renamed meanwhile can be met twice.
  const ids = new Set(met.flatMap(({ entry }) => (entry.kind === "file" ? entry.node_id : [])));
  const items = await table.batchGet([...ids].map((id) => keys.node(id)));
  const files = items.map((item) => fileRecord.parse(item));
  return new Map(files.map((file) => [file.node_id, file]));
}

/** `undefined` for what was moved or deleted since it was met: left out, as a list a moment later would. */
function itemOf(
  { entry: { kind, node_id, sk: name }, within: { folder_id, trail } }: Met,
  files: ReadonlyMap<string, FileRecord>,
): File | Folder | undefined {
  if (kind === "folder")
    return { kind, folder_id: node_id, name, parent_id: folder_id, path: pathOf([...trail, { name }]) };
  const file = files.get(node_id);
  const stands = file?.folder_id === folder_id && file.name === name && file.deleted_at === undefined;
  return stands ? fileView(file, { trail }) : undefined;
}
