import { due, keys, under } from "#aws/keys.ts";
import { happened, type Write } from "#aws/table.ts";
import type { Actor } from "#contract/common.ts";
import { requireNotHeld } from "#core/access/held.ts";
import { rootFolder } from "#core/access/place.ts";
import { grantRecord, type WorkspaceRecord } from "#core/access/records.ts";
import { ownedNow } from "#core/access/standing.ts";
import { endGrant } from "#core/grants/end-grant.ts";
import { actorOf, type Call } from "#core/kernel/call.ts";
import type { DueDeps, TableDeps } from "#core/kernel/deps.ts";
import type { Chance } from "#core/kernel/each-due.ts";
import { inRounds } from "#core/kernel/in-rounds.ts";
import { eventWrite } from "#core/kernel/outbox.ts";
import { iso, ttl } from "#core/kernel/time.ts";
import { asTrashed, outOfList } from "#core/tree/trash.ts";
import { TOMBSTONE_KEEP_MS } from "#core/versions/purge-version.ts";
import { findTrashedWorkspace, type TrashedWorkspace } from "./find-workspace.ts";

/** Grants that are read at once. */
const PAGE = 50;

/**
 * Purges a workspace from the trash, with `workspace_purged`: it comes back no more. What is in it the sweeps take.
 *
 * @throws WharfError not_found, policy_denied
 */
export async function purgeWorkspace(deps: TableDeps, call: Call, id: string): Promise<void> {
  const attempt = async () => {
    const workspace = await findTrashedWorkspace(deps, call, id);
    requireNotHeld((await ownedNow(deps, id)) ?? {});
    const by = { request_id: call.requestId, actor: actorOf(call.caller) };
    await deps.table.transact(workspacePurged(deps.now(), workspace, by));
  };
  await inRounds(attempt, "It is being restored or purged elsewhere; look again.");
}

/** The end of a workspace in the trash: its root is taken apart as any purged folder. @param by who ends it. */
export function workspacePurged(
  now: number,
  { workspace_id, organization_id, name, deleted_at }: TrashedWorkspace,
  by: { request_id: string; actor: Actor },
): Write[] {
  const root = rootFolder(workspace_id);
  return [
    {
      key: keys.workspace(workspace_id),
      update: { set: { purged_ms: now, ...due("trash", now, workspace_id) } },
      ...asTrashed(deleted_at),
    },
    {
      key: keys.node(root),
      update: { set: { deleted_at: iso(now), purged_ms: now, ...due("trash", now, root) } },
      condition: "attribute_exists(#pk)",
    },
    outOfList(organization_id, { node_id: workspace_id, deleted_at }),
    eventWrite(now, {
      type: "workspace_purged",
      ...by,
      organization_id,
      data: { workspace_id, name },
    }),
  ];
}

/** Ends what was granted on a purged workspace, page by page. @returns whether all of it has ended. */
export async function endGrantsOn(
  deps: DueDeps,
  { workspace_id }: Pick<WorkspaceRecord, "workspace_id">,
  { timeLeft }: Chance,
  by: { request_id: string; actor: Actor },
): Promise<boolean> {
  const { table, now } = deps;
  for (;;) {
    const { items } = await table.query({
      where: "#pk = :pk AND begins_with(#sk, :prefix)",
      values: { pk: keys.resourceGrant(workspace_id, "").pk, prefix: under.resourceGrants },
      limit: PAGE,
    });
    if (items.length === 0) break;
    for (const item of items) {
      if (!timeLeft()) return false;
      const grant = grantRecord.parse(item);
      // Another ends it too: the next run finds what that has left.
      if (!(await happened(endGrant(deps, grant, { reason: "purged", ...by })))) return false;
    }
  }
  await table.update({
    key: keys.workspace(workspace_id),
    update: { set: { ttl: ttl(now() + TOMBSTONE_KEEP_MS) }, remove: ["due_pk", "due_sk"] },
    condition: "attribute_exists(#purged_ms)",
  });
  return true;
}
