/**
 * Who may do what: the one decision, a pure function of what is known of a caller and of a resource.
 *
 * allowed = the token's scopes ∩ the token's own restriction ∩ what its holder has now (its role in the organization,
 * grants, and what it made itself). Grants only add: what is granted above holds for all below.
 */
import { actionsOfRole, type GrantedDetail, type MemberAccess, type MemberRole } from "#contract/roles.ts";
import { type Action, actionsOf, holds, type Scope } from "#contract/scopes.ts";
import { type Granted, type HeldGrant, holdsAt } from "#core/kernel/rights.ts";

/** Who asks, with all that was read of its rights. */
export interface Asker {
  scopes: ReadonlySet<Scope>;
  details?: readonly GrantedDetail[] | undefined;
  /** Its own and its groups'. */
  grants: readonly HeldGrant[];
  /** Its role in the organization that owns the workspace. */
  role?: MemberRole | undefined;
  now: number;
}

/** What is asked about. */
export interface Place {
  workspace_id: string;
  /** What members of the organization have on it. @default none */
  member_access?: MemberAccess | undefined;
  /** How often it has been handed over. @default as the grants say */
  epoch?: number | undefined;
  /** Since which of these what its holder itself was granted holds. @default the last: grants from before that are none */
  since?: number | undefined;
  /** Folders from below the workspace's root down to the resource, then the file. */
  chain: readonly string[];
  made?: Made | undefined;
}

/** Who made it, for callers that see nothing else. */
export interface Made {
  /** Whose making counts: the file's, that of the thing (version, link, lock, session), or either. */
  by: "file" | "thing" | "either";
  /** `mixed`: the caller made the file, and others have made versions of it. */
  file: "own" | "mixed" | "others";
  thing?: "own" | "others" | undefined;
  /** Of a link that was handed over to the caller: how often the workspace had been by then. */
  handed?: number | undefined;
}

/** `visible`: the caller knows that it exists. */
export interface Refused {
  allowed: false;
  visible: boolean;
}
export type Verdict = Granted | Refused;

/** What whoever sees nothing may do with what it made itself. */
const OF_OWN: ReadonlySet<Action> = new Set([
  ...(["list", "read", "write", "delete", "restore", "lock", "share", "hooks", "purge"] as const),
]);
/** What is done to files that the caller can't see only where it made them. */
const NEEDS_SIGHT: ReadonlySet<Action> = new Set([
  ...(["list", "read", "write", "delete", "restore", "lock", "share", "purge"] as const),
]);

/** Whether a right to it is worth something only to whoever sees the thing, or has made it. */
export const needsSight = (action: Action) => NEEDS_SIGHT.has(action);

/**
 * Decides one action.
 *
 * @param named whether the token's scopes name the action (`scopesFor`, or those that the route has in their stead).
 */
export function decide(
  asker: Asker,
  action: Action,
  place: Place,
  named = actionsOf(asker.scopes).has(action),
): Verdict {
  const has = hasThere(asker, place);
  const sees = (has.has("list") || has.has("read")) && holds(asker.scopes, "files:read");
  const blind = has.has("create") && !has.has("list") && !has.has("read");
  const within = restriction(asker, place);
  const scoped = actionsOf(asker.scopes);
  const reach = sees ? has : new Set([...OF_OWN].filter((one) => within?.has(one) ?? true));
  const onOwn = new Set([...reach].filter((one) => scoped.has(one)));
  const there = { sees, blind, has, onOwn };
  if (named && has.has(action) && (sees || !needsSight(action)))
    return { allowed: true, own: false, ...there };
  if (named && !sees && holdsAny(asker, place) && isOwn(action, place) && (within?.has(action) ?? true))
    return { allowed: true, own: true, ...there };
  if (named && action === "share" && isHanded(place) && (within?.has("share") ?? true))
    return { allowed: true, own: true, ...there };
  return { allowed: false, visible: sees };
}

/** What the holder has at a place by roles and grants, within the token's restriction. */
export function hasThere(asker: Asker, place: Place): ReadonlySet<Action> {
  const has = new Set<Action>(byRole(asker, place));
  for (const grant of liveGrants(asker, place)) for (const action of grant.actions) has.add(action);
  const within = restriction(asker, place);
  return within === undefined ? has : new Set([...has].filter((action) => within.has(action)));
}

/** The grants that hold at a place now. */
export function liveGrants({ grants, now }: Pick<Asker, "grants" | "now">, place: Place): HeldGrant[] {
  return grants.filter(
    (grant) => covers(place, grant.workspace_id, grant.on) && holdsAt(grant, now) && isOfNow(place, grant),
  );
}

/** Whether the place's link is the caller's, who may have no right to the file: until the workspace is handed over again. */
export function isHanded({ made, epoch }: Pick<Place, "made" | "epoch">): boolean {
  return made?.handed !== undefined && (epoch === undefined || made.handed === epoch);
}

/** Whether it was given since the workspace was last handed over, or its holder was kept then; groups never are. */
export function isOfNow(
  { epoch, since = epoch ?? 0 }: Pick<Place, "epoch" | "since">,
  { epoch: given = 0, via }: Pick<HeldGrant, "epoch" | "via">,
): boolean {
  if (epoch === undefined) return given >= since;
  return given <= epoch && given >= (via === undefined ? since : epoch);
}

/** What holds on a thing holds in the workspace where it was given: a file that goes to another leaves it behind. */
function covers({ workspace_id, chain }: Place, given: string, on: string): boolean {
  return given === workspace_id && (on === workspace_id || chain.includes(on));
}

/** What a role in the organization gives on each of its workspaces. */
export function byRole(
  { role }: Pick<Asker, "role">,
  { member_access = "none" }: Pick<Place, "member_access">,
): readonly Action[] {
  if (role === "owner") return actionsOfRole("owner");
  if (role === "admin") return actionsOfRole("manager");
  if (role === "member" && member_access !== "none") return actionsOfRole(member_access);
  return [];
}

/** What the token is restricted to at a place; `undefined` where it isn't. */
function restriction({ details }: Asker, place: Place): ReadonlySet<Action> | undefined {
  if (details === undefined) return undefined;
  const there = details.filter(({ workspace, folder, file }) =>
    covers(place, workspace, file ?? folder ?? workspace),
  );
  return new Set(there.flatMap(({ actions }) => actions));
}

/** Whoever has lost all rights to a place has lost what it made there too. */
function holdsAny(asker: Asker, place: Place): boolean {
  return hasThere({ ...asker, details: undefined }, place).size > 0;
}

function isOwn(action: Action, { made }: Place): boolean {
  if (made === undefined || !OF_OWN.has(action)) return false;
  const ownFile = made.file === "own";
  const ownThing = made.thing === "own";
  if (made.by === "file") return ownFile;
  if (made.by === "thing") return ownThing;
  return ownFile || ownThing;
}
