import type { MemberRole } from "#contract/roles.ts";
import type { OrganizationRecord } from "#core/access/records.ts";
import { iso } from "#core/kernel/time.ts";
import type { Organization } from "./contract.ts";

/** An organization as a member of it sees it. */
export const organizationView = (
  {
    organization_id,
    name,
    created_at,
    closed_at,
    purge_ms,
  }: Pick<OrganizationRecord, "organization_id" | "name" | "created_at" | "closed_at" | "purge_ms">,
  role: MemberRole,
): Organization => ({
  ...{ organization_id, name, role, created_at },
  ...(closed_at !== undefined && { closed_at }),
  ...(purge_ms !== undefined && { purge_at: iso(purge_ms) }),
});
