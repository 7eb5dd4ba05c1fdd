import { keys } from "#aws/keys.ts";
import type { Else, Write } from "#aws/table.ts";
import type { WorkspaceRecord } from "#core/access/records.ts";

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

/** Leaves a name to another. */
export function leaveName(workspace: Owned, name: string): Write[] {
  const { created_by } = workspace;
  if (created_by === undefined) return [];
  return [{ remove: keys.workspaceName(created_by, name), ...ownOrFree(workspace) }];
}
