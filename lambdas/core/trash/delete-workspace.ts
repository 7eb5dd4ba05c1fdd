import { due, keys } from "#aws/keys.ts";
import { noOrganizationEntries } from "#core/access/organization-entries.ts";
import { workspaceRecord } from "#core/access/records.ts";
import { actorOf, type Call } from "#core/kernel/call.ts";
import type { Deps, TableDeps } from "#core/kernel/deps.ts";
import { notFound } from "#core/kernel/error.ts";
import { inRounds } from "#core/kernel/in-rounds.ts";
import { eventWrite } from "#core/kernel/outbox.ts";
import { iso } from "#core/kernel/time.ts";
import { newChange, unchanged } from "#core/kernel/unchanged.ts";
import type { TrashedWorkspaceRecord } from "#core/tree/records.ts";
import { trashKey } from "#core/tree/trash.ts";
import { leaveName } from "#core/workspaces/owner-name.ts";

const DAY_MS = 86_400_000;

/**
 * Puts a workspace into its organization's trash, in one transaction with `workspace_deleted`, whatever is in it: all
 * that is decided in it finds nothing from then on. Its name is free for another at once.
 *
 * @throws WharfError not_found (a second time too); conflict where others keep changing it.
 */
export async function deleteWorkspace(
  deps: TableDeps & { config: Pick<Deps["config"], "trashDays"> },
  { caller, requestId }: Call,
  id: string,
): Promise<void> {
  const attempt = async () => {
    const workspace = await deps.table.get(workspaceRecord.optional(), keys.workspace(id));
    if (workspace === undefined || workspace.deleted_at !== undefined) throw notFound("workspace", id);
    const now = deps.now();
    const { name, organization_id } = workspace;
    const trashed: TrashedWorkspaceRecord = {
      ...{ node_id: id, kind: "workspace", name, deleted_at: iso(now), deleted_by: caller.id },
      purge_ms: now + deps.config.trashDays * DAY_MS,
    };
    const { deleted_at, deleted_by, purge_ms } = trashed;
    await deps.table.transact([
      {
        key: keys.workspace(id),
        update: {
          set: { deleted_at, deleted_by, change: newChange(), ...due("trash", purge_ms, id) },
        },
        ...unchanged(workspace),
      },
      ...noOrganizationEntries(organization_id, { workspaceId: id, name }),
      ...leaveName(workspace, name),
      { put: { ...trashKey(organization_id, trashed), ...trashed }, condition: "attribute_not_exists(#pk)" },
      eventWrite(now, {
        type: "workspace_deleted",
        ...{ request_id: requestId, organization_id, actor: actorOf(caller) },
        data: { workspace_id: id, name },
      }),
    ]);
  };
  await inRounds(attempt, "Others keep changing this workspace; send this again.");
}
