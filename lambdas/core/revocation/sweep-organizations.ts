import { type Key, keys, under } from "#aws/keys.ts";
import { happened, type Item } from "#aws/table.ts";
import {
  memberRecord,
  type OrganizationRecord,
  organizationRecord,
  workspaceRecord,
} from "#core/access/records.ts";
import { clientRecord } from "#core/accounts/records.ts";
import { endGroup, finishEnding } from "#core/groups/delete-group.ts";
import { groupRecord } from "#core/groups/records.ts";
import type { DueDeps } from "#core/kernel/deps.ts";
import { type Chance, eachDue } from "#core/kernel/each-due.ts";
import { finishLeaving } from "#core/organizations/finish-leaving.ts";
import { leaving } from "#core/organizations/remove-member.ts";
import { workspaceTrashed } from "#core/trash/delete-workspace.ts";
import { organizationPurged } from "#core/trash/purge-organization.ts";
import { revokeAs } from "./change-client.ts";

const PAGE = 50;
/** How long one client's end goes on before the next is looked at (ms); its own job does the rest. */
const PATIENCE_MS = 2_000;

const by = ({ organization_id }: Pick<OrganizationRecord, "organization_id">) => ({
  request_id: `purge-${organization_id}`,
  actor: { type: "system" as const, id: "system" },
});

/**
 * Purges organizations that have been closed for as long as they may be, and ends what is in purged ones, page by page:
 * workspaces go by the trash, clients as revoked ones do, then groups and members.
 *
 * @returns how many organizations are done.
 */
export function sweepOrganizations(deps: DueDeps): Promise<number> {
  return eachDue(deps, "organization", async (item, chance) => {
    const organization = organizationRecord.parse(item);
    const { closed_at, purged_ms } = organization;
    if (purged_ms !== undefined) return endAll(deps, organization, chance);
    if (closed_at === undefined) return false;
    const closed = { ...organization, closed_at };
    return happened(deps.table.transact(organizationPurged(deps.now(), closed, by(closed))));
  });
}

async function endAll(deps: DueDeps, organization: OrganizationRecord, chance: Chance): Promise<boolean> {
  const { organization_id } = organization;
  const steps: [prefix: string, end: (item: Item) => Promise<unknown>][] = [
    [under.organizationWorkspaces, (item) => endWorkspace(deps, organization, String(item["workspace_id"]))],
    [under.organizationClients, (item) => endClient(deps, organization, String(item["client_id"]))],
    [under.groups, (item) => endOneGroup(deps, organization, String(item["group_id"]))],
    [under.members, (item) => endMember(deps, organization, item)],
  ];
  for (const [prefix, end] of steps)
    if (!(await eachOf(deps, { pk: keys.organization(organization_id).pk, prefix }, chance, end)))
      return false;
  await deps.table.update({
    key: keys.organization(organization_id),
    // Its name goes with it; that it is closed stays, so that nothing that names it is ever another's.
    update: { set: { name: "" }, remove: ["due_pk", "due_sk"] },
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
  const isThere = workspace?.deleted_at === undefined;
  if (workspace === undefined || !isThere || workspace.organization_id !== organization.organization_id)
    return;
  const { actor, request_id } = by(organization);
  await happened(
    deps.table.transact(workspaceTrashed(deps.now(), workspace, { actor, request_id, days: 0 })),
  );
}

async function endClient(deps: DueDeps, organization: OrganizationRecord, id: string): Promise<void> {
  const client = await deps.table.get(clientRecord.optional(), keys.client(id));
  // What it held ends by its own job.
  if (client === undefined || client.revoked_at !== undefined) return;
  await revokeAs(deps, id, {
    ...by(organization),
    lastOwner: "ends",
    patienceMs: PATIENCE_MS,
  });
}

async function endOneGroup(deps: DueDeps, organization: OrganizationRecord, id: string): Promise<void> {
  const group = await deps.table.get(groupRecord.optional(), keys.principal(id));
  if (group === undefined) return;
  const ended = group.disabled_at === undefined ? await endGroup(deps, group) : group;
  await finishEnding(deps, ended, by(organization));
}

async function endMember(deps: DueDeps, organization: OrganizationRecord, item: Item): Promise<void> {
  const member = memberRecord.parse(item);
  const { organization_id } = organization;
  const [holder] = await deps.table.batchGet([keys.principal(member.principal_id)]);
  // Clients have ended with all they had; what one of them had elsewhere was its own.
  if (holder === undefined || member.principal_id.startsWith("cli_")) return;
  if (member.left_at !== undefined) return finishLeaving(deps, by(organization), organization_id, member);
  const { left, writes } = await leaving(
    deps,
    { organization: organization_id, member, holder },
    by(organization),
  );
  if (await happened(deps.table.transact(writes)))
    await finishLeaving(deps, by(organization), organization_id, left);
}
