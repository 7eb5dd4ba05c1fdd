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
import type { Located } from "./place.ts";
import { organizationRecord, type WorkspaceRecord, workspaceRecord } from "./records.ts";
import { hintedFolders, trailOf } from "./trail.ts";

/** Whose memberships say which organizations matter: in another's nobody has anything. */
export type Holder = Pick<Caller, "id" | "rights" | "met">;

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

/**
 * Whether the organization is open that a workspace belongs to: no read for its members, whose decisions read it with the
 * workspace.
 */
export async function isOrganizationOpen(
  { table }: Pick<TableDeps, "table">,
  { met }: Pick<Holder, "met">,
  { organization_id }: Pick<WorkspaceRecord, "organization_id">,
): Promise<boolean> {
  const key = keys.organization(organization_id);
  if (met?.has(nameOfKey(key))) return isOpen(met.get(nameOfKey(key)));
  const items = await table.batchGet([key]);
  meet(met, [key], items);
  return isOpen(items[0]);
}

/**
 * A workspace for somebody who may have something in it: `undefined` where it is gone, or its organization closed. At most
 * one round trip.
 */
export async function workspaceFor(
  deps: Pick<TableDeps, "table">,
  holder: Holder,
  workspace_id: string,
): Promise<WorkspaceRecord | undefined> {
  const { standing } = await readStanding(deps, holder, { workspace_id });
  if (standing === undefined || !(await isOrganizationOpen(deps, holder, standing.workspace)))
    return undefined;
  return standing.workspace;
}

/** A workspace that is there, and whose organization is open, as far as that is known without a read. */
export function knownOpen(workspaceId: string, items: readonly Item[]): WorkspaceRecord | undefined {
  const workspace = workspaceAmong(workspaceId, items);
  const organization = nameOfKey(keys.organization(workspace?.organization_id ?? ""));
  const stored = items.find((item) => nameOfKey(item) === organization);
  return stored !== undefined && isOpen(stored) ? workspace : undefined;
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
): Promise<WorkspaceRecord | undefined> {
  const known = knownOpen(workspaceId, items);
  if (known !== undefined) return known;
  const isRead = items.some((item) => nameOfKey(item) === nameOfKey(keys.workspace(workspaceId)));
  const read = isRead ? items : await table.batchGet([keys.workspace(workspaceId)]);
  const workspace = workspaceAmong(workspaceId, read);
  if (workspace === undefined) return undefined;
  const [organization] = await table.batchGet([keys.organization(workspace.organization_id)]);
  return isOpen(organization) ? workspace : undefined;
}

/** The first organization of an old deployment has no record. */
const isOpen = (organization: Item | undefined) =>
  organizationRecord.safeParse(organization).data?.closed_at === undefined;

/** Whose it is. */
export const ownedOf = ({ workspace_id, organization_id, epoch, links_from }: WorkspaceRecord): Owned => ({
  ...{ workspace_id, organization_id, epoch, links_from },
});
