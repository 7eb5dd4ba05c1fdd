import { keys } from "#aws/keys.ts";
import { cursorAfter, readCursor } from "#core/kernel/cursor.ts";
import type { TableDeps } from "#core/kernel/deps.ts";
import { type PageQuery, pageOf } from "#core/kernel/page.ts";
import { iso } from "#core/kernel/time.ts";
import { type TrashRecord, trashRecord } from "#core/tree/records.ts";
import { trashKey } from "#core/tree/trash.ts";
import type { TrashItem } from "./contract.ts";

/** What is in a workspace's trash, in the order in which it came: one read. */
export async function listTrash(
  { table }: Pick<TableDeps, "table">,
  workspaceId: string,
  { limit, cursor }: PageQuery,
) {
  const list = `trash ${workspaceId}`;
  const after = readCursor(list, cursor);
  const { items, next } = await table.query({
    where: "#pk = :pk",
    values: { pk: keys.trash(workspaceId, "").pk },
    limit: limit + 1,
    after: after === undefined ? undefined : keys.trash(workspaceId, after),
  });
  const rows = items.map((item) => trashRecord.parse(item));
  return pageOf({ rows, next }, limit, (last) => cursorAfter(list, trashKey(workspaceId, last).sk), viewOf);
}

function viewOf({ node_id, purge_ms, ...listed }: TrashRecord): TrashItem {
  const { kind, name, path, parent_id, size, deleted_at, deleted_by } = listed;
  return { id: node_id, kind, name, path, parent_id, size, deleted_at, deleted_by, purge_at: iso(purge_ms) };
}
