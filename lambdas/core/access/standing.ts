/**
 * Where a resource stands: in a workspace that is there, below folders that are there.
 *
 * The workspace's record says whose it is and how often it has been handed over. It is read for each decision: with the
 * caller's token, where its last call was about the same (`hints.ts`), else with the folders above.
 */
import { type Key, keys, nameOfKey } from "#aws/keys.ts";
import type { Item } from "#aws/table.ts";
import type { Caller, Met } from "#core/kernel/call.ts";
import type { TableDeps } from "#core/kernel/deps.ts";
import type { Owned, TrailFolder } from "#core/kernel/rights.ts";
import type { Values } from "#core/policy/rule.ts";
import { actsByKept, type OrganizationNow, organizationAs, ownedOf, policyOf } from "./organization-now.ts";
import type { Located } from "./place.ts";
import { type WorkspaceRecord, workspaceRecord } from "./records.ts";
import { hintedFolders, trailOf } from "./trail.ts";

/** Whose memberships say which organizations matter: in another's nobody has anything. */
export type Holder = Pick<Caller, "id" | "rights" | "met" | "means" | "from">;

export interface Standing {
  workspace: WorkspaceRecord;
  /** From below the root down to the resource's own folder, or to itself. */
  trail: readonly TrailFolder[];
}

/** What says whether a workspace is there for somebody, as far as that hasn't been read in this call. */
export function keysToStand({ rights, met }: Holder, workspaceId: string): Key[] {
  const mine = Object.keys(rights.organizations);
  // Once the workspace is known, it is known which of them matters.
  const its = workspaceAmong(workspaceId, [], { met, evenDeleted: true })?.organization_id;
  const matter = its === undefined ? mine : mine.filter((id) => id === its);
  const all = [keys.workspace(workspaceId), ...matter.map((id) => keys.organization(id))];
  return all.filter((key) => !met?.has(nameOfKey(key)));
}

/** Keeps for the rest of the call what was read of these. */
export function meet(met: Met | undefined, wanted: readonly Key[], items: readonly Item[]): void {
  if (met === undefined) return;
  const read = new Map(items.map((item) => [nameOfKey(item), item]));
  for (const key of wanted) if (isMet(key)) met.set(nameOfKey(key), read.get(nameOfKey(key)));
}

/** Of all that is read, a call meets again only these. */
const isMet = ({ pk, sk }: Key) =>
  pk === keys.workspace("").pk || (pk.startsWith("ORG#") && sk === keys.organization("").sk);

/**
 * Reads where a resource stands, and what else is to be read with it: one round trip, none where all of it has been met.
 *
 * @returns `standing`: `undefined` where the resource, its workspace or a folder above is gone.
 */
export async function readStanding(
  deps: Pick<TableDeps, "table">,
  holder: Holder,
  located: Located,
  beside: readonly Key[] = [],
): Promise<{ standing: Standing | undefined; items: readonly Item[] }> {
  const { seen = [], trail: proved, workspace_id } = located;
  const folders = located.isGone || proved !== undefined ? [] : hintedFolders(located);
  const unmet = keysToStand(holder, workspace_id);
  const wanted = new Map<string, Key>();
  for (const key of [...unmet, ...folders.map((id) => keys.node(id)), ...beside])
    wanted.set(nameOfKey(key), key);
  for (const item of seen) wanted.delete(nameOfKey(item));
  const read = wanted.size === 0 ? [] : await deps.table.batchGet([...wanted.values()]);
  const items = [...seen, ...read];
  meet(holder.met, unmet, items);
  const { isGone = false, evenDeleted = false } = located;
  const workspace = isGone
    ? undefined
    : workspaceAmong(workspace_id, items, { met: holder.met, evenDeleted });
  if (workspace === undefined) return { standing: undefined, items };
  const trail = proved ?? (await trailOf(deps, located, items));
  return { standing: trail && { workspace, trail }, items };
}

