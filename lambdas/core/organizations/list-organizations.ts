import { keys } from "#aws/keys.ts";
import { roleNow } from "#core/access/organization-now.ts";
import { organizationRecord } from "#core/access/records.ts";
import type { Call } from "#core/kernel/call.ts";
import { cursorAfter, readCursor } from "#core/kernel/cursor.ts";
import type { TableDeps } from "#core/kernel/deps.ts";
import { type PageQuery, pageOf } from "#core/kernel/page.ts";
import { organizationView } from "./organization-view.ts";

/**
 * The organizations that the caller belongs to, 20 at most, in the order of their ids; of those that are closed the ones that
 * it owns.
 *
 * @throws WharfError invalid_cursor
 */
export async function listOrganizations(deps: TableDeps, { caller }: Call, { limit, cursor }: PageQuery) {
  const list = `organizations ${caller.id}`;
  const after = readCursor(list, cursor) ?? "";
  const ids = Object.keys(caller.rights.organizations).filter((id) => id > after);
  const items = await deps.table.batchGet(ids.map((id) => keys.organization(id)));
  const rows = items
    .map((item) => organizationRecord.parse(item))
    .flatMap((record) => {
      const { organization_id, closed_at, purged_ms } = record;
      const role = roleNow(caller, organization_id, record);
      const isShown = closed_at === undefined || (purged_ms === undefined && role === "owner");
      return role !== undefined && isShown ? [organizationView(record, role)] : [];
    })
    .sort((a, b) => (a.organization_id < b.organization_id ? -1 : 1));
  return pageOf(
    { rows },
    limit,
    (last) => cursorAfter(list, last.organization_id),
    (row) => row,
  );
}
