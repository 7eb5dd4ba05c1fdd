import { keys } from "#aws/keys.ts";
import { epochIn, roleIn } from "#core/access/authorize-organization.ts";
import type { Call } from "#core/kernel/call.ts";
import type { TableDeps } from "#core/kernel/deps.ts";
import { inRounds } from "#core/kernel/in-rounds.ts";
import { rename } from "#core/kernel/rename.ts";
import type { Organization } from "./contract.ts";
import { findOrganization } from "./find-organization.ts";
import { organizationView } from "./organization-view.ts";

/** Renames an organization. @throws WharfError not_found; conflict where others keep changing it */
export async function changeOrganization(
  deps: TableDeps,
  { caller }: Call,
  organization: string,
  { name }: { name: string },
): Promise<Organization> {
  const renamed = await inRounds(async () => {
    const seen = await findOrganization(deps, organization, epochIn(caller, organization));
    return rename(deps.table, keys.organization(organization), seen, name);
  }, "Others change this organization too; send it again.");
  return organizationView(renamed, roleIn(caller, organization) ?? "guest");
}
