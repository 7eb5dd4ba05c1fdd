import { keys } from "#aws/keys.ts";
import type { Else, Write } from "#aws/table.ts";
import { isMemberNow, type OrganizationNow } from "#core/access/organization-now.ts";
import { memberRecord, type WorkspaceRecord } from "#core/access/records.ts";
import type { TableDeps } from "#core/kernel/deps.ts";

type Owned = Pick<WorkspaceRecord, "workspace_id" | "created_by">;

/** The place that a name has among its owner's is free, or the workspace's own. */
const ownOrFree = ({ workspace_id }: Owned) => ({
  condition: "attribute_not_exists(#pk) OR #workspace_id = :workspace_id",
  values: { workspace_id },
});

/**
 * Takes a name among those of whoever made a workspace; that of one from before owners were written down is among nobody's.
 *
 * @param taken what is told where another has it.
 */
export function takeName(workspace: Owned, name: string, taken?: Else): Write[] {
  const { workspace_id, created_by } = workspace;
  if (created_by === undefined) return [];
  const put = { ...keys.workspaceName(created_by, name), workspace_id };
  return [{ put, ...ownOrFree(workspace), ...(taken && { else: taken }) }];
}

/**
 * Whether whoever made a workspace is a member still, since its organization was handed over. Of one who isn't the name is
 * nothing any more: neither it nor the new owners learn of each other's names.
 */
export async function isMadeByMember(
  { table }: Pick<TableDeps, "table">,
  { created_by, organization_id }: Pick<WorkspaceRecord, "created_by" | "organization_id">,
  organization: OrganizationNow,
): Promise<boolean> {
  if (created_by === undefined) return false;
  const member = await table.get(memberRecord.optional(), keys.member(organization_id, created_by));
  return member !== undefined && isMemberNow(member, organization);
}

/** Leaves a name to another. */
export function leaveName(workspace: Owned, name: string): Write[] {
  const { created_by } = workspace;
  if (created_by === undefined) return [];
  return [{ remove: keys.workspaceName(created_by, name), ...ownOrFree(workspace) }];
}
