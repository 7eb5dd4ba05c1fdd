import { due, type Key, keys, under } from "#aws/keys.ts";
import { happened, type Item } from "#aws/table.ts";
import { isMemberNow } from "#core/access/organization-now.ts";
import {
  type MemberRecord,
  memberRecord,
  type OrganizationRecord,
  organizationRecord,
  workspaceRecord,
} from "#core/access/records.ts";
import { homeOf, isClientNow } from "#core/accounts/find-client.ts";
import { clientRecord } from "#core/accounts/records.ts";
import { endGroup, finishEnding } from "#core/groups/delete-group.ts";
import { type GroupRecord, groupRecord } from "#core/groups/records.ts";
import { endInvitation } from "#core/invitations/end-invitation.ts";
import { stateOf } from "#core/invitations/invitation-view.ts";
import { invitationRecord } from "#core/invitations/records.ts";
import type { DueDeps } from "#core/kernel/deps.ts";
import { type Chance, eachDue } from "#core/kernel/each-due.ts";
import { isWharfError } from "#core/kernel/error.ts";
import { inRounds } from "#core/kernel/in-rounds.ts";
import { newChange, unchanged } from "#core/kernel/unchanged.ts";
import { endFormer } from "#core/organizations/end-former.ts";
import { finishLeaving } from "#core/organizations/finish-leaving.ts";
import { workspaceTrashed } from "#core/trash/delete-workspace.ts";
import { organizationPurged } from "#core/trash/purge-organization.ts";
import { isMadeByMember, leaveName } from "#core/workspaces/owner-name.ts";
import { revokeAs } from "./change-client.ts";
import type { EndedBy } from "./client-ends.ts";
import { endUnkept } from "./end-unkept.ts";

const PAGE = 50;
/** How long one client's end goes on before the next is looked at (ms); its own job does the rest. */
const PATIENCE_MS = 2_000;

const by = ({ organization_id }: Pick<OrganizationRecord, "organization_id">) => ({
  request_id: `purge-${organization_id}`,
  actor: { type: "system" as const, id: "system" },
});

const claimedBy = ({ organization_id }: Pick<OrganizationRecord, "organization_id">) => ({
  request_id: `handover-${organization_id}`,
  actor: { type: "system" as const, id: "handover" },
});

/**
 * Purges organizations that have been closed for as long as they may be, and ends what is in purged ones, page by page:
 * workspaces go by the trash, clients as revoked ones do, then groups and members. In those that have been handed over it
 * ends what was there before: none of that had an effect since.
 *
 * @returns how many organizations are done.
 */
export function sweepOrganizations(deps: DueDeps): Promise<number> {
  return eachDue(deps, "organization", async (item, chance) => {
    const organization = organizationRecord.parse(item);
    const { closed_at, purged_ms } = organization;
    if (purged_ms !== undefined) return endAll(deps, organization, chance);
    if (closed_at === undefined) return endOfBefore(deps, organization, chance);
    const closed = { ...organization, closed_at };
    return happened(deps.table.transact(organizationPurged(deps.now(), closed, by(closed))));
  });
}

/** Ends who and what was there before an organization was handed over, but what was kept, step by step. */
async function endOfBefore(
  deps: DueDeps,
  organization: OrganizationRecord,
  chance: Chance,
): Promise<boolean> {
  const { organization_id, epoch, tidying } = organization;
  if (tidying === undefined) return false;
  const by = claimedBy(organization);
  const steps: [prefix: string, end: (item: Item) => Promise<unknown>][] = [
    [under.organizationWorkspaces, (item) => tidyWorkspace(deps, organization, String(item["workspace_id"]))],
    [
      under.organizationClients,
      async (item) => {
        const client = await deps.table.get(clientRecord.optional(), keys.client(String(item["client_id"])));
        if (client === undefined || isClientNow(client, organization_id, organization)) return;
        await endClientLeft(deps, client.client_id, by);
      },
    ],
    [
      under.groups,
      async (item) => {
        const group = await readGroup(deps, String(item["group_id"]));
        if (group !== undefined && (group.epoch ?? 0) !== epoch) await endOneGroup(deps, group, by);
      },
    ],
    [
      under.members,
      async (item) => {
        const member = memberRecord.parse(item);
        const isStale = member.left_at !== undefined || !isMemberNow(member, organization);
        if (isStale) await endMember(deps, organization, member, by);
      },
    ],
    [
      under.invitations,
      (item) => endInvitationOfBefore(deps, organization, String(item["invitation_id"]), by),
    ],
  ];
  if (tidying.step === 0) await endUnkept(deps, organization, by);
  const { pk } = keys.organization(organization_id);
  for (const [at, [prefix, end]] of steps.entries()) {
    if (at < tidying.step) continue;
    if (!(await eachOf(deps, { pk, prefix }, chance, end))) return false;
    const isLast = at === steps.length - 1;
    const kept = await happened(
      deps.table.update({
        key: keys.organization(organization_id),
        update: isLast ? { remove: ["tidying", "due_pk", "due_sk"] } : { set: { tidying: { step: at + 1 } } },
        condition: "#epoch = :epoch AND attribute_exists(#tidying) AND attribute_not_exists(#closed_at)",
        values: { epoch },
      }),
    );
    if (!kept) return false;
  }
  return true;
}

/**
 * What was granted and locked in it before is ended as in one that was handed over by itself. Its name is no more among
 * those of who made it, unless that is a member still: neither it nor the new owners learn of each other's names.
 */
