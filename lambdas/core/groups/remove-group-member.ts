import { keys } from "#aws/keys.ts";
import type { Update } from "#aws/table.ts";
import type { Actor } from "#contract/common.ts";
import { actorOf, type Call } from "#core/kernel/call.ts";
import type { TableDeps } from "#core/kernel/deps.ts";
import { inRounds } from "#core/kernel/in-rounds.ts";
import { eventWrite } from "#core/kernel/outbox.ts";
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
  const { organization_id } = await findGroup(deps, call, groupId, { action: "members" });
  const by = { request_id: call.requestId, actor: actorOf(call.caller) };
  await leaveGroup(deps, { group_id: groupId, organization_id, ...by }, principal);
}

/** Which group, and who has brought it about. */
export interface Left {
  group_id: string;
  organization_id: string;
  request_id: string;
  actor: Actor;
}

/** The same once it is decided: its own record, the group's list and the event in one transaction. */
export async function leaveGroup(
  deps: TableDeps,
  { group_id, ...of }: Left,
  principal: string,
): Promise<void> {
  await inRounds(async () => {
    const { row, groups } = await readGroupMember(deps, group_id, principal);
    if (row === undefined || row.left_at !== undefined) return;
    const now = deps.now();
    const { condition, values } = unchanged(row);
    await deps.table.transact([
      {
        ...groupLeft(now, group_id, principal),
        condition: `${condition} AND attribute_not_exists(#left_at)`,
        values,
      },
      {
        key: keys.principal(principal),
        update: { set: { groups: groups.filter((id) => id !== group_id) } },
        condition: "#groups = :seen_groups",
        values: { seen_groups: groups },
      },
      eventWrite(now, { type: "group_left", ...of, data: { group_id, principal_id: principal } }),
    ]);
  }, "Others change this member's groups too; send it again.");
}

/** Somebody's place in a group's list once it has gone; its own record says so beside it. */
export const groupLeft = (now: number, groupId: string, principal: string): Update => ({
  key: keys.groupMember(groupId, principal),
  update: { set: { left_at: iso(now), ttl: ttl(now + LEFT_KEEP_MS), change: newChange() } },
});
