import { keys } from "#aws/keys.ts";
import type { Table } from "#aws/table.ts";
import { cursorAfter, readCursor } from "#core/kernel/cursor.ts";
import type { Deps } from "#core/kernel/deps.ts";
import { type PageQuery, pageOf } from "#core/kernel/page.ts";
import type { TrailFolder } from "#core/kernel/rights.ts";
import { type EntryRecord, entryRecord } from "#core/tree/records.ts";
import type { File, Folder } from "./contract.ts";
import { fileView } from "./file-view.ts";
import { fileRecord } from "./records.ts";

/** A page, and the folders from below the root down to the one whose it is. */
type Asked = PageQuery & { trail: readonly TrailFolder[] };

/** Of what a list of those with a tag looks through: names at once, and so often. */
const LOOK = { names: 100, pages: 5 };

/**
 * A folder's files and folders in the order of their names' UTF-8 bytes: two round trips, strongly consistent. With a
 * `tag` its files that have it, for which more may be looked through.
 */
export async function listFiles(
  deps: Pick<Deps, "table">,
  folderId: string,
  { limit, cursor, tag, trail }: Asked & { tag?: string | undefined },
) {
  if (tag === undefined) return pageOfFolder(deps, folderId, { limit, cursor, trail });
  const items: File[] = [];
  let next_cursor = cursor ?? null;
  for (let pages = 0; pages < LOOK.pages; pages++) {
    const page = await pageOfFolder(deps, folderId, {
      limit: LOOK.names,
      cursor: next_cursor ?? undefined,
      trail,
    });
    for (const item of page.items) {
      if (item.kind !== "file" || item.tags?.includes(tag) !== true) continue;
      const last = items.at(-1);
      if (last !== undefined && items.length === limit)
        return { items, next_cursor: cursorAfter(listOf(folderId), last.name) };
      items.push(item);
    }
    next_cursor = page.next_cursor;
    if (next_cursor === null) break;
  }
  return { items, next_cursor };
}

const listOf = (folderId: string) => `folder ${folderId}`;

async function pageOfFolder(
  { table }: Pick<Deps, "table">,
  folderId: string,
  { limit, cursor, trail }: Asked,
) {
  const list = listOf(folderId);
  const after = readCursor(list, cursor);
  const { items, next } = await table.query({
    where: "#pk = :pk",
    values: { pk: keys.entry(folderId, "").pk },
    limit: limit + 1,
    after: after === undefined ? undefined : keys.entry(folderId, after),
  });
  const entries = items.map((item) => entryRecord.parse(item));
  const files = await readFileViews(table, { folderId, trail }, entries.slice(0, limit));
  const page = pageOf(
    { rows: entries, next },
    limit,
    (last) => cursorAfter(list, last.sk),
    ({ kind, node_id, sk }): File | Folder | undefined =>
      kind === "folder" ? { kind, folder_id: node_id, name: sk } : files.get(`${node_id} ${sk}`),
  );
  // What was moved or deleted between the two reads is left out, as a listing a moment later would.
  return { ...page, items: page.items.filter((item) => item !== undefined) };
}

/** The files that still stand in the folder, by `<id> <name>`. */
async function readFileViews(
  table: Table,
  { folderId, trail }: { folderId: string; trail: readonly TrailFolder[] },
  entries: readonly EntryRecord[],
): Promise<Map<string, File>> {
  // A set: a file renamed while the query ran can stand in its page twice.
  const ids = new Set(entries.filter(({ kind }) => kind === "file").map(({ node_id }) => node_id));
  const items = await table.batchGet([...ids].map((id) => keys.node(id)));
  const files = items
    .map((item) => fileRecord.parse(item))
    .filter(({ folder_id, deleted_at }) => folder_id === folderId && deleted_at === undefined);
  return new Map(files.map((file) => [`${file.node_id} ${file.name}`, fileView(file, { trail })]));
}
