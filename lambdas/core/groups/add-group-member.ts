import { keys } from "#aws/keys.ts";
import { actorOf, type Call } from "#core/kernel/call.ts";
import type { TableDeps } from "#core/kernel/deps.ts";
import { notFound, WharfError } from "#core/kernel/error.ts";
import { inRounds } from "#core/kernel/in-rounds.ts";
import { eventWrite } from "#core/kernel/outbox.ts";
import { iso } from "#core/kernel/time.ts";
import { newChange, unchanged } from "#core/kernel/unchanged.ts";
import { MAX_GROUPS } from "./contract.ts";
import { findGroup } from "./find-group.ts";
import { readGroupMember } from "./read-group-member.ts";

/**
 * Puts a member of the organization into one of its groups: the group's grants are its own at once. Who is in it stays.
 *
 * @throws WharfError not_found, for who isn't of the organization too; forbidden; grant_limit where it is in 20 groups;
 * conflict where others keep changing its groups
 */
export async function addGroupMember(
  deps: TableDeps,
  call: Call,
  groupId: string,
  principal: string,
): Promise<void> {
  await inRounds(async (round) => {
    const group = await findGroup(deps, call, groupId, { action: "members", round });
    const { organization_id } = group;
    const { row, groups, belongs } = await readGroupMember(deps, groupId, principal, organization_id);
    if (!belongs) throw notFound("member", principal);
    if (row !== undefined && row.left_at === undefined) return;
    if (groups.length >= MAX_GROUPS) throw full(principal);
    const joined = { principal_id: principal, joined_at: iso(deps.now()), change: newChange() };
    const seen = row === undefined ? undefined : unchanged(row);
    await deps.table.transact([
      {
        put: { ...keys.groupMember(groupId, principal), ...joined },
        // A copy that comes late finds who has left since, whose row stays for a while.
        condition: seen?.condition ?? "attribute_not_exists(#pk)",
        values: seen?.values ?? {},
      },
      {
        key: keys.principal(principal),
        update: { set: { groups: [...groups, groupId] } },
        condition: `#groups = :seen_groups AND attribute_exists(#organizations.#${organization_id})`,
        values: { seen_groups: groups },
      },
      {
        check: keys.principal(groupId),
        condition: "attribute_exists(#pk) AND attribute_not_exists(#disabled_at)",
        else: () => notFound("group", groupId),
      },
      eventWrite(deps.now(), {
        type: "group_joined",
        ...{ request_id: call.requestId, organization_id, actor: actorOf(call.caller) },
        data: { group_id: groupId, principal_id: principal },
      }),
    ]);
  }, "Others change this member's groups too; send it again.");
}

function full(principal: string): WharfError {
  return new WharfError(
    "grant_limit",
    `${principal} is in ${MAX_GROUPS} groups, and more it can't be. Take it out of one first.`,
    { max: MAX_GROUPS },
  );
}
