import { keys, under } from "#aws/keys.ts";
import { readHolders } from "#core/accounts/read-holders.ts";
import type { Call } from "#core/kernel/call.ts";
import { cursorAfter, readCursor } from "#core/kernel/cursor.ts";
import type { TableDeps } from "#core/kernel/deps.ts";
import { liveRows } from "#core/kernel/live-rows.ts";
import { type PageQuery, pageOf } from "#core/kernel/page.ts";
import type { GroupMember } from "./contract.ts";
import { findGroup } from "./find-group.ts";
import { groupMemberRecord } from "./records.ts";

/** Who is in a group, in the order of their ids. @throws WharfError not_found, forbidden, invalid_cursor */
export async function listGroupMembers(
  deps: TableDeps,
  call: Call,
  groupId: string,
  { limit, cursor }: PageQuery,
) {
  await findGroup(deps, call, groupId, { action: "list_members" });
  const list = `group ${groupId}`;
  const after = readCursor(list, cursor);
  const rows = await liveRows(deps, groupMemberRecord, {
    after: keys.groupMember(groupId, after ?? ""),
    prefix: under.members,
    limit: limit + 1,
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
  const items = page.items.flatMap(({ principal_id, joined_at }): GroupMember[] => {
    const holder = holders.get(principal_id);
    return holder === undefined ? [] : [{ principal_id, type: holder.type, name: holder.name, joined_at }];
  });
  return { ...page, items };
}
