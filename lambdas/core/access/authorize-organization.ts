import type { MemberRole } from "#contract/roles.ts";
import type { OrganizationAction } from "#contract/route.ts";
import type { Call, Caller } from "#core/kernel/call.ts";
import type { TableDeps } from "#core/kernel/deps.ts";
import { notFound, WharfError } from "#core/kernel/error.ts";
import { rememberOrganization } from "./hints.ts";
import { isOrganizationOpen } from "./standing.ts";

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

/** What owners may do to one that is closed. */
const OF_CLOSED: ReadonlySet<OrganizationAction> = new Set(["see", "close"]);

/** The same as an answer, whether it is open or not. */
export function mayInOrganization(
  { rights: { organizations, details } }: Pick<Caller, "rights">,
  organization: string,
  action: OrganizationAction,
): boolean {
  const role = Object.hasOwn(organizations, organization) ? organizations[organization] : undefined;
  return role !== undefined && details === undefined && rolesFor[action].includes(role);
}

/**
 * Decides by the caller's role in an organization, which its own record says, and by whether that is open: one read where
 * the call hasn't met it yet. One that is closed is there for its owners alone, to be seen and restored.
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
  const role = roleIn(caller, wanted);
  if (role === undefined) throw notFound("organization", wanted);
  const isLeft = role === "owner" && OF_CLOSED.has(action);
  if (!isLeft && !(await isOrganizationOpen(deps, caller, { organization_id: wanted })))
    throw notFound("organization", wanted);
  rememberOrganization(caller.id, wanted);
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
