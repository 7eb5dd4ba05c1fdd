import { type Key, keys, under } from "#aws/keys.ts";
import type { Item } from "#aws/table.ts";
import { isGrantOfNow, isMemberNow } from "#core/access/organization-now.ts";
import { grantRecord, memberRecord, type OrganizationRecord } from "#core/access/records.ts";
import { belongings } from "#core/access/standing.ts";
import { type Holder, readHolders } from "#core/accounts/read-holders.ts";
import { keyRecord } from "#core/accounts/records.ts";
import { readHooks } from "#core/endpoints/match-endpoints.ts";
import { isLive } from "#core/grants/grant-view.ts";
import { groupRecord } from "#core/groups/records.ts";
import { stateOf as invitationState } from "#core/invitations/invitation-view.ts";
import { invitationRecord } from "#core/invitations/records.ts";
import type { TableDeps } from "#core/kernel/deps.ts";
import { inParallel } from "#core/kernel/in-parallel.ts";
import { NO_RIGHTS } from "#core/kernel/rights.ts";
import { type Acting, MAX_ACTING } from "./contract.ts";
import { transferRecord } from "./records.ts";
import { stateOf } from "./transfer-view.ts";

const PARALLEL = 32;

/**
 * Who and what can act in an organization now, up to a thousand of them: its members, with their keys, and with the
 * endpoints and transfers that they have made; its groups and invitations; and who was granted something on one of its
 * workspaces and is no member.
 *
 * @param workspaces ids of its workspaces.
 * @returns `isWhole`: whether that is all.
 */
export async function listActing(
  deps: TableDeps,
  organization: OrganizationRecord,
  workspaces: readonly string[],
): Promise<{ acting: Acting[]; isWhole: boolean }> {
  const { organization_id } = organization;
  const rows = await rowsOf(deps, keys.member(organization_id, ""), under.members);
  const members = rows.map((row) => memberRecord.parse(row)).filter((row) => isMemberNow(row, organization));
  const ids = members.map(({ principal_id }) => principal_id);
  const holders = await readHolders(deps, ids);
  const lists = await Promise.all([
    inParallel(members, PARALLEL, async ({ principal_id, role }) => [
      memberActing(principal_id, role, holders.get(principal_id)),
      ...(await keysOf(deps, principal_id)),
      ...(await transfersOf(deps, principal_id, organization)),
    ]).then((all) => all.flat()),
    groupsOf(deps, organization),
    invitationsOf(deps, organization),
    endpointsOf(deps, organization, new Set(ids)),
    grantsOf(deps, workspaces, new Set(ids)),
  ]);
  const acting = lists.flat();
  return { acting: acting.slice(0, MAX_ACTING), isWhole: acting.length <= MAX_ACTING };
}

function memberActing(id: string, role: Acting["role"], holder: Holder | undefined): Acting {
  const type = id.startsWith("usr_") ? "person" : "client";
  return { type, id, ...(holder && { name: holder.name }), role, can_be_kept: true };
}

/** All rows of a list. */
async function rowsOf({ table }: TableDeps, { pk }: Pick<Key, "pk">, prefix: string): Promise<Item[]> {
  const rows: Item[] = [];
  let after: Item | undefined;
  do {
    const { items, next } = await table.query({
      where: "#pk = :pk AND begins_with(#sk, :prefix)",
      values: { pk, prefix },
      after,
    });
    rows.push(...items);
    after = next;
  } while (after !== undefined);
  return rows;
}

async function keysOf(deps: TableDeps, holder: string): Promise<Acting[]> {
  const rows = await rowsOf(deps, keys.principal(holder), under.apiKeys);
  return rows
    .map((row) => keyRecord.parse(row))
    .filter(({ revoked_at, expires_ms }) => revoked_at === undefined && expires_ms > deps.now())
    .map(({ key_id: id, name }) => ({ type: "key" as const, id, name, of: holder, can_be_kept: true }));
}

/** What a member offers of the organization's, and the organization itself. */
async function transfersOf(
  deps: TableDeps,
  maker: string,
  { organization_id }: OrganizationRecord,
): Promise<Acting[]> {
  const rows = await rowsOf(deps, keys.transferEntry(maker, ""), "trf_");
  const records = await deps.table.batchGet(rows.map(({ sk }) => keys.transfer(String(sk))));
  return records
    .map((item) => transferRecord.parse(item))
    .filter((one) => one.organization_id === organization_id && stateOf(deps.now(), one) === "pending")
    .map(({ transfer_id: id, name }) => ({
      type: "transfer" as const,
      id,
      name,
      of: maker,
      can_be_kept: false,
    }));
}

async function groupsOf(deps: TableDeps, { organization_id, epoch }: OrganizationRecord): Promise<Acting[]> {
  const rows = await rowsOf(deps, keys.organization(organization_id), under.groups);
  const records = await deps.table.batchGet(rows.map(({ group_id }) => keys.principal(String(group_id))));
  return records
    .map((item) => groupRecord.parse(item))
    .filter((group) => group.disabled_at === undefined && (group.epoch ?? 0) === epoch)
    .map(({ group_id: id, name }) => ({ type: "group" as const, id, name, can_be_kept: false }));
}

async function invitationsOf(deps: TableDeps, { organization_id }: OrganizationRecord): Promise<Acting[]> {
  const rows = await rowsOf(deps, keys.organization(organization_id), under.invitations);
  const records = await deps.table.batchGet(
    rows.map(({ invitation_id }) => keys.invitation(String(invitation_id))),
  );
  return records
    .map((item) => invitationRecord.parse(item))
    .filter((one) => invitationState(deps.now(), one) === "pending")
    .map(({ invitation_id: id, email: name, made_by }) => ({
      ...{ type: "invitation" as const, id, name, of: made_by.principal_id, can_be_kept: false },
    }));
}

/** Those that count as the organization's, and those of its members. */
async function endpointsOf(
  deps: TableDeps,
  { organization_id: organization }: OrganizationRecord,
  members: ReadonlySet<string>,
): Promise<Acting[]> {
  return (await readHooks(deps))
    .filter((hook) => hook.disabled_at === undefined)
    .filter((hook) => hook.organization_id === organization || members.has(hook.client_id))
    .map(({ webhook_id: id, url: name, client_id: of }) => ({
      ...{ type: "endpoint" as const, id, name, of, can_be_kept: members.has(of) },
    }));
}

/** What was granted on whole workspaces to who is no member: what a handover of one has left to who made that. */
async function grantsOf(
  deps: TableDeps,
  workspaces: readonly string[],
  members: ReadonlySet<string>,
): Promise<Acting[]> {
  const places = await belongings(deps, { id: "", rights: NO_RIGHTS }, workspaces);
  const all = await inParallel([...places.values()], PARALLEL, async ({ workspace, organization }) => {
    const rows = await rowsOf(deps, keys.resourceGrant(workspace.workspace_id, ""), under.resourceGrants);
    return rows
      .map((row) => grantRecord.parse(row))
      .filter((grant) => isLive(grant, deps.now()) && isGrantOfNow(grant, workspace, organization))
      .filter(({ principal_id: of }) => !members.has(of) && !of.startsWith("grp_"))
      .map(({ grant_id: id, principal_id: of }) => ({
        ...{ type: "grant" as const, id, name: workspace.name, of, can_be_kept: false },
      }));
  });
  return all.flat();
}
