/**
 * Reads what a decision needs beside the caller's record and the resource's, and decides.
 *
 * No read where a grant on the workspace suffices; else one round trip, at any depth: the folders above, by a hint that
 * they prove, the workspace, the caller's groups and its further grants, side by side. Rights are read strongly at the
 * start of a call and not conditioned in its writes.
 */
import * as z from "zod";
import { type Key, keys, under } from "#aws/keys.ts";
import type { Item } from "#aws/table.ts";
import { MAX_DEPTH } from "#contract/common.ts";
import { actionsOfRole, type MemberRole } from "#contract/roles.ts";
import { type Action, type Scope, scopesFor } from "#contract/scopes.ts";
import { type Call, type Caller, requireScope } from "#core/kernel/call.ts";
import type { TableDeps } from "#core/kernel/deps.ts";
import { notFound, WharfError } from "#core/kernel/error.ts";
import type { Allowed, HeldGrant } from "#core/kernel/rights.ts";
import { type Asker, type Decision, decide, needsSight, type Place } from "./decide.ts";
import { type Located, nodeIn, rootFolder } from "./place.ts";
import {
  groupRightsRecord,
  heldGrantRecord,
  type NodeRecord,
  nodeRecord,
  type WorkspaceRecord,
  workspaceRecord,
} from "./records.ts";
import { grantsOf, heldGrant } from "./rights-of.ts";
import { mayKnowMembers, whoMayGrant } from "./who-may-grant.ts";

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
  const quick = located && quickPlace(located);
  const atOnce = quick && decide(asker, action, quick, true);
  const isEnough = isWhole(atOnce, action) && !(whole && mayGain(caller, quick, atOnce));
  if (!hasFurther(caller) || isEnough) return atOnce;
  const all = await rightsAt(deps, caller, located);
  return all && decide({ ...asker, role: all.role, grants: all.grants }, action, all.place, true);
}

/** Whose rights are read: the caller's, or another's. */
export type Holder = Pick<Caller, "id" | "rights">;

/** All that somebody has by which it is decided what it may do at a place. */
export interface WholeRights {
  place: Place;
  /** Its role in the organization that owns the workspace. */
  role: MemberRole | undefined;
  /** Its own and its groups', wherever they are on. */
  grants: readonly HeldGrant[];
  /** None where it is gone. */
  workspace: WorkspaceRecord | undefined;
}