/** A workspace that is there; `undefined` of one that is deleted, or purged. */
function workspaceAmong(
  id: string,
  items: readonly Item[],
  { met, evenDeleted = false }: { met?: Met | undefined; evenDeleted?: boolean } = {},
): WorkspaceRecord | undefined {
  const key = nameOfKey(keys.workspace(id));
  const stored = items.find((item) => nameOfKey(item) === key) ?? met?.get(key);
  const workspace = workspaceRecord.safeParse(stored).data;
  if (workspace?.deleted_at === undefined || (evenDeleted && workspace.purged_ms === undefined))
    return workspace;
  return undefined;
}

/** An organization as it is now: no read where the call has met it. `undefined` where it is closed. */
export async function openOrganization(
  deps: Pick<TableDeps, "table">,
  holder: Pick<Holder, "met">,
  organizationId: string,
): Promise<OrganizationNow | undefined> {
  const now = await organizationNow(deps, holder, organizationId);
  return now.closed_at === undefined ? now : undefined;
}

/** The same, open or not. */
export async function organizationNow(
  { table }: Pick<TableDeps, "table">,
  { met }: Pick<Holder, "met">,
  organizationId: string,
): Promise<OrganizationNow> {
  const key = keys.organization(organizationId);
  if (met?.has(nameOfKey(key))) return organizationAs(met.get(nameOfKey(key)));
  const items = await table.batchGet([key]);
  meet(met, [key], items);
  return organizationAs(items[0]);
}

/**
 * The organization of a workspace, in which somebody may have something: no read for its members, whose decisions read it
 * with the workspace. `undefined` where it is closed, or that acts by what wasn't kept when it was handed over.
 */
export async function organizationFor(
  deps: Pick<TableDeps, "table">,
  holder: Holder,
  { organization_id }: Pick<WorkspaceRecord, "organization_id">,
): Promise<OrganizationNow | undefined> {
  const now = await openOrganization(deps, holder, organization_id);
  return now !== undefined && actsByKept(holder, now) ? now : undefined;
}

/** An organization that the call has met: its decision was about it. */
export function organizationMet(
  { met }: Pick<Holder, "met">,
  organizationId: string,
): OrganizationNow | undefined {
  const key = nameOfKey(keys.organization(organizationId));
  return met?.has(key) ? organizationAs(met.get(key)) : undefined;
}

/**
 * Whether a thing of somebody's, as an endpoint, is good in an organization, or a workspace, that the call has met: see
 * `actsByKept`.
 */
export function isGoodIn({ id, met }: Pick<Holder, "id" | "met">, place: string, thing: string): boolean {
  const workspace = place.startsWith("ws_") ? met?.get(nameOfKey(keys.workspace(place))) : undefined;
  const organization = workspaceRecord.safeParse(workspace).data?.organization_id ?? place;
  const now = organizationMet({ met }, organization);
  return now === undefined || actsByKept({ id, means: [thing] }, now);
}

/** What holds in a workspace, or in an organization, that the call has met; `undefined` where no policy was ever set. */
export function policyMet({ met }: Pick<Holder, "met">, place: string): Values | undefined {
  const stored = place.startsWith("ws_") ? met?.get(nameOfKey(keys.workspace(place))) : undefined;
  const workspace = workspaceRecord.safeParse(stored).data;
  const organization = organizationMet({ met }, workspace?.organization_id ?? place);
  return policyOf(workspace?.policy, organization?.policy);
}

/** A workspace with the organization that it belongs to. */
export interface Belonging {
  workspace: WorkspaceRecord;
  organization: OrganizationNow;
}

/**
 * A workspace for somebody who may have something in it: `undefined` where it is gone, or its organization closed. At most
 * one round trip.
 */
export async function workspaceFor(
  deps: Pick<TableDeps, "table">,
  holder: Holder,
  workspace_id: string,
): Promise<Belonging | undefined> {
  const { standing } = await readStanding(deps, holder, { workspace_id });
  const organization = standing && (await organizationFor(deps, holder, standing.workspace));
  return organization && { workspace: standing.workspace, organization };
}