async function tidyWorkspace(deps: DueDeps, organization: OrganizationRecord, id: string): Promise<void> {
  const { organization_id } = organization;
  await inRounds(async () => {
    const workspace = await deps.table.get(workspaceRecord.optional(), keys.workspace(id));
    if (workspace?.organization_id !== organization_id || workspace.deleted_at !== undefined) return;
    const isMakers = await isMadeByMember(deps, workspace, organization);
    await deps.table.transact([
      {
        key: keys.workspace(id),
        update: {
          set: { tidying: {}, change: newChange(), ...due("handover", deps.now(), id) },
          ...(isMakers ? {} : { remove: ["created_by"] }),
        },
        ...unchanged(workspace),
      },
      ...(isMakers ? [] : leaveName(workspace, workspace.name)),
    ]);
  }, `${id} is changed by others`);
}

async function endInvitationOfBefore(
  deps: DueDeps,
  { handed_ms = 0 }: OrganizationRecord,
  id: string,
  by: EndedBy,
): Promise<void> {
  const invitation = await deps.table.get(invitationRecord.optional(), keys.invitation(id));
  if (invitation === undefined || stateOf(deps.now(), invitation) !== "pending") return;
  if (Date.parse(invitation.created_at) >= handed_ms) return;
  await happened(endInvitation(deps, invitation, { reason: "revoked", ...by }));
}

async function endAll(deps: DueDeps, organization: OrganizationRecord, chance: Chance): Promise<boolean> {
  const { organization_id } = organization;
  const steps: [prefix: string, end: (item: Item) => Promise<unknown>][] = [
    [under.organizationWorkspaces, (item) => endWorkspace(deps, organization, String(item["workspace_id"]))],
    [under.organizationClients, (item) => endClient(deps, String(item["client_id"]), by(organization))],
    [
      under.groups,
      async (item) => {
        const group = await readGroup(deps, String(item["group_id"]));
        if (group !== undefined) await endOneGroup(deps, group, by(organization));
      },
    ],
    [under.members, (item) => endMember(deps, organization, memberRecord.parse(item), by(organization))],
  ];
  for (const [prefix, end] of steps)
    if (!(await eachOf(deps, { pk: keys.organization(organization_id).pk, prefix }, chance, end)))
      return false;
  await deps.table.update({
    key: keys.organization(organization_id),
    // Its name goes with it; that it is closed stays, so that nothing that names it is ever another's.
    update: { set: { name: "" }, remove: ["due_pk", "due_sk", "tidying", "kept"] },
    condition: "attribute_exists(#purged_ms)",
  });
  return true;
}

/** @returns whether all were looked at. */
async function eachOf(
  { table }: DueDeps,
  { pk, prefix }: { pk: Key["pk"]; prefix: string },
  { timeLeft }: Chance,
  end: (item: Item) => Promise<unknown>,
): Promise<boolean> {
  let after: Item | undefined;
  do {
    const { items, next } = await table.query({
      where: "#pk = :pk AND begins_with(#sk, :prefix)",
      values: { pk, prefix },
      limit: PAGE,
      after,
    });
    for (const item of items) {
      if (!timeLeft()) return false;
      await end(item);
    }
    after = next;
  } while (after !== undefined);
  return true;
}

/** Into the trash, to be purged at once. */
async function endWorkspace(deps: DueDeps, organization: OrganizationRecord, id: string): Promise<void> {
  const workspace = await deps.table.get(workspaceRecord.optional(), keys.workspace(id));
  if (workspace === undefined || workspace.deleted_at !== undefined) return;
  if (workspace.organization_id !== organization.organization_id) return;
  const now = { ...by(organization), days: 0 };
  await happened(deps.table.transact(workspaceTrashed(deps.now(), workspace, now)));
}

async function endClient(
  deps: DueDeps,
  id: string,
  by: EndedBy,
  lastOwner: "ends" | "stays" = "ends",
): Promise<void> {
  const client = await deps.table.get(clientRecord.optional(), keys.client(id));
  // What it held ends by its own job.
  if (client === undefined || client.revoked_at !== undefined) return;
  await revokeAs(deps, id, { ...by, lastOwner, patienceMs: PATIENCE_MS });
}

/** The same of one that was left behind: not where it is the only owner of another organization, in which it goes on. */
async function endClientLeft(deps: DueDeps, id: string, by: EndedBy): Promise<void> {
  try {
    await endClient(deps, id, by, "stays");
  } catch (error) {
    if (!isWharfError(error, "conflict") || error.facts["retry_after_seconds"] !== undefined) throw error;
  }
}

const readGroup = ({ table }: DueDeps, id: string) => table.get(groupRecord.optional(), keys.principal(id));

async function endOneGroup(deps: DueDeps, group: GroupRecord, by: EndedBy): Promise<void> {
  const ended = group.disabled_at === undefined ? await endGroup(deps, group) : group;
  await finishEnding(deps, ended, by);
}

async function endMember(
  deps: DueDeps,
  { organization_id: organization }: OrganizationRecord,
  member: MemberRecord,
  by: EndedBy,
): Promise<void> {
  const [holder] = await deps.table.batchGet([keys.principal(member.principal_id)]);
  // Clients have ended with all they had; what one of them had elsewhere was its own.
  if (holder === undefined || isOwnClient(organization, holder)) return;
  if (member.left_at !== undefined) return finishLeaving(deps, by, organization, member);
  await endFormer(deps, { organization, member, holder }, by);
}

/** Whether it is a client of the organization's, which ended as one. */
function isOwnClient(organization: string, holder: Item): boolean {
  const client = clientRecord.safeParse(holder).data;
  return client !== undefined && homeOf(client) === organization;
}
