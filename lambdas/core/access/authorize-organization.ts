import type { MemberRole } from "#contract/roles.ts";
import type { OrganizationAction } from "#contract/route.ts";
import type { Call, Caller } from "#core/kernel/call.ts";
import { notFound, WharfError } from "#core/kernel/error.ts";

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
};

/** The same as an answer. */
export function mayInOrganization(
  { rights: { organizations, details } }: Pick<Caller, "rights">,
  organization: string,
  action: OrganizationAction,
): boolean {
  const role = Object.hasOwn(organizations, organization) ? organizations[organization] : undefined;
  return role !== undefined && details === undefined && rolesFor[action].includes(role);
}

/**
 * Decides by the caller's role in an organization, which its own record says: no read.
 *
 * @param organization @default the client's own, the person's only one
 * @returns the organization's id.
 * @throws WharfError not_found for one that it doesn't belong to; forbidden by its role, or for a restricted token, which
 * reaches nothing but what it names; invalid_request where it belongs to several and names none.
 */
export function authorizeOrganization(
  { caller, decided }: Pick<Call, "caller" | "decided">,
  organization: string | undefined,
  action: OrganizationAction,
): string {
  decided?.();
  const { home, details } = caller.rights;
  const wanted = organization ?? home;
  if (wanted === undefined)
    throw new WharfError(
      "conflict",
      "You belong to several organizations, or none: say which one is meant, by its id in `organization`.",
    );
  const role = roleIn(caller, wanted);
  if (role === undefined) throw notFound("organization", wanted);
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
      `Your role in this organization is ${role}; this needs ${rolesFor[action].join(" or ")}.`,
      { required_role: [...rolesFor[action]], required_scopes: [] },
    );
  }
  return wanted;
}

/** The caller's role in an organization; `undefined` where it has none. */
export function roleIn({ rights }: Pick<Caller, "rights">, organization: string): MemberRole | undefined {
  return Object.hasOwn(rights.organizations, organization) ? rights.organizations[organization] : undefined;
}

/** Whether a role lets its holder do that. */
export const roleMay = (role: MemberRole | undefined, action: OrganizationAction): boolean =>
  role !== undefined && rolesFor[action].includes(role);
