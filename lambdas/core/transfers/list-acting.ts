import * as z from "zod";
import { keys, under } from "#aws/keys.ts";
import { scope } from "#contract/scopes.ts";
import { isGrantOfNow, isMemberNow } from "#core/access/organization-now.ts";
import { grantRecord, memberRecord, type OrganizationRecord } from "#core/access/records.ts";
import { type Belonging, belongings } from "#core/access/standing.ts";
import { keyRecord } from "#core/accounts/records.ts";
import { readHooks } from "#core/endpoints/match-endpoints.ts";
import { isLive } from "#core/grants/grant-view.ts";
import { groupRecord } from "#core/groups/records.ts";
import { stateOf as invitationState } from "#core/invitations/invitation-view.ts";
import { invitationRecord } from "#core/invitations/records.ts";
import type { TableDeps } from "#core/kernel/deps.ts";
import { inParallel } from "#core/kernel/in-parallel.ts";
import { allRows } from "#core/kernel/live-rows.ts";
import { NO_RIGHTS } from "#core/kernel/rights.ts";
import { iso } from "#core/kernel/time.ts";
import { type Acting, MAX_ACTING } from "./contract.ts";
import { transferRecord } from "./records.ts";
import { stateOf } from "./transfer-view.ts";

const PARALLEL = 32;

/** What is looked into, and until when. */
interface Where {
  /** Ids of the organization's workspaces. */
  workspaces: readonly string[];
  timeLeft(): boolean;
  /** The transfer that it is looked at for, and who made that, who isn't kept by id. */
  offer: { transfer_id?: string | undefined; maker: string };
}

/**
 * Who and what can act in an organization now, up to a thousand of them: its members, with their keys, and with the
 * endpoints and transfers that they have made; its groups and invitations; and who was granted something on one of its
 * workspaces and is no member.
 *
 * @returns `isWhole`: whether that is all.
 */
export async function listActing(
  deps: TableDeps,
  organization: OrganizationRecord,
  { workspaces, timeLeft, offer }: Where,
): Promise<{ acting: Acting[]; isWhole: boolean }> {
  const { organization_id } = organization;
  const rows = await allRows(deps, keys.member(organization_id, ""), under.members);
  const members = rows.map((row) => memberRecord.parse(row)).filter((row) => isMemberNow(row, organization));
  const ids = members.map(({ principal_id }) => principal_id);
  const holders = await holdersOf(deps, ids);
  let isWhole = true;
  const inTime = async (find: () => Promise<Acting[]>) => {
    if (timeLeft()) return find();
    isWhole = false;
    return [];
  };
  const ofEach = async (find: (id: string) => Promise<Acting[]>) =>
    (await inParallel(ids, PARALLEL, (id) => inTime(() => find(id)))).flat();
  const lists = await Promise.all([
    members.map(({ principal_id: id, role }) => memberActing(id, role, holders.get(id))),
    ofEach((id) => keysOf(deps, id)),
    ofEach((id) => transfersOf(deps, id, organization)),
    groupsOf(deps, organization),
    invitationsOf(deps, organization),
    endpointsOf(deps, organization, new Set(ids)),
    grantsOf(deps, workspaces, { members: new Set(ids), inTime }),
  ]);
  const isMakers = ({ id, of = id }: Acting) => of === offer.maker;
  const acting = lists
    .flat()
    .filter(({ id }) => id !== offer.transfer_id)
    .map((one) => (isMakers(one) ? { ...one, can_be_kept: false } : one));
  return { acting: acting.slice(0, MAX_ACTING), isWhole: isWhole && acting.length <= MAX_ACTING };
}

const holderRecord = z.object({
  name: z.string(),
  scopes: z.array(scope).optional(),
  expires_ms: z.number().optional(),
});
type Holder = z.infer<typeof holderRecord>;

const ending = (expires_ms: number | undefined) =>
  expires_ms === undefined ? {} : { expires_at: iso(expires_ms) };

