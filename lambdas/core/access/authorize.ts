/**
 * Reads what a decision needs beside the caller's record and the resource's, and decides.
 *
 * One round trip, at any depth: the workspace, the folders above, by a hint that they prove, and, where that may matter, the
 * caller's groups and its further grants, side by side; none in the root of the workspace that the caller's last call was
 * about (`hints.ts`) where a grant on it suffices. What is below a folder that is gone is gone. Rights are read strongly at
 * the start of a call and not conditioned in its writes.
 */
import * as z from "zod";
import { type Key, keys, under } from "#aws/keys.ts";
import type { Item } from "#aws/table.ts";
import { actionsOfRole, type MemberRole } from "#contract/roles.ts";
import { type Action, type Scope, scopesFor } from "#contract/scopes.ts";
import { type Call, type Caller, requireScope } from "#core/kernel/call.ts";
import type { TableDeps } from "#core/kernel/deps.ts";
import { notFound, WharfError } from "#core/kernel/error.ts";
import type { Allowed, HeldGrant } from "#core/kernel/rights.ts";
import type { Finding } from "#core/policy/rule.ts";
import { barred } from "./barred.ts";
import {
  type Asker,
  decide,
  isHanded,
  liveGrants,
  needsSight,
  type Place,
  type Refused,
  type Verdict,
} from "./decide.ts";
import { policyDenied } from "./enforce.ts";
import { remember } from "./hints.ts";
import { grantedSince, type OrganizationNow, ownedOf, roleNow, workspaceNow } from "./organization-now.ts";
import { type Located, rootFolder } from "./place.ts";
import { groupRightsRecord, heldGrantRecord } from "./records.ts";
import { grantsOf, heldGrant } from "./rights-of.ts";
import { type Holder, keysToStand, organizationFor, readStanding, type Standing } from "./standing.ts";
import { mayKnowMembers, whoMayGrant } from "./who-may-grant.ts";

/** An answer, with the way to where it was found. `barred`: it would be allowed, but for a policy. */
export type Decision = Allowed | (Refused & { barred?: Finding });

/** What is asked for, and how the resource is called where it is refused. */
export interface Asked {
  action: Action;
  /** Scopes of which one is needed. @default those that name the action */
  scopes?: readonly Scope[] | undefined;
  /** `["file", "file_…"]` */
  what: readonly [kind: string, id: string];
  /** Whether `has` and `onOwn` are to be all that there is, and not only enough for the action. @default false */
  whole?: boolean;
}

/**
 * Decides about one resource.
 *
 * @param located where it is; `undefined` where there is none, which costs and answers the same as one that the caller
 * may not know of.
 * @throws WharfError not_found; forbidden where the caller sees it, or the token lacks the scope.
 */
export async function authorize(
  deps: TableDeps,
  call: Pick<Call, "caller" | "decided">,
  located: Located | undefined,
  { action, scopes = scopesFor(action), what: [kind, id], whole = false }: Asked,
): Promise<Allowed> {
  call.decided?.();
  requireScope(call.caller, ...scopes);
  const decision = await judge(deps, call.caller, located, action, { whole });
  if (decision === undefined || (!decision.allowed && !decision.visible)) throw notFound(kind, id);
  if (decision.allowed) return decision;
  if (decision.barred !== undefined) throw policyDenied(decision.barred);
  const rights = mayKnowMembers(call.caller) ? await rightsAt(deps, call.caller, located) : undefined;
  throw forbidden(
    action,
    scopes,
    [kind, id],
    rights && (await whoMayGrant(deps, call.caller, rights, action)),
  );
}

/**
 * The same as an answer. The token has one of the scopes. Unless it is to be `whole`, `has` is what its holder's own
 * record gives, where that suffices, and no more.
 */
