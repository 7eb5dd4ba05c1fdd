import { keys } from "#aws/keys.ts";
import { epochIn, roleIn } from "#core/access/authorize-organization.ts";
import { type OrganizationRecord, organizationRecord } from "#core/access/records.ts";
import type { Call } from "#core/kernel/call.ts";
import type { TableDeps } from "#core/kernel/deps.ts";
import { notFound } from "#core/kernel/error.ts";
import type { Organization } from "./contract.ts";
import { organizationView } from "./organization-view.ts";

/**
 * An organization's record, for who was found to belong to it.
 *
 * @param epoch how often it had been handed over then.
 * @throws WharfError not_found where it is gone, or another's by now
 */
export async function findOrganization(
  { table }: TableDeps,
  organization: string,
  epoch: number,
): Promise<OrganizationRecord> {
  const found = await table.get(organizationRecord, keys.organization(organization));
  if (found === undefined || found.purged_ms !== undefined || found.epoch !== epoch)
    throw notFound("organization", organization);
  return found;
}

/** The same as the caller sees it. @throws WharfError not_found */
export async function showOrganization(
  deps: TableDeps,
  { caller }: Call,
  organization: string,
): Promise<Organization> {
  return organizationView(
    await findOrganization(deps, organization, epochIn(caller, organization)),
    roleIn(caller, organization) ?? "guest",
  );
}
