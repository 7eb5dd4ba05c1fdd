import { createHash } from "node:crypto";
import type * as z from "zod";
import { actionsOfRole } from "#contract/roles.ts";
import type { Action, Scope } from "#contract/scopes.ts";
import type { HeldGrant, Rights } from "#core/kernel/rights.ts";
import { FIRST_ORGANIZATION, type heldGrantRecord, type rightsShape } from "./records.ts";
import { roleStored, storedRole } from "./stored-role.ts";

type HeldGrantRecord = z.infer<typeof heldGrantRecord>;
type RightsRecord = z.infer<z.ZodObject<typeof rightsShape>>;

/** A grant of a record, with what its role stands for today. */
export function heldGrant(grant_id: string, { role, actions, ...rest }: HeldGrantRecord): HeldGrant {
  return { grant_id, ...rest, role, actions: actions ?? (role === undefined ? [] : actionsOfRole(role)) };
}

/** A record's grants. */
export function grantsOf({ grants }: Pick<RightsRecord, "grants">): HeldGrant[] {
  return Object.entries(grants).map(([id, grant]) => heldGrant(id, grant));
}

/** The rights that a record of today has. */
export function rightsOf(record: RightsRecord): Rights {
  const held = Object.entries(record.organizations ?? {}).flatMap(([id, stored]) => {
    const one = roleStored(stored);
    return one === undefined ? [] : [{ id, ...one }];
  });
  const [only, ...others] = held.map(({ id }) => id);
  return {
    organizations: Object.fromEntries(held.map(({ id, role }) => [id, role])),
    epochs: Object.fromEntries(held.flatMap(({ id, epoch }) => (epoch === 0 ? [] : [[id, epoch]]))),
    home: others.length === 0 ? only : undefined,
    grants: grantsOf(record),
    more_grants: record.more_grants > 0,
    groups: record.groups,
  };
}

/** Somebody's role in an organization as its record has it. */
export function roleHeld({ rights }: { rights: Rights }, organization: string): string | undefined {
  const role = Object.hasOwn(rights.organizations, organization)
    ? rights.organizations[organization]
    : undefined;
  return role && storedRole(role, rights.epochs?.[organization] ?? 0);
}

/** A client as it was before there were organizations. */
export interface FormerClient {
  client_id: string;
  scopes: readonly Scope[];
  default_workspace?: string | undefined;
  workspaces: Readonly<Record<string, string>>;
}

/** What a client could do in a workspace that another shared with it: all but granting, which nobody could. */
export const OF_SHARED: readonly Action[] = actionsOfRole("manager").filter(
  (action) => action !== "grant" && action !== "manage",
);

/**
 * The rights of a client from before there were organizations: exactly what it could do then. What the sweep's migration
 * writes into its record, and what is read of one where it hasn't been yet.
 *
 * @param owned workspaces that it made. @default its default one, which is all that its own record says of it
 */
export function formerRights(
  { client_id, scopes, default_workspace, workspaces }: FormerClient,
  owned: ReadonlySet<string | undefined> = new Set([default_workspace]),
) {
  const grants = Object.keys(workspaces).map((workspace): [string, HeldGrantRecord] => [
    formerGrantId(client_id, workspace),
    { on: workspace, workspace_id: workspace, ...formerRole(owned.has(workspace)) },
  ]);
  return {
    organizations: {
      [FIRST_ORGANIZATION]: scopes.includes("admin") ? ("admin" as const) : ("guest" as const),
    },
    grants: Object.fromEntries(grants.slice(0, MAX_IN_RECORD)),
    /** A client had up to 100 workspaces. */
    further: grants.slice(MAX_IN_RECORD),
    scopes: formerScopes(scopes),
  };
}

/** What a client had on a workspace that it made, and on another's. */
export function formerRole(isOwn: boolean): Pick<HeldGrantRecord, "role" | "actions"> {
  return isOwn ? { role: "owner" } : { actions: [...OF_SHARED] };
}

/** Grants that a holder's record has itself: 4 KB of them. */
export const MAX_IN_RECORD = 50;

/** The scopes that say today what these said before deleting, locking and seeing links had their own. */
export function formerScopes(scopes: readonly Scope[]): Scope[] {
  const more: Scope[] = [];
  if (scopes.includes("files:write")) more.push("files:delete", "locks:write");
  if (scopes.includes("shares:write")) more.push("shares:read");
  return [...new Set([...scopes, ...more])];
}

const CROCKFORD = "0123456789ABCDEFGHJKMNPQRSTVWXYZ";

/** The id of such a grant: the same each time, so that the migration can be repeated. */
export function formerGrantId(clientId: string, workspaceId: string): string {
  return `grt_${crockford(createHash("sha256").update(`${clientId} ${workspaceId}`).digest())}`;
}

/** A hash in the form of a ULID. */
export function crockford(bytes: Uint8Array): string {
  // 26 digits of 5 bits are 130: a ULID's first is 7 at most.
  const digits = Array.from({ length: 26 }, (_, at) => CROCKFORD[(bytes[at] ?? 0) % (at === 0 ? 8 : 32)]);
  return digits.join("");
}
