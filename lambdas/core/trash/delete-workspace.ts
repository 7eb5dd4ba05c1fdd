import { keys } from "#aws/keys.ts";
import type { Write } from "#aws/table.ts";
import { requireNotHeld, trashDays } from "#core/access/held.ts";
import { noOrganizationEntries } from "#core/access/organization-entries.ts";
import { type WorkspaceRecord, workspaceRecord } from "#core/access/records.ts";
import { actorOf, type Call } from "#core/kernel/call.ts";
import type { Deps, TableDeps } from "#core/kernel/deps.ts";
import { notFound } from "#core/kernel/error.ts";
import { inRounds } from "#core/kernel/in-rounds.ts";
import { eventWrite, type NewEvent } from "#core/kernel/outbox.ts";
import { newChange, unchanged } from "#core/kernel/unchanged.ts";
import { intoTrash } from "#core/tree/trash.ts";
import { leaveName } from "#core/workspaces/owner-name.ts";
import { requireUntransferred } from "#core/workspaces/require-untransferred.ts";

/**
 * Puts a workspace into its organization's trash, in one transaction with `workspace_deleted`, whatever is in it: all
 * that is decided in it finds nothing from then on. Its name is free for another at once.
 *
 * @throws WharfError not_found (a second time too); policy_denied; conflict where others keep changing it.
 */
export async function deleteWorkspace(
  deps: TableDeps & { config: Pick<Deps["config"], "trashDays"> },
  call: Call,
  id: string,
): Promise<void> {
  const where = call.access?.workspace ?? {};
  requireNotHeld(where);
  const attempt = async () => {
    const workspace = await deps.table.get(workspaceRecord.optional(), keys.workspace(id));
    if (workspace === undefined || workspace.deleted_at !== undefined) throw notFound("workspace", id);
    const unclaimed = requireUntransferred(call, workspace);
    const by = {
      request_id: call.requestId,
      actor: actorOf(call.caller),
      days: trashDays(where, deps.config.trashDays),
    };
    await deps.table.transact([...workspaceTrashed(deps.now(), workspace, by), ...unclaimed]);
  };
  await inRounds(attempt, "Others keep changing this workspace; send this again.");
}

/** The way of a workspace into the trash. @param by who puts it there, and for how long. */
export function workspaceTrashed(
  now: number,
  workspace: WorkspaceRecord,
  { days, ...by }: Pick<NewEvent, "request_id" | "actor"> & { days: number },
): Write[] {
  const { workspace_id: id, name, organization_id } = workspace;
  const thing = { node_id: id, kind: "workspace" as const, name };
  const { set, entry } = intoTrash(now, by.actor.id, { of: organization_id, thing, days });
  return [
    {
      key: keys.workspace(id),
      update: { set: { ...set, change: newChange() } },
      ...unchanged(workspace),
    },
    ...noOrganizationEntries(organization_id, { workspaceId: id, name }),
    ...leaveName(workspace, name),
    entry,
    eventWrite(now, {
      ...{ type: "workspace_deleted", organization_id, ...by },
      data: { workspace_id: id, name },
    }),
  ];
}