export async function judge(
  deps: TableDeps,
  caller: Caller,
  located: Located | undefined,
  action: Action,
  { whole = false }: { whole?: boolean } = {},
): Promise<Decision | undefined> {
  const asker = askerOf(deps, caller);
  const here = located?.isGone ? undefined : located;
  const quick = here && quickPlace(here);
  const atOnce = quick && decide(asker, action, quick, true);
  const isEnough = isWhole(atOnce, action) && !(whole && mayGain(caller, quick, atOnce));
  if (here === undefined || quick === undefined || (hasFurther(caller) && !isEnough))
    return hasFurther(caller) ? judgeByAll(deps, caller, located, action) : undefined;
  // Of what the caller may neither see nor use nothing is read.
  if (atOnce === undefined || (!atOnce.allowed && !atOnce.visible)) return atOnce;
  const { standing } = await readStanding(deps, caller, here);
  const organization = standing && (await organizationFor(deps, caller, standing.workspace));
  if (standing === undefined || organization === undefined) return undefined;
  const place = { ...quick, ...boundsOf(caller, standing, organization) };
  if (hasAllOf(asker, quick, place)) return decidedAt(caller, atOnce, standing, organization);
  return judgeByAll(deps, caller, { ...here, trail: standing.trail }, action);
}

/**
 * The same by all that the caller has, wherever that stands. What its organization is now is read for whoever has something
 * there, or had before it was handed over.
 */
async function judgeByAll(
  deps: TableDeps,
  caller: Caller,
  located: Located | undefined,
  action: Action,
): Promise<Decision | undefined> {
  const asker = askerOf(deps, caller);
  const all = await rightsEver(deps, caller, located);
  const verdict = all && decide({ ...asker, role: all.role, grants: all.grants }, action, all.place, true);
  if (all === undefined || verdict === undefined) return undefined;
  if (!verdict.allowed && !verdict.visible) return verdict;
  const organization = await organizationFor(deps, caller, all.workspace);
  if (organization === undefined) return undefined;
  const { role, grants, place } = rightsNow(caller, all, organization);
  return decidedAt(caller, decide({ ...asker, role, grants }, action, place, true), all, organization);
}

/** Whether nothing by which something was decided at once is from before the workspace was handed over. */
const hasAllOf = (asker: Asker, quick: Place, place: Place) =>
  liveGrants(asker, quick).length === liveGrants(asker, place).length && isHanded(quick) === isHanded(place);

/** What was decided, with where the resource stands. The next call is probably about the same workspace. */
function decidedAt(
  caller: Caller,
  verdict: Verdict,
  { trail, workspace }: Standing,
  organization: OrganizationNow,
): Decision {
  if (!verdict.allowed && !verdict.visible) return verdict;
  const owned = ownedOf(workspace, organization);
  remember(caller.id, owned);
  if (!verdict.allowed) return verdict;
  const role = roleNow(caller, owned.organization_id, organization);
  const why = barred(caller, role, owned.policy);
  if (why !== undefined) return { allowed: false, visible: true, barred: why };
  return { ...verdict, trail, workspace: owned };
}

/** Of which epochs a holder's grants hold there. */
const boundsOf = ({ id }: Holder, { workspace }: Standing, organization: OrganizationNow) => ({
  epoch: workspaceNow(workspace, organization).epoch,
  since: grantedSince(id, workspace, organization),
});

/** What of all that somebody was ever given holds now. */
function rightsNow(holder: Holder, all: WholeRights, organization: OrganizationNow): WholeRights {
  return {
    ...all,
    role: roleNow(holder, all.workspace.organization_id, organization),
    place: { ...all.place, ...boundsOf(holder, all, organization) },
  };
}

/** All that somebody has by which it is decided what it may do at a place, and where that stands. */
export interface WholeRights extends Standing {
  place: Place;
  /** Its role in the organization that owns the workspace. */
  role: MemberRole | undefined;
  /** Its own and its groups', wherever they are on. */
  grants: readonly HeldGrant[];
}

/**
 * Reads it whole, in one round trip or two, and one more for whoever is no member of the organization. `undefined` where
 * there is no such place, which costs the same, and where its organization is closed.
 */
export async function rightsAt(
  deps: TableDeps,
  holder: Holder,
  located: Located | undefined,
): Promise<WholeRights | undefined> {
  const all = await rightsEver(deps, holder, located);
  const organization = all && (await organizationFor(deps, holder, all.workspace));
  return organization && rightsNow(holder, all, organization);
}

