import { keys } from "#aws/keys.ts";
import type { Write } from "#aws/table.ts";
import type { MemberAccess } from "#contract/roles.ts";

/** What lists a workspace in its organization, by id and by name: for transactions that know whether they come late. */
export function organizationEntries(
  organization: string,
  entry: {
    workspaceId: string;
    name: string;
    member_access?: MemberAccess | undefined;
    epoch?: number | undefined;
    organization_epoch?: number | undefined;
  },
): Write[] {
  const { workspaceId: workspace_id, name, member_access } = entry;
  const epochs = {
    epoch: entry.epoch || undefined,
    organization_epoch: entry.organization_epoch || undefined,
  };
  const item = { workspace_id, name, member_access, ...epochs };
  const blind = "the transaction that it stands in says whether the workspace still is so";
  return [
    { put: { ...keys.organizationWorkspace(organization, workspace_id), ...item }, blind },
    { put: { ...keys.organizationName(organization, name, workspace_id), ...item }, blind },
  ];
}

/** The other way round: it is listed there no more. */
export function noOrganizationEntries(
  organization: string,
  { workspaceId, name }: { workspaceId: string; name: string },
): Write[] {
  return [
    { remove: keys.organizationWorkspace(organization, workspaceId) },
    { remove: keys.organizationName(organization, name, workspaceId) },
  ];
}
