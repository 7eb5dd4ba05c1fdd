import { due, keys } from "#aws/keys.ts";
import { TransactionFailed, type Write } from "#aws/table.ts";
import { epochIn } from "#core/access/authorize-organization.ts";
import { organizationEntries } from "#core/access/organization-entries.ts";
import { organizationNow } from "#core/access/standing.ts";
import { actorOf, type Call } from "#core/kernel/call.ts";
import type { TableDeps } from "#core/kernel/deps.ts";
import { WharfError } from "#core/kernel/error.ts";
import { eventWrite } from "#core/kernel/outbox.ts";
import { newChange } from "#core/kernel/unchanged.ts";
import { asTrashed, outOfList } from "#core/tree/trash.ts";
import { numberedWorkspace } from "#core/workspaces/numbered-workspace.ts";
import { isMadeByMember, takeName } from "#core/workspaces/owner-name.ts";
import { workspaceView } from "#core/workspaces/workspace-view.ts";
import { findTrashedWorkspace, type TrashedWorkspace } from "./find-workspace.ts";

const ROUNDS = 10;

/**
 * Brings a workspace back from its organization's trash, in one transaction with `workspace_restored`, with all that was in
 * it. Where whoever made it has another of the name by now, it gets a number: `reports-1`.
 *
 * @throws WharfError not_found (a second time too); conflict where ten of such names are taken.
 */
export async function restoreWorkspace(deps: TableDeps, call: Call, id: string) {
  let taken = 0;
  for (let round = 0; round < ROUNDS; round++) {
    const workspace = await findTrashedWorkspace(deps, call, id);
    const name = taken === 0 ? workspace.name : numberedWorkspace(workspace.name, taken);
    const { member_access, organization_id } = workspace;
    const view = workspaceView({ workspace_id: id, name, organization_id, member_access }, call.caller);
    const answer = { ...view, kind: "workspace" as const };
    const isOfBefore = epochIn(call.caller, organization_id) > workspace.organization_epoch;
    const organization = await organizationNow(deps, call.caller, organization_id);
    const isMakers = !isOfBefore || (await isMadeByMember(deps, workspace, organization));
    const naming = isMakers ? takeName(workspace, name) : [];
    try {
      await deps.table.transact([
        ...naming,
        ...restored(deps.now(), call, workspace, { name, isOfBefore, isMakers }),
        ...call.record(answer),
      ]);
      return answer;
    } catch (error) {
      if (!(error instanceof TransactionFailed)) throw error;
      if (naming.some((write) => error.failed.has(write))) taken += 1;
    }
  }
  throw new WharfError("conflict", "Too many workspaces have its name, or names like it. Rename one first.");
}

function restored(
  now: number,
  call: Call,
  workspace: TrashedWorkspace,
  { name, isOfBefore, isMakers }: { name: string; isOfBefore: boolean; isMakers: boolean },
): Write[] {
  const { workspace_id, organization_id, deleted_at } = workspace;
  // Its organization may have been handed over while it was here.
  const tidying = workspace.tidying ?? (isOfBefore ? {} : undefined);
  return [
    {
      key: keys.workspace(workspace_id),
      update: {
        set: { name, change: newChange(), tidying, ...(tidying && due("handover", now, workspace_id)) },
        remove: [
          ...["deleted_at", "deleted_by", ...(tidying === undefined ? ["due_pk", "due_sk"] : [])],
          ...(isMakers ? [] : ["created_by"]),
        ],
      },
      ...asTrashed(deleted_at),
    },
    ...organizationEntries(organization_id, {
      ...workspace,
      ...{ workspaceId: workspace_id, name },
    }),
    outOfList(organization_id, { node_id: workspace_id, deleted_at }),
    eventWrite(now, {
      type: "workspace_restored",
      ...{ request_id: call.requestId, organization_id, actor: actorOf(call.caller) },
      data: { workspace_id, name },
    }),
  ];
}
