import type { MemberRole } from "#contract/roles.ts";
import type { OrganizationAction } from "#contract/route.ts";
import type { Call } from "#core/kernel/call.ts";
import type { TableDeps } from "#core/kernel/deps.ts";
import { notFound, WharfError } from "#core/kernel/error.ts";
import { barred } from "./barred.ts";
import { enforce, policyDenied } from "./enforce.ts";
import { rememberOrganization } from "./hints.ts";
import { type OrganizationNow, policyOf, roleNow } from "./organization-now.ts";
import { type Holder, organizationMet, organizationNow } from "./standing.ts";

/** Which roles may do what to an organization. */
const rolesFor: Record<OrganizationAction, readonly MemberRole[]> = {
  see: ["owner", "admin", "member", "guest"],
  leave: ["owner", "admin", "member", "guest"],
  list_members: ["owner", "admin", "member"],
  members: ["owner", "admin"],
  clients: ["owner", "admin"],
  workspaces: ["owner", "admin", "member"],
  organize: ["owner", "admin"],
  close: ["owner"],
  transfer: ["owner"],
  rules: ["owner", "admin", "member"],
  rule: ["owner", "admin"],
};

/** What owners may do to one that is closed. */
const OF_CLOSED: ReadonlySet<OrganizationAction> = new Set(["see", "close"]);

/** The same as an answer. No read for whoever never had such a role. */
export async function mayInOrganization(
  deps: Pick<TableDeps, "table">,
  holder: Holder,
  organization: string,
  action: OrganizationAction,
): Promise<boolean> {
  const { organizations, details } = holder.rights;
  const ever = Object.hasOwn(organizations, organization) ? organizations[organization] : undefined;
  if (details !== undefined || !roleMay(ever, action)) return false;
  const now = await organizationNow(deps, holder, organization);
  const role = roleIfOpen(holder, organization, now, action);
  return roleMay(role, action) && barred(holder, role, policyOf(undefined, now.policy)) === undefined;
}

/** Somebody's role, as far as that lets it do something: one that is closed is there for its owners alone. */
function roleIfOpen(
  holder: Holder,
  organization: string,
  now: OrganizationNow,
  action: OrganizationAction,
): MemberRole | undefined {
  const role = roleNow(holder, organization, now);
  const isLeft = role === "owner" && OF_CLOSED.has(action);
  return now.closed_at === undefined || isLeft ? role : undefined;
}

/**
 * Decides by the caller's role in an organization, which its own record says, and by what that is now, open and not handed
 * over since: one read where the call hasn't met it yet. One that is closed is there for its owners alone, to be seen and restored.
 *
 * @param organization @default the client's own, the person's only one
 * @returns the organization's id.
 * @throws WharfError not_found for one that it doesn't belong to, or that is closed; forbidden by its role, or for a restricted token, which
 * reaches nothing but what it names; invalid_request where it belongs to several and names none.
 */
export async function authorizeOrganization(
  deps: Pick<TableDeps, "table">,
  { caller, decided }: Pick<Call, "caller" | "decided">,
  organization: string | undefined,
  action: OrganizationAction,
): Promise<string> {
  decided?.();
  const { home, details } = caller.rights;
  const wanted = organization ?? home;
  if (wanted === undefined)
    throw new WharfError(
      "conflict",
      "You belong to several organizations, or none: say which one is meant, by its id in `organization`.",
    );
  // Of one that the caller never belonged to nothing is read.
  if (!Object.hasOwn(caller.rights.organizations, wanted)) throw notFound("organization", wanted);
  const now = await organizationNow(deps, caller, wanted);
  const role = roleIfOpen(caller, wanted, now, action);
  if (role === undefined) throw notFound("organization", wanted);
  rememberOrganization(caller.id, wanted);
  const why = barred(caller, role, policyOf(undefined, now.policy));
  // Whoever wants to leave may, from anywhere and as what it is.
  if (why !== undefined && action !== "leave") throw policyDenied(why);
  if (details !== undefined && action !== "see") {
    throw new WharfError(
      "forbidden",
      "This token is restricted to files (authorization_details) and changes nothing of the organization. Use one without a restriction.",
      { required_scopes: [] },
    );
  }
  if (!roleMay(role, action)) {
    throw new WharfError(
      "forbidden",
      `Your role in ${wanted} is ${role}; this needs ${rolesFor[action].join(" or ")}.`,
      { required_role: [...rolesFor[action]], required_scopes: [] },
    );
  }
  return wanted;
}

/** The caller's role in an organization, as far as the call knows that: `undefined` where it has none. */
export function roleIn(caller: Holder, organization: string): MemberRole | undefined {
  const now = organizationMet(caller, organization);
  if (now !== undefined) return roleNow(caller, organization, now);
  const { organizations } = caller.rights;
  return Object.hasOwn(organizations, organization) ? organizations[organization] : undefined;
}

/** How often an organization that a call has decided about had been handed over then: what is given in it carries that. */
export const epochIn = (caller: Holder, organization: string): number =>
  organizationMet(caller, organization)?.epoch ?? 0;

/** That an organization's policy lets it have members of a role. @throws WharfError policy_denied */
export function requireRoleAllowed(caller: Holder, organization: string, role: MemberRole): void {
  const policy = policyOf(undefined, organizationMet(caller, organization)?.policy);
  if (policy !== undefined) enforce(policy, { action: "give_role", role });
}

/** Whether a role lets its holder do that. */
export const roleMay = (role: MemberRole | undefined, action: OrganizationAction): boolean =>
  role !== undefined && rolesFor[action].includes(role);
