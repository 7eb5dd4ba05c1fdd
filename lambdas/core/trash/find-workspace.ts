import { keys } from "#aws/keys.ts";
import { judge } from "#core/access/authorize.ts";
import { mayInOrganization } from "#core/access/authorize-organization.ts";
import { type WorkspaceRecord, workspaceRecord } from "#core/access/records.ts";
import { type Call, requireScope } from "#core/kernel/call.ts";
import type { TableDeps } from "#core/kernel/deps.ts";
import { notFound } from "#core/kernel/error.ts";

export type TrashedWorkspace = WorkspaceRecord & { deleted_at: string };

/**
 * A workspace that is in the trash, for whoever could delete it if it stood, and for owners and admins of its organization.
 *
 * @throws WharfError not_found for all others too; forbidden where the token lacks the scope.
 */
export async function findTrashedWorkspace(
  deps: TableDeps,
  { caller, decided }: Pick<Call, "caller" | "decided">,
  id: string,
): Promise<TrashedWorkspace> {
  decided?.();
  requireScope(caller, "workspaces:write");
  const workspace = await deps.table.get(workspaceRecord.optional(), keys.workspace(id));
  const missing = notFound("item in the trash", id);
  if (workspace?.deleted_at === undefined || workspace.purged_ms !== undefined) throw missing;
  const found = { ...workspace, deleted_at: workspace.deleted_at };
  if (await mayInOrganization(deps, caller, workspace.organization_id, "organize")) return found;
  const decision = await judge(deps, caller, { workspace_id: id, evenDeleted: true }, "transfer");
  if (decision?.allowed === true) return found;
  throw missing;
}
