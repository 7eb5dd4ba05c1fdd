import { keys } from "#aws/keys.ts";
import type { Update } from "#aws/table.ts";
import type { Call } from "#core/kernel/call.ts";
import type { TableDeps } from "#core/kernel/deps.ts";
import { inRounds } from "#core/kernel/in-rounds.ts";
import { iso, ttl } from "#core/kernel/time.ts";
import { LEFT_KEEP_MS, newChange, unchanged } from "#core/kernel/unchanged.ts";
import { findGroup } from "./find-group.ts";
import { readGroupMember } from "./read-group-member.ts";

/** Takes somebody out of a group, who loses what it gave at once. @throws WharfError not_found, forbidden, conflict */
export async function removeGroupMember(
  deps: TableDeps,
  call: Call,
  groupId: string,
  principal: string,
): Promise<void> {
  await findGroup(deps, call, groupId, { action: "members" });
  await leaveGroup(deps, groupId, principal);
}

/** The same once it is decided: its own record and the group's list in one transaction. */
export async function leaveGroup(deps: TableDeps, groupId: string, principal: string): Promise<void> {
  await inRounds(async () => {
    const { row, groups } = await readGroupMember(deps, groupId, principal);
    if (row === undefined || row.left_at !== undefined) return;
    const now = deps.now();
    const { condition, values } = unchanged(row);
    await deps.table.transact([
      {
        ...groupLeft(now, groupId, principal),
        condition: `${condition} AND attribute_not_exists(#left_at)`,
        values,
      },
      {
        key: keys.principal(principal),
        update: { set: { groups: groups.filter((id) => id !== groupId) } },
        condition: "#groups = :seen_groups",
        values: { seen_groups: groups },
      },
    ]);
  }, "Others change this member's groups too; send it again.");
}

/** Somebody's place in a group's list once it has gone; its own record says so beside it. */
export const groupLeft = (now: number, groupId: string, principal: string): Update => ({
  key: keys.groupMember(groupId, principal),
  update: { set: { left_at: iso(now), ttl: ttl(now + LEFT_KEEP_MS), change: newChange() } },
});
