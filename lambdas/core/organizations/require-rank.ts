import type { MemberRole } from "#contract/roles.ts";
import { roleIn } from "#core/access/authorize-organization.ts";
import type { Caller } from "#core/kernel/call.ts";
import { WharfError } from "#core/kernel/error.ts";

/** Nobody gives, or takes, a role above their own: only owners make owners, or end that. @throws WharfError forbidden */
export function requireRank(caller: Caller, organization: string, ...roles: readonly MemberRole[]): void {
  if (!roles.includes("owner") || roleIn(caller, organization) === "owner") return;
  throw new WharfError("forbidden", "Only an owner of the organization makes owners, or ends that.", {
    required_role: ["owner"],
    required_scopes: [],
  });
}