/** The same before it is known how often the organization was handed over: more than it has, and never less. */
async function rightsEver(
  deps: TableDeps,
  holder: Holder,
  located: Located | undefined,
): Promise<WholeRights | undefined> {
  const { standing, grants } = await readFurther(deps, holder, located);
  if (located === undefined || standing === undefined) return undefined;
  const { workspace_id, file_id, made } = located;
  const { member_access, epoch, organization_id } = standing.workspace;
  const folders = standing.trail.map(({ folder_id }) => folder_id);
  const chain = file_id === undefined ? folders : [...folders, file_id];
  return {
    ...standing,
    place: { workspace_id, made, chain, member_access, since: epoch },
    role: holder.rights.organizations[organization_id],
    grants: [...holder.rights.grants, ...grants],
  };
}

/** Whether what is known without a read allows an action for good: nothing that is read more would add to it. */
export function isAllowedAtOnce(
  deps: TableDeps,
  caller: Caller,
  located: Located,
  { action, whole = false }: Pick<Asked, "action" | "whole">,
): boolean {
  const quick = quickPlace(located);
  const atOnce = decide(askerOf(deps, caller), action, quick, true);
  return isWhole(atOnce, action) && !(whole && mayGain(caller, quick, atOnce));
}

/**
 * What more rights could change of one that lists or reads there is nothing that verbs ask for. What is allowed as its
 * own may be allowed by more than that elsewhere.
 */
function isWhole(decision: Verdict | undefined, action: Action): boolean {
  if (decision?.allowed !== true || (decision.own && (decision.sees || !needsSight(action)))) return false;
  return decision.has.has("list") || decision.has.has("read");
}

/** The most that a role in an organization may give on a workspace. */
const OF_MEMBERS = { owner: "owner", admin: "manager", member: "editor" } as const;

/** Whether rights that stand elsewhere may let the caller do more there than is known at once. */
function mayGain({ rights }: Caller, quick: Place | undefined, atOnce: Verdict | undefined): boolean {
  const has: ReadonlySet<Action> = atOnce?.allowed === true ? atOnce.has : new Set();
  const gains = (actions: readonly Action[]) => actions.some((action) => !has.has(action));
  const { organizations, grants, more_grants, groups } = rights;
  const byRole = (role: MemberRole) => (role === "guest" ? [] : actionsOfRole(OF_MEMBERS[role]));
  const elsewhere = grants.filter(({ workspace_id }) => workspace_id === quick?.workspace_id);
  return (
    ((more_grants || groups.length > 0) && gains(actionsOfRole("owner"))) ||
    Object.values(organizations).some((role) => gains(byRole(role))) ||
    elsewhere.some(({ actions }) => gains(actions))
  );
}

/** The caller by its own record alone. */
function askerOf({ now }: Pick<TableDeps, "now">, { scopes, rights }: Caller): Asker {
  return { scopes, details: rights.details, grants: rights.grants, now: now() };
}

/** What is known of a place without a read: all of it in the root, else the nearest folder. */
function quickPlace({ workspace_id, folder_id, file_id, made }: Located): Place {
  const folder = folder_id === undefined || folder_id === rootFolder(workspace_id) ? [] : [folder_id];
  return { workspace_id, chain: [...folder, ...(file_id === undefined ? [] : [file_id])], made };
}

/** Whether more of its rights may stand elsewhere: what isn't there is looked for at the same cost as what is. */
function hasFurther({ rights }: Caller): boolean {
  const { organizations, grants, more_grants, groups, details } = rights;
  return (
    more_grants ||
    groups.length > 0 ||
    details !== undefined ||
    Object.values(organizations).some((role) => role !== "guest") ||
    grants.some(({ on, workspace_id }) => on !== workspace_id)
  );
}

/** Nobody's; read where there is nothing else to read. */
const NOTHING = "nothing";
/** Grants of one holder in one workspace, beyond those in its record. */
const furtherRow = heldGrantRecord.extend({ grant_id: z.string() });

/**
 * What a decision about the caller reads beside the folders above: for whoever reads something there already
 * (`Located.seen`).
 */
