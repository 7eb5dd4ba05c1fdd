import { keys } from "#aws/keys.ts";
import type { Item } from "#aws/table.ts";
import { cursorAfter, readCursor } from "#core/kernel/cursor.ts";
import type { TableDeps } from "#core/kernel/deps.ts";
import { type PageQuery, pageOf } from "#core/kernel/page.ts";
import { iso } from "#core/kernel/time.ts";
import {
  type TrashedWorkspaceRecord,
  type TrashRecord,
  trashedWorkspaceRecord,
  trashRecord,
} from "#core/tree/records.ts";
import { trashKey } from "#core/tree/trash.ts";
import type { TrashedWorkspace, TrashItem } from "./contract.ts";

/** What is in a workspace's trash, in the order in which it came: one read. */
export function listTrash(deps: Pick<TableDeps, "table">, workspaceId: string, query: PageQuery) {
  return listOf(deps, { of: workspaceId, parse: (item) => trashRecord.parse(item), viewOf }, query);
}

/** The same of an organization's: workspaces. */
export function listDeletedWorkspaces(
  deps: Pick<TableDeps, "table">,
  organization: string,
  query: PageQuery,
) {
  const parse = (item: Item) => trashedWorkspaceRecord.parse(item);
  return listOf(deps, { of: organization, parse, viewOf: viewOfWorkspace }, query);
}

interface Listing<R, V> {
  of: string;
  parse(item: Item): R;
  viewOf(record: R): V;
}

async function listOf<R extends { node_id: string; deleted_at: string }, V>(
  { table }: Pick<TableDeps, "table">,
  { of, parse, viewOf }: Listing<R, V>,
  { limit, cursor }: PageQuery,
) {
  const list = `trash ${of}`;
  const after = readCursor(list, cursor);
  const { items, next } = await table.query({
    where: "#pk = :pk",
    values: { pk: keys.trash(of, "").pk },
    limit: limit + 1,
    after: after === undefined ? undefined : keys.trash(of, after),
  });
  return pageOf(
    { rows: items.map(parse), next },
    limit,
    (last) => cursorAfter(list, trashKey(of, last).sk),
    viewOf,
  );
}

function viewOf({ node_id, purge_ms, ...listed }: TrashRecord): TrashItem {
  const { kind, name, path, parent_id, size, deleted_at, deleted_by } = listed;
  return { id: node_id, kind, name, path, parent_id, size, deleted_at, deleted_by, purge_at: iso(purge_ms) };
}

function viewOfWorkspace({ node_id, purge_ms, ...listed }: TrashedWorkspaceRecord): TrashedWorkspace {
  return { id: node_id, ...listed, purge_at: iso(purge_ms) };
}