/** Reads it whole, in one round trip or two. `undefined` where there is no such place, which costs the same. */
export async function rightsAt(
  deps: TableDeps,
  holder: Holder,
  located: Located | undefined,
): Promise<WholeRights | undefined> {
  const { workspace, chain, grants } = await readFurther(deps, holder, located);
  if (located === undefined || chain === undefined) return undefined;
  return {
    place: {
      ...{ workspace_id: located.workspace_id, chain, made: located.made },
      member_access: workspace?.member_access,
    },
    role: workspace && holder.rights.organizations[workspace.organization_id],
    grants: [...holder.rights.grants, ...grants],
    workspace,
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
function isWhole(decision: Decision | undefined, action: Action): boolean {
  if (decision?.allowed !== true || (decision.own && !needsSight(action))) return false;
  return decision.has.has("list") || decision.has.has("read");
}

/** Whether rights that stand elsewhere may let the caller do more there than is known at once. */
function mayGain({ rights }: Caller, quick: Place | undefined, atOnce: Decision | undefined): boolean {
  const has: ReadonlySet<Action> = atOnce?.allowed === true ? atOnce.has : new Set();
  const gains = (actions: readonly Action[]) => actions.some((action) => !has.has(action));
  const { organizations, grants, more_grants, groups } = rights;
  const byRole = (role: MemberRole) =>
    role === "guest" ? [] : actionsOfRole(role === "member" ? "editor" : "manager");
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

/** One round trip, or two for a caller in a group that has more grants than its record holds. */
async function readFurther(deps: TableDeps, holder: Holder, located: Located | undefined) {
  const { groups, more_grants } = holder.rights;
  const workspace = located?.workspace_id ?? NOTHING;
  const hint = located === undefined ? [] : (located.above ?? guess(located));
  const wanted = new Map<string, Key>();
  for (const key of [
    keys.workspace(workspace),
    ...hint.map((id) => keys.node(id)),
    ...groups.map((id) => keys.principal(id)),
  ])
    wanted.set(key.pk + key.sk, key);
  const [items, own] = await Promise.all([
    deps.table.batchGet([...wanted.values()]),
    more_grants ? furtherGrants(deps, holder.id, workspace) : [],
  ]);
  const ofGroups = await groupGrants(deps, items, workspace);
  const stored = items.find(({ pk }) => pk === keys.workspace("").pk);
  return {
    workspace: stored === undefined ? undefined : workspaceRecord.parse(stored),
    chain: located && (await chainOf(deps, located, hint, items)),
    grants: [...own, ...ofGroups],
  };
}

const guess = ({ folder_id, workspace_id }: Located) =>
  folder_id === undefined || folder_id === rootFolder(workspace_id) ? [] : [folder_id];

/** All of somebody's grants, wherever they are: its own and its groups'. */
export async function allGrants(deps: Pick<TableDeps, "table">, holder: Holder): Promise<HeldGrant[]> {
  const { grants, groups, more_grants } = holder.rights;
  const [own, items] = await Promise.all([
    more_grants ? furtherGrants(deps, holder.id, undefined) : [],
    deps.table.batchGet(groups.map((id) => keys.principal(id))),
  ]);
  return [...grants, ...own, ...(await groupGrants(deps, items, undefined))];
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

async function groupGrants(
  deps: Pick<TableDeps, "table">,
  items: readonly Item[],
  workspace: string | undefined,
): Promise<HeldGrant[]> {
  const groups = items
    .flatMap((item) => groupRightsRecord.safeParse(item).data ?? [])
    .filter(({ disabled_at }) => disabled_at === undefined);
  const all = await Promise.all(
    groups.map(async (group) => {
      const further = group.more_grants > 0 ? await furtherGrants(deps, group.group_id, workspace) : [];
      return [...grantsOf(group), ...further].map((grant) => ({ ...grant, via: group.group_id }));
    }),
  );
  return all.flat();
}

/**
 * The folders above a resource, from below the root down, then the file: those of the hint where each is the next one's
 * parent, else by walking. `undefined` where one of them is gone.
 */
async function chainOf(
  { table }: TableDeps,
  { workspace_id, folder_id, file_id }: Located,
  hint: readonly string[],
  items: readonly Item[],
): Promise<string[] | undefined> {
  const known = new Map(hint.map((id) => [id, nodeIn(items, id)]));
  const root = rootFolder(workspace_id);
  const chain: string[] = file_id === undefined ? [] : [file_id];
  let at: string | null = folder_id ?? root;
  for (let depth = 0; at !== root; depth++) {
    if (at === null || depth > MAX_DEPTH) return undefined;
    if (!known.has(at)) await readMore([at]);
    const folder: NodeRecord | undefined = nodeRecord.safeParse(known.get(at)).data;
    if (folder?.kind !== "folder" || folder.deleted_at !== undefined) return undefined;
    if (folder.workspace_id !== workspace_id) return undefined;
    chain.unshift(at);
    at = folder.parent_id ?? null;
    // Its own hint of those above it, where the first one said nothing of them.
    const unread: string[] = (folder.above ?? []).filter((id) => !known.has(id));
    if (at !== null && at !== root && unread.includes(at)) await readMore(unread);
  }
  return chain;

  /** What isn't there is gone: it isn't asked for again. */
  async function readMore(ids: readonly string[]): Promise<void> {
    const wanted = new Set(ids);
    const found = await table.batchGet([...wanted].map((id) => keys.node(id)));
    for (const id of wanted) known.set(id, nodeIn(found, id));
  }
}

/** 403 for whoever sees the thing: what would be needed, and who has it to give, for callers that may know. */
export function forbidden(
  action: Action,
  scopes: readonly Scope[],
  [kind, id]: readonly [string, string],
  grantors?: readonly string[],
): WharfError {
  return new WharfError(
    "forbidden",
    `You see this ${kind}, but may not ${action} there. Whoever has a role of manager there, or owns or administers the organization, can grant it: POST /v1/…/grants on ${id} or a folder above.`,
    { required_action: action, required_scopes: [...scopes], ...(grantors && { grantors: [...grantors] }) },
  );
}