export function keysToDecide(caller: Caller, workspaceId: string): Key[] {
  const groups = hasFurther(caller) ? caller.rights.groups : [];
  return [...keysToStand(caller, workspaceId), ...groups.map((id) => keys.principal(id))];
}

/** One round trip, or two for a caller in a group that has more grants than its record holds. */
async function readFurther(deps: TableDeps, holder: Holder, located: Located | undefined) {
  const { groups, more_grants } = holder.rights;
  const workspace = located?.workspace_id ?? NOTHING;
  const ofGroups = groups.map((id) => keys.principal(id));
  const [{ standing, items }, own] = await Promise.all([
    readStanding(deps, holder, located ?? { workspace_id: NOTHING, isGone: true }, ofGroups),
    more_grants ? furtherGrants(deps, holder.id, workspace) : [],
  ]);
  return { standing, grants: [...own, ...(await groupGrants(deps, { items, groups, workspace }))] };
}

/** All of somebody's grants, wherever they are: its own and its groups'. */
export async function allGrants(deps: Pick<TableDeps, "table">, holder: Holder): Promise<HeldGrant[]> {
  const { grants, groups, more_grants } = holder.rights;
  const [own, items] = await Promise.all([
    more_grants ? furtherGrants(deps, holder.id, undefined) : [],
    deps.table.batchGet(groups.map((id) => keys.principal(id))),
  ]);
  return [...grants, ...own, ...(await groupGrants(deps, { items, groups }))];
}

/** @param workspace @default all of them */
async function furtherGrants(
  { table }: Pick<TableDeps, "table">,
  holder: string,
  workspace: string | undefined,
): Promise<HeldGrant[]> {
  const { pk, sk } = keys.furtherGrant(holder, workspace ?? "", "");
  const prefix = workspace === undefined ? under.furtherGrants : sk;
  const found: HeldGrant[] = [];
  let after: Item | undefined;
  do {
    const page = await table.query({
      where: "#pk = :pk AND begins_with(#sk, :prefix)",
      values: { pk, prefix },
      after,
    });
    for (const item of page.items) {
      const { grant_id, ...grant } = furtherRow.parse(item);
      found.push(heldGrant(grant_id, grant));
    }
    after = page.next;
  } while (after !== undefined);
  return found;
}

/** @param items among which the groups' records are. @param workspace @default all of them */
async function groupGrants(
  deps: Pick<TableDeps, "table">,
  {
    items,
    groups: ids,
    workspace,
  }: { items: readonly Item[]; groups: readonly string[]; workspace?: string },
): Promise<HeldGrant[]> {
  const groups = items
    .flatMap((item) => groupRightsRecord.safeParse(item).data ?? [])
    .filter(({ group_id, disabled_at }) => ids.includes(group_id) && disabled_at === undefined);
  const all = await Promise.all(
    groups.map(async (group) => {
      const further = group.more_grants > 0 ? await furtherGrants(deps, group.group_id, workspace) : [];
      return [...grantsOf(group), ...further].map((grant) => ({ ...grant, via: group.group_id }));
    }),
  );
  return all.flat();
}

const whoGrants = (action: Action, id: string) =>
  action === "transfer"
    ? "That is its owners' alone: who owns its organization, made it, was handed it, or was granted the role owner by one of them."
    : `Whoever has a role of manager there, or owns or administers the organization, can grant it: POST /v1/…/grants on ${/^(ws|fld|file)_/.test(id) ? id : "what it is in"}${id.startsWith("ws_") ? "" : " or a folder above"}.`;

/** 403 for whoever sees the thing: what would be needed, and who has it to give, for callers that may know. */
export function forbidden(
  action: Action,
  scopes: readonly Scope[],
  [kind, id]: readonly [string, string],
  grantors?: readonly string[],
): WharfError {
  return new WharfError(
    "forbidden",
    `You see this ${kind}, but may not ${action} there. ${whoGrants(action, id)}`,
    { required_action: action, required_scopes: [...scopes], ...(grantors && { grantors: [...grantors] }) },
  );
}
