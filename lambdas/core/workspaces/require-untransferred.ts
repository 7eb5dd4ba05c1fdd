import type { WorkspaceRecord } from "#core/access/records.ts";
import type { Call } from "#core/kernel/call.ts";
import { notFound } from "#core/kernel/error.ts";

/**
 * What changes a workspace's own record does so by what was decided before it was handed over, or not at all: that record's
 * next change is its new owner's.
 *
 * @throws WharfError not_found where it has been handed over since the call was decided
 */
export function requireUntransferred(
  { access }: Pick<Call, "access">,
  { workspace_id, epoch }: Pick<WorkspaceRecord, "workspace_id" | "epoch">,
): void {
  if (access !== undefined && access.workspace.epoch !== epoch) throw notFound("workspace", workspace_id);
}
