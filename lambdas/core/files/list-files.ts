import { keys } from "#aws/keys.ts";
import type { Table } from "#aws/table.ts";
import { cursorAfter, readCursor } from "#core/kernel/cursor.ts";
import type { Deps } from "#core/kernel/deps.ts";
import { type PageQuery, pageOf } from "#core/kernel/page.ts";
import type { File } from "./contract.ts";
import { fileView } from "./file-view.ts";
import { type EntryRecord, entryRecord, fileRecord } from "./records.ts";

/** A folder's files and folders in the order of their names' UTF-8 bytes: two round trips, strongly consistent. */
export async function listFiles(
  { table }: Pick<Deps, "table">,
  folderId: string,
  { limit, cursor }: PageQuery,
) {
  const list = `folder ${folderId}`;
  const after = readCursor(list, cursor);
  const { items, next } = await table.query({
    where: "#pk = :pk",
    values: { pk: keys.entry(folderId, "").pk },
    limit: limit + 1,
    after: after === undefined ? undefined : keys.entry(folderId, after),
  });
  const entries = items.map((item) => entryRecord.parse(item));
  const files = await readFileViews(table, folderId, entries.slice(0, limit));
  const page = pageOf(
    { rows: entries, next },
    limit,
    (last) => cursorAfter(list, last.sk),
    ({ kind, node_id, sk }) =>
      kind === "folder" ? { kind, folder_id: node_id, name: sk } : files.get(`${node_id} ${sk}`),
  );
  // What was moved or deleted between the two reads is left out, as a listing a moment later would.
  return { ...page, items: page.items.filter((item) => item !== undefined) };
}

/** The files that still stand in the folder, by `<id> <name>`. */
async function readFileViews(
  table: Table,
  folderId: string,
  entries: readonly EntryRecord[],
): Promise<Map<string, File>> {
  // A set: a file renamed while the query ran can stand in its page twice.
  const ids = new Set(entries.filter(({ kind }) => kind === "file").map(({ node_id }) => node_id));
  const items = await table.batchGet([...ids].map((id) => keys.node(id)));
  const files = items
    .map((item) => fileRecord.parse(item))
    .filter(({ folder_id, deleted_at }) => folder_id === folderId && deleted_at === undefined);
  return new Map(files.map((file) => [`${file.node_id} ${file.name}`, fileView(file)]));
}
