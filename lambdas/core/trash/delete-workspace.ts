import { keys } from "#aws/keys.ts";
import { noOrganizationEntries } from "#core/access/organization-entries.ts";
import { workspaceRecord } from "#core/access/records.ts";
import { actorOf, type Call } from "#core/kernel/call.ts";
import type { Deps, TableDeps } from "#core/kernel/deps.ts";
import { notFound } from "#core/kernel/error.ts";
import { inRounds } from "#core/kernel/in-rounds.ts";
import { eventWrite } from "#core/kernel/outbox.ts";
import { newChange, unchanged } from "#core/kernel/unchanged.ts";
import { intoTrash } from "#core/tree/trash.ts";
import { leaveName } from "#core/workspaces/owner-name.ts";

/**
 * Puts a workspace into its organization's trash, in one transaction with `workspace_deleted`, whatever is in it: all
 * that is decided in it finds nothing from then on. Its name is free for another at once.
 *
 * @throws WharfError not_found (a second time too); conflict where others keep changing it.
 */
export async function deleteWorkspace(
  deps: TableDeps & { config: Pick<Deps["config"], "trashDays"> },
  call: Call,
  id: string,
): Promise<void> {
  const attempt = async () => {
    const workspace = await deps.table.get(workspaceRecord.optional(), keys.workspace(id));
    if (workspace === undefined || workspace.deleted_at !== undefined) throw notFound("workspace", id);
    const now = deps.now();
    const { name, organization_id } = workspace;
    const thing = { node_id: id, kind: "workspace" as const, name };
    const { set, entry } = intoTrash(now, call, { of: organization_id, thing, days: deps.config.trashDays });
    await deps.table.transact([
      {
        key: keys.workspace(id),
        update: { set: { ...set, change: newChange() } },
        ...unchanged(workspace),
      },
      ...noOrganizationEntries(organization_id, { workspaceId: id, name }),
      ...leaveName(workspace, name),
      entry,
      eventWrite(now, {
        type: "workspace_deleted",
        ...{ request_id: call.requestId, organization_id, actor: actorOf(call.caller) },
        data: { workspace_id: id, name },
      }),
    ]);
  };
  await inRounds(attempt, "Others keep changing this workspace; send this again.");
}