/** Organizations as they are now, by id: one round trip for those that the call hasn't met. */
export async function organizationsNow(
  deps: Pick<TableDeps, "table">,
  { met }: Pick<Holder, "met">,
  ids: readonly string[],
): Promise<ReadonlyMap<string, OrganizationNow>> {
  const wanted = [...new Set(ids)].map((id) => keys.organization(id));
  const unmet = wanted.filter((key) => !met?.has(nameOfKey(key)));
  const items = await deps.table.batchGet(unmet);
  meet(met, unmet, items);
  const known = new Map([...(met ?? []), ...items.map((item) => [nameOfKey(item), item] as const)]);
  return new Map(
    [...new Set(ids)].map((id) => [id, organizationAs(known.get(nameOfKey(keys.organization(id))))]),
  );
}

/**
 * Workspaces with their organizations, by id, there or not: one round trip, and one more where some belong to
 * organizations of which the holder is no member.
 */
export async function belongings(
  deps: Pick<TableDeps, "table">,
  holder: Holder,
  workspaceIds: readonly string[],
): Promise<ReadonlyMap<string, Belonging>> {
  const places = [...new Set(workspaceIds)].map((id) => keys.workspace(id));
  const mine = Object.keys(holder.rights.organizations).map((id) => keys.organization(id));
  const unmet = places.length === 0 ? [] : mine.filter((key) => !holder.met?.has(nameOfKey(key)));
  const items = await deps.table.batchGet([...places, ...unmet]);
  const met: Met = holder.met ?? new Map();
  meet(met, unmet, items);
  const workspaces = items.flatMap((item) => workspaceRecord.safeParse(item).data ?? []);
  const owners = workspaces.map(({ organization_id }) => organization_id);
  const organizations = await organizationsNow(deps, { met }, owners);
  return new Map(
    workspaces.flatMap((workspace) => {
      const organization = organizations.get(workspace.organization_id);
      return organization === undefined ? [] : [[workspace.workspace_id, { workspace, organization }]];
    }),
  );
}

/** Whose a workspace is, there or not, for what goes on in the background. `undefined` where there never was one. */
export async function ownedNow(
  deps: Pick<TableDeps, "table">,
  workspaceId: string,
): Promise<Owned | undefined> {
  const workspace = await deps.table.get(workspaceRecord.optional(), keys.workspace(workspaceId));
  if (workspace === undefined) return undefined;
  return ownedOf(workspace, await organizationNow(deps, {}, workspace.organization_id));
}

/** A workspace that is there, and whose organization is open, as far as that is known without a read. */
export function knownOpen(workspaceId: string, items: readonly Item[]): Owned | undefined {
  const workspace = workspaceAmong(workspaceId, items);
  const organization = nameOfKey(keys.organization(workspace?.organization_id ?? ""));
  const stored = items.find((item) => nameOfKey(item) === organization);
  return workspace !== undefined && stored !== undefined ? ownedIfOpen(workspace, stored) : undefined;
}

/**
 * A workspace that is there, and whose organization is open, for whoever needs no rights, as a link's: what wasn't read of
 * it is read.
 *
 * @param items what was read of its record, and of the organization's whose it was.
 */
export async function openWorkspace(
  { table }: Pick<TableDeps, "table">,
  workspaceId: string,
  items: readonly Item[],
): Promise<Owned | undefined> {
  const known = knownOpen(workspaceId, items);
  if (known !== undefined) return known;
  const isRead = items.some((item) => nameOfKey(item) === nameOfKey(keys.workspace(workspaceId)));
  const read = isRead ? items : await table.batchGet([keys.workspace(workspaceId)]);
  const workspace = workspaceAmong(workspaceId, read);
  if (workspace === undefined) return undefined;
  const [organization] = await table.batchGet([keys.organization(workspace.organization_id)]);
  return ownedIfOpen(workspace, organization);
}

function ownedIfOpen(workspace: WorkspaceRecord, stored: Item | undefined): Owned | undefined {
  const organization = organizationAs(stored);
  return organization.closed_at === undefined ? ownedOf(workspace, organization) : undefined;
}