/** What members are called, and what clients of them can do at most. */
async function holdersOf({ table }: TableDeps, ids: readonly string[]): Promise<ReadonlyMap<string, Holder>> {
  const items = await table.batchGet(ids.map((id) => keys.principal(id)));
  return new Map(
    items.map((item) => [String(item["client_id"] ?? item["person_id"]), holderRecord.parse(item)]),
  );
}

function memberActing(id: string, role: Acting["role"], holder: Holder | undefined): Acting {
  const type = id.startsWith("usr_") ? "person" : "client";
  const { expires_ms, ...shown } = holder ?? {};
  return { type, id, ...shown, ...ending(expires_ms), role, can_be_kept: true };
}

async function keysOf(deps: TableDeps, holder: string): Promise<Acting[]> {
  const rows = await allRows(deps, keys.principal(holder), under.apiKeys);
  return rows
    .map((row) => keyRecord.parse(row))
    .filter(({ revoked_at, expires_ms }) => revoked_at === undefined && expires_ms > deps.now())
    .map(({ key_id: id, name, scopes, expires_ms }) => ({
      ...{ type: "key" as const, id, name, scopes, of: holder, ...ending(expires_ms), can_be_kept: true },
    }));
}

/** What a member offers of the organization's, and the organization itself. */
async function transfersOf(
  deps: TableDeps,
  maker: string,
  { organization_id }: OrganizationRecord,
): Promise<Acting[]> {
  const rows = await allRows(deps, keys.transferEntry(maker, ""), "trf_");
  const records = await deps.table.batchGet(rows.map(({ sk }) => keys.transfer(String(sk))));
  return records
    .map((item) => transferRecord.parse(item))
    .filter((one) => one.organization_id === organization_id && stateOf(deps.now(), one) === "pending")
    .map(({ transfer_id: id, name, expires_ms }) => ({
      ...{ type: "transfer" as const, id, name, of: maker, ...ending(expires_ms), can_be_kept: false },
    }));
}

async function groupsOf(deps: TableDeps, { organization_id, epoch }: OrganizationRecord): Promise<Acting[]> {
  const rows = await allRows(deps, keys.organization(organization_id), under.groups);
  const records = await deps.table.batchGet(rows.map(({ group_id }) => keys.principal(String(group_id))));
  return records
    .map((item) => groupRecord.parse(item))
    .filter((group) => group.disabled_at === undefined && (group.epoch ?? 0) === epoch)
    .map(({ group_id: id, name }) => ({ type: "group" as const, id, name, can_be_kept: false }));
}

async function invitationsOf(deps: TableDeps, { organization_id }: OrganizationRecord): Promise<Acting[]> {
  const rows = await allRows(deps, keys.organization(organization_id), under.invitations);
  const records = await deps.table.batchGet(
    rows.map(({ invitation_id }) => keys.invitation(String(invitation_id))),
  );
  return records
    .map((item) => invitationRecord.parse(item))
    .filter((one) => invitationState(deps.now(), one) === "pending")
    .map(({ invitation_id: id, email: name, made_by: { principal_id: of }, expires_ms }) => ({
      ...{ type: "invitation" as const, id, name, of, ...ending(expires_ms), can_be_kept: false },
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
  {
    members,
    inTime,
  }: { members: ReadonlySet<string>; inTime(find: () => Promise<Acting[]>): Promise<Acting[]> },
): Promise<Acting[]> {
  const places = await belongings(deps, { id: "", rights: NO_RIGHTS }, workspaces);
  const onOne = async ({ workspace, organization }: Belonging) => {
    const rows = await allRows(deps, keys.resourceGrant(workspace.workspace_id, ""), under.resourceGrants);
    return rows
      .map((row) => grantRecord.parse(row))
      .filter((grant) => isLive(grant, deps.now()) && isGrantOfNow(grant, workspace, organization))
      .filter(({ principal_id: of }) => !members.has(of) && !of.startsWith("grp_"))
      .map(({ grant_id: id, principal_id: of, expires_ms }) => ({
        ...{ type: "grant" as const, id, name: workspace.name, of, ...ending(expires_ms) },
        can_be_kept: false,
      }));
  };
  const all = await inParallel([...places.values()], PARALLEL, (place) => inTime(() => onOne(place)));
  return all.flat();
}
