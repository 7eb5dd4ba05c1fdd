import { keys } from "#aws/keys.ts";
import type { Write } from "#aws/table.ts";
import type { MemberRole } from "#contract/roles.ts";
import { requireRoleAllowed } from "#core/access/authorize-organization.ts";
import { isMemberNow } from "#core/access/organization-now.ts";
import { ownerGained, ownerLost, stillUnclaimed } from "#core/access/organization-writes.ts";
import { type MemberRecord, memberRecord } from "#core/access/records.ts";
import { organizationNow } from "#core/access/standing.ts";
import { storedRole } from "#core/access/stored-role.ts";
import { readHolders } from "#core/accounts/read-holders.ts";
import { actorOf, type Call } from "#core/kernel/call.ts";
import type { TableDeps } from "#core/kernel/deps.ts";
import { notFound, WharfError } from "#core/kernel/error.ts";
import { inRounds } from "#core/kernel/in-rounds.ts";
import { eventWrite } from "#core/kernel/outbox.ts";
import { newChange, unchanged } from "#core/kernel/unchanged.ts";
import type { Member } from "./contract.ts";
import { requireRank } from "./require-rank.ts";

interface Change {
  organization: string;
  principal: string;
  role: MemberRole;
}

/**
 * Gives a member another role, in its own record and the organization's list, in one transaction with `member_changed`.
 * The same role is no change.
 *
 * @throws WharfError not_found; forbidden where only an owner may; policy_denied; conflict for the last owner, for making an owner of
 * what has ended, or where others keep changing it.
 */
export async function changeMember(deps: TableDeps, call: Call, change: Change): Promise<Member> {
  const { organization, principal, role } = change;
  const now = await organizationNow(deps, call.caller, organization);
  const changed = await inRounds(async () => {
    const member = await deps.table.get(memberRecord, keys.member(organization, principal));
    if (member === undefined || !isMemberNow(member, now)) throw notFound("member", principal);
    requireRank(call.caller, organization, member.role, role);
    if (member.role === role) return member;
    requireRoleAllowed(call.caller, organization, role);
    await deps.table.transact(writesOf(deps.now(), call, member, { ...change, epoch: now.epoch }));
    return { ...member, role };
  }, "Others change this member too; send it again.");
  const holder = (await readHolders(deps, [principal])).get(principal);
  if (holder === undefined) throw notFound("member", principal);
  return { principal_id: principal, ...holder, role: changed.role, joined_at: changed.joined_at };
}

function writesOf(
  now: number,
  call: Call,
  member: MemberRecord,
  { organization, principal, role, epoch }: Change & { epoch: number },
): Write[] {
  const { role: from, epoch: given = 0 } = member;
  const { condition, values } = unchanged(member);
  return [
    {
      key: keys.member(organization, principal),
      update: { set: { role, change: newChange() } },
      condition: `${condition} AND attribute_not_exists(#left_at)`,
      values,
    },
    {
      key: keys.principal(principal),
      update: { set: { [`organizations.${organization}`]: storedRole(role, given) } },
      condition: `#organizations.#${organization} = :from${role === "owner" ? LIVES : ""}`,
      values: { from: storedRole(from, given) },
      else: (holder) => hasEnded(holder),
    },
    role === "owner"
      ? ownerGained(organization, epoch)
      : from === "owner"
        ? ownerLost(organization, epoch)
        : stillUnclaimed(organization, epoch),
    eventWrite(now, {
      type: "member_changed",
      request_id: call.requestId,
      organization_id: organization,
      actor: actorOf(call.caller),
      data: { principal_id: principal, role, from },
    }),
  ];
}

/** An organization whose only owner is revoked would have none. */
const LIVES = " AND attribute_not_exists(#revoked_at) AND attribute_not_exists(#disabled_at)";

function hasEnded(holder: Record<string, unknown> | undefined): WharfError | undefined {
  if ((holder?.["revoked_at"] ?? holder?.["disabled_at"]) === undefined) return undefined;
  return new WharfError("conflict", "It has been revoked, and can own nothing any more.");
}
