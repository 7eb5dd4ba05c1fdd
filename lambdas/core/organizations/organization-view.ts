import type { MemberRole } from "#contract/roles.ts";
import type { OrganizationRecord } from "#core/access/records.ts";
import type { Organization } from "./contract.ts";

/** An organization as a member of it sees it. */
export const organizationView = (
  { organization_id, name, created_at }: OrganizationRecord,
  role: MemberRole,
): Organization => ({ organization_id, name, role, created_at });
