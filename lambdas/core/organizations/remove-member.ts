import { keys } from "#aws/keys.ts";
import type { Item, Write } from "#aws/table.ts";
import { authorizeOrganization } from "#core/access/authorize-organization.ts";
import { isMemberNow } from "#core/access/organization-now.ts";
import { ownerLost, stillUnclaimed } from "#core/access/organization-writes.ts";
import { type MemberRecord, memberRecord } from "#core/access/records.ts";
import { organizationNow } from "#core/access/standing.ts";
import { storedRole } from "#core/access/stored-role.ts";
import { groupLeft } from "#core/groups/remove-group-member.ts";
import { actorOf, type Call } from "#core/kernel/call.ts";
import type { TableDeps } from "#core/kernel/deps.ts";
import { notFound, WharfError } from "#core/kernel/error.ts";
import { inRounds } from "#core/kernel/in-rounds.ts";
import { eventWrite, type NewEvent } from "#core/kernel/outbox.ts";
import { iso } from "#core/kernel/time.ts";
import { newChange, unchanged } from "#core/kernel/unchanged.ts";
import { finishLeaving } from "./finish-leaving.ts";
import { requireRank } from "./require-rank.ts";
import { type HolderRights, holderRights, type Loss, whatIsLost } from "./what-is-lost.ts";

/**
 * Ends a membership: role, groups and the grants of its record in one transaction with `member_left`; then what says the
 * same elsewhere, and what stands in its partition, page by page. Where that breaks off, another call goes on with it.
 *
 * @throws WharfError not_found; forbidden where others than itself may not, or only an owner; conflict for the last owner,
 * for a client in the organization that it was made in, and where others keep changing its rights.
 */
export async function removeMember(
  deps: TableDeps,
  call: Call,
  organization: string,
  principal: string,
): Promise<void> {
  if (principal !== call.caller.id) await authorizeOrganization(deps, call, organization, "members");
  const left = await inRounds(
    () => leave(deps, call, organization, principal),
    "Others change what this member may do; send it again.",
  );
  const by = { request_id: call.requestId, actor: actorOf(call.caller) };
  await finishLeaving(deps, by, organization, left);
}

/** The member as one that has left. */
async function leave(
  deps: TableDeps,
  call: Call,
  organization: string,
  principal: string,
): Promise<MemberRecord> {
  const [rowKey, holderKey] = [keys.member(organization, principal), keys.principal(principal)];
  const items = await deps.table.batchGet([rowKey, holderKey]);
  const [row, holder] = [rowKey, holderKey].map((key) => items.find(({ pk }) => pk === key.pk));
  if (row === undefined || holder === undefined) throw notFound("member", principal);
  const member = memberRecord.parse(row);
  if (member.left_at !== undefined) return member;
  const now = await organizationNow(deps, call.caller, organization);
  if (!isMemberNow(member, now)) throw notFound("member", principal);
  if (principal !== call.caller.id) requireRank(call.caller, organization, member.role);
  const rights = holderRights.parse(holder);
  requireNotHome(organization, principal, rights);
  const by = { request_id: call.requestId, actor: actorOf(call.caller) };
  const { left, writes } = await leaving(deps, { organization, member, holder }, by);
  await deps.table.transact([
    ...writes,
    member.role === "owner" ? ownerLost(organization, now.epoch) : stillUnclaimed(organization, now.epoch),
  ]);
  return left;
}

interface Leaving {
  organization: string;
  member: MemberRecord;
  /** The member's own record. */
  holder: Item;
}

/** The member as one that has left, and the writes that make it one, whoever brings it about; that an owner stays is not among them. */
export async function leaving(
  deps: TableDeps,
  { organization, member, holder }: Leaving,
  by: Pick<NewEvent, "request_id" | "actor">,
): Promise<{ left: MemberRecord; writes: Write[] }> {
  const principal = member.principal_id;
  const loss = await whatIsLost(deps, organization, holderRights.parse(holder));
  const now = deps.now();
  const left: MemberRecord = { ...member, left_at: iso(now), change: newChange(), ending: loss.grants };
  const writes: Write[] = [
    {
      key: keys.member(organization, principal),
      update: { set: { left_at: left.left_at, change: left.change, ending: left.ending } },
      condition: `${unchanged(member).condition} AND attribute_not_exists(#left_at)`,
      values: unchanged(member).values,
    },
    holderWrite(organization, { holder, member, loss }),
    ...loss.groups.map((group) => groupLeft(now, group, principal)),
    eventWrite(now, {
      ...{ type: "member_left", organization_id: organization, ...by },
      data: { principal_id: principal, role: member.role },
    }),
  ];
  return { left, writes };
}

/** @throws WharfError conflict for a client in the organization that it was made in */
function requireNotHome(
  organization: string,
  principal: string,
  { organization_id, organizations }: HolderRights,
): void {
  if (!principal.startsWith("cli_")) return;
  const [first] = Object.keys(organizations);
  if ((organization_id ?? first) !== organization) return;
  throw new WharfError(
    "conflict",
    `A client doesn't leave the organization that it was made in. End it: DELETE /v1/clients/${principal}. Or give it a role that may less: PATCH this with {"role":"guest"}.`,
  );
}

/** Its own record, where that still says what was judged: what was granted meanwhile isn't overlooked. */
function holderWrite(
  organization: string,
  { holder, member, loss }: { holder: Item; member: MemberRecord; loss: Loss },
): Write {
  const seen = Object.fromEntries(
    (["grants", "workspaces", "groups"] as const).map((name) => [`seen_${name}`, holder[name]]),
  );
  const same = ["grants", "workspaces", "groups"].map((name) =>
    holder[name] === undefined ? `attribute_not_exists(#${name})` : `#${name} = :seen_${name}`,
  );
  return {
    key: keys.principal(member.principal_id),
    update: { set: { ...loss.keeps }, remove: [`organizations.${organization}`] },
    condition: [`#organizations.#${organization} = :role`, ...same].join(" AND "),
    values: { role: storedRole(member.role, member.epoch ?? 0), ...seen },
  };
}
