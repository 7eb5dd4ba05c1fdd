import { keys, under } from "#aws/keys.ts";
import { happened, type Item, type Write } from "#aws/table.ts";
import { endFurtherGrants, endGrants } from "#core/access/end-grants.ts";
import { actorOf, type Call } from "#core/kernel/call.ts";
import type { TableDeps } from "#core/kernel/deps.ts";
import { inParallel } from "#core/kernel/in-parallel.ts";
import { inRounds } from "#core/kernel/in-rounds.ts";
import type { NewEvent } from "#core/kernel/outbox.ts";
import { iso, ttl } from "#core/kernel/time.ts";
import { LEFT_KEEP_MS, newChange, unchanged } from "#core/kernel/unchanged.ts";
import { findGroup } from "./find-group.ts";
import { type GroupRecord, groupMemberRecord } from "./records.ts";
import { type Left, leaveGroup } from "./remove-group-member.ts";

/**
 * Ends a group: what it was granted is its members' no more from one write on; then its members' records forget it, and
 * what says the same elsewhere goes. Where that breaks off, another call goes on with it.
 *
 * @throws WharfError not_found, forbidden; conflict where others keep changing it
 */
export async function deleteGroup(deps: TableDeps, call: Call, groupId: string): Promise<void> {
  const ended = await inRounds(async (round) => {
    const group = await findGroup(deps, call, groupId, { action: "members", round, ended: true });
    return group.disabled_at === undefined ? endGroup(deps, group) : group;
  }, "Others change this group too; send it again.");
  await finishEnding(deps, ended, { request_id: call.requestId, actor: actorOf(call.caller) });
}

/** What says the same elsewhere goes. May be repeated. */
export async function finishEnding(
  deps: TableDeps,
  ended: GroupRecord,
  by: Pick<NewEvent, "request_id" | "actor">,
): Promise<void> {
  if (ended.ending === undefined) return;
  const { group_id: groupId } = ended;
  const of = { holder: groupId, ...by };
  await endGrants(deps, { ...of, further: false }, ended.ending);
  await endFurtherGrants(deps, { ...of, counted: false });
  await endMembers(deps, { group_id: groupId, organization_id: ended.organization_id, ...by });
  const done = deps.table.update({
    key: keys.principal(groupId),
    update: { set: { ttl: ttl(deps.now() + LEFT_KEEP_MS) }, remove: ["ending"] },
    condition: "#change = :ended",
    values: { ended: ended.change },
  });
  await happened(done);
}

/** What a group was granted is its members' no more, from this one write on. @returns the group as it is then */
export async function endGroup({ table, now }: TableDeps, group: GroupRecord): Promise<GroupRecord> {
  const { group_id, organization_id, grants } = group;
  const ending = Object.entries(grants).map(([grant_id, { on, workspace_id }]) => ({
    ...{ grant_id, on, workspace_id },
  }));
  const ended = { disabled_at: iso(now()), change: newChange(), ending };
  const { condition, values } = unchanged(group);
  const writes: Write[] = [
    {
      key: keys.principal(group_id),
      // Its name goes with it.
      update: { set: { ...ended, name: "", grants: {}, more_grants: 0 } },
      condition: `${condition} AND attribute_not_exists(#disabled_at) AND #grants = :seen_grants`,
      values: { ...values, seen_grants: grants },
    },
    { remove: keys.groupEntry(organization_id, group_id) },
  ];
  await table.transact(writes);
  return { ...group, ...ended };
}

const PARALLEL = 10;

async function endMembers(deps: TableDeps, left: Left): Promise<void> {
  let after: Item | undefined;
  do {
    const { items, next } = await deps.table.query({
      where: "#pk = :pk AND begins_with(#sk, :prefix)",
      values: { pk: keys.principal(left.group_id).pk, prefix: under.members },
      filter: "attribute_not_exists(#left_at)",
      after,
    });
    const members = items.map((item) => groupMemberRecord.parse(item).principal_id);
    await inParallel(members, PARALLEL, (member) => leaveGroup(deps, left, member));
    after = next;
  } while (after !== undefined);
}
