import { keys } from "#aws/keys.ts";
import { actionsOfRole } from "#contract/roles.ts";
import { allGrants } from "#core/access/authorize.ts";
import { roleIn } from "#core/access/authorize-organization.ts";
import { grantsOf } from "#core/access/rights-of.ts";
import { organizationMet } from "#core/access/standing.ts";
import { actorOf, type Call } from "#core/kernel/call.ts";
import type { TableDeps } from "#core/kernel/deps.ts";
import { notFound, WharfError } from "#core/kernel/error.ts";
import { inRounds } from "#core/kernel/in-rounds.ts";
import { eventWrite } from "#core/kernel/outbox.ts";
import { type HeldGrant, holdsAt, NO_RIGHTS } from "#core/kernel/rights.ts";
import { iso } from "#core/kernel/time.ts";
import { newChange, unchanged } from "#core/kernel/unchanged.ts";
import { MAX_GROUPS } from "./contract.ts";
import { findGroup } from "./find-group.ts";
import { readGroupMember } from "./read-group-member.ts";
import type { GroupRecord } from "./records.ts";

/**
 * Puts a member of the organization into one of its groups: the group's grants are its own at once. Who is in it stays.
 *
 * @throws WharfError not_found, for who isn't of the organization too; forbidden by its role, or where the group has more
 * than that gives; grant_limit where it is in 20 groups; conflict where others keep changing its groups
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
    const now = organizationMet(call.caller, organization_id);
    const { row, groups, belongs } = await readGroupMember(deps, groupId, principal, organization_id, now);
    if (!belongs) throw notFound("member", principal);
    if (row !== undefined && row.left_at === undefined) return;
    if (groups.length >= MAX_GROUPS) throw full(principal);
    await requireNoMore(deps, call, group);
    const seen = row === undefined ? undefined : unchanged(row);
    const joined = { principal_id: principal, joined_at: iso(deps.now()), change: newChange() };
    await deps.table.transact([
      {
        put: { ...keys.groupMember(groupId, principal), ...joined },
        // Of a round that was lost a copy may come late: it finds who has left since, whose row stays for a while.
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

/**
 * What an admin has on workspaces is a manager's, and nobody hands on more than they have: into a group that has more,
 * owners alone put members.
 *
 * @throws WharfError forbidden
 */
async function requireNoMore(deps: TableDeps, { caller }: Call, group: GroupRecord): Promise<void> {
  const { group_id: id, organization_id } = group;
  if (roleIn(caller, organization_id) === "owner") return;
  const rights = { ...NO_RIGHTS, grants: grantsOf(group), more_grants: group.more_grants > 0 };
  const manager = actionsOfRole("manager");
  const beyond = (grant: HeldGrant) =>
    holdsAt(grant, deps.now()) && grant.actions.some((action) => !manager.includes(action));
  if (!(await allGrants(deps, { id, rights })).some(beyond)) return;
  throw new WharfError(
    "forbidden",
    "The group has been granted more than a manager may, as `owner` of a workspace has it: only an owner of the organization adds to it. Ask one of them, or grant what is needed by itself.",
    { required_role: ["owner"], required_scopes: [] },
  );
}

function full(principal: string): WharfError {
  return new WharfError(
    "grant_limit",
    `${principal} is in ${MAX_GROUPS} groups, and more it can't be. Take it out of one first.`,
    { max: MAX_GROUPS },
  );
}
