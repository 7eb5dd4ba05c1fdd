import { keys, under } from "#aws/keys.ts";
import type { MemberRole } from "#contract/roles.ts";
import { isMemberNow, type OrganizationNow } from "#core/access/organization-now.ts";
import { memberRecord } from "#core/access/records.ts";
import { readHolders } from "#core/accounts/read-holders.ts";
import { cursorAfter, readCursor } from "#core/kernel/cursor.ts";
import type { TableDeps } from "#core/kernel/deps.ts";
import { liveRows } from "#core/kernel/live-rows.ts";
import { type PageQuery, pageOf } from "#core/kernel/page.ts";
import type { Member } from "./contract.ts";

/** An organization's members, in the order of their ids. @param now that as it is now. @throws WharfError invalid_cursor */
export async function listMembers(
  deps: TableDeps,
  organization: string,
  now: OrganizationNow,
  { limit, cursor, role }: PageQuery & { role?: MemberRole | undefined },
) {
  const list = `members ${organization} ${role ?? ""}`;
  const after = readCursor(list, cursor);
  const rows = await liveRows(deps, memberRecord, {
    after: keys.member(organization, after ?? ""),
    prefix: under.members,
    limit: limit + 1,
    wanted: (row) => (role === undefined || row.role === role) && isMemberNow(row, now),
  });
  const page = pageOf(
    { rows },
    limit,
    (last) => cursorAfter(list, last.principal_id),
    (row) => row,
  );
  const holders = await readHolders(
    deps,
    page.items.map(({ principal_id }) => principal_id),
  );
  const items = page.items.flatMap(({ principal_id, role, joined_at }): Member[] => {
    const holder = holders.get(principal_id);
    return holder === undefined ? [] : [{ principal_id, ...holder, role, joined_at }];
  });
  return { ...page, items };
}
