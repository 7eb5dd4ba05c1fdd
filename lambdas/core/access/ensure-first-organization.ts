import { keys } from "#aws/keys.ts";
import { happened } from "#aws/table.ts";
import type { TableDeps } from "#core/kernel/deps.ts";
import { iso } from "#core/kernel/time.ts";
import { type NewOrganization, organizationWrites } from "./organization-writes.ts";
import { FIRST_ORGANIZATION, type OrganizationRecord, organizationRecord } from "./records.ts";

/** The organization that a deployment begins with, made where it isn't there yet: nobody owns it then. */
export async function ensureFirstOrganization({ table, now }: TableDeps): Promise<OrganizationRecord> {
  const read = () => table.get(organizationRecord, keys.organization(FIRST_ORGANIZATION));
  const found = await read();
  if (found !== undefined) return found;
  const first: NewOrganization = {
    organization_id: FIRST_ORGANIZATION,
    name: "default",
    owners: 0,
    created_at: iso(now()),
  };
  const made = organizationRecord.parse(first);
  if (await happened(table.transact(organizationWrites(first)))) return made;
  // By another at the same moment.
  return (await read()) ?? made;
}
