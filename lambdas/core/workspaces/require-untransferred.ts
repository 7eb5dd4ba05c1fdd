import type { Check } from "#aws/table.ts";
import { workspaceNow } from "#core/access/organization-now.ts";
import { stillUnclaimed } from "#core/access/organization-writes.ts";
import type { WorkspaceRecord } from "#core/access/records.ts";
import { organizationMet } from "#core/access/standing.ts";
import type { Call } from "#core/kernel/call.ts";
import { notFound } from "#core/kernel/error.ts";

/**
 * What changes a workspace's own record does so by what was decided before it was handed over, or not at all: that record's
 * next change is its new owner's.
 *
 * @returns what must hold for that as it is written: it isn't handed over with its organization meanwhile.
 * @throws WharfError not_found where it has been handed over since the call was decided
 */
export function requireUntransferred(
  { access, caller }: Pick<Call, "access" | "caller">,
  workspace: WorkspaceRecord,
): Check[] {
  if (access === undefined) return [];
  const { workspace_id, organization_id } = workspace;
  const organization = organizationMet(caller, organization_id);
  const isSame =
    organization !== undefined && workspaceNow(workspace, organization).epoch === access.workspace.epoch;
  if (!isSame) throw notFound("workspace", workspace_id);
  return [stillUnclaimed(organization_id, organization.epoch)];
}
