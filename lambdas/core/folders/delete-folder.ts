import { keys } from "#aws/keys.ts";
import { requireNotHeld, trashDays } from "#core/access/held.ts";
import { actorOf, type Call } from "#core/kernel/call.ts";
import type { Deps, TableDeps } from "#core/kernel/deps.ts";
import { inRounds } from "#core/kernel/in-rounds.ts";
import { eventWrite } from "#core/kernel/outbox.ts";
import { pathOf } from "#core/tree/reach.ts";
import { intoTrash } from "#core/tree/trash.ts";
import { asFound, findFolder, requireNoRoot } from "./find-folder.ts";
import { trailOfFolder } from "./trail-of-folder.ts";

/**
 * Puts a folder into the trash, in one transaction with `folder_deleted`, whatever is in it: what is below a folder that is
 * deleted is found by nobody.
 *
 * @throws WharfError not_found (a second time too); invalid_request for the workspace's root; policy_denied.
 */
export async function deleteFolder(
  deps: TableDeps & { config: Pick<Deps["config"], "trashDays"> },
  call: Call,
  folderId: string,
): Promise<void> {
  requireNotHeld(call.access?.workspace ?? {});
  const attempt = async (round: number) => {
    const folder = await findFolder(deps, folderId, round === 0 ? call.ahead : []);
    const parent_id = requireNoRoot(folder);
    const { node_id, name, workspace_id } = folder;
    const path = pathOf(await trailOfFolder(deps, call, folder));
    const now = deps.now();
    const thing = { node_id, kind: "folder" as const, name, parent_id, path };
    const { set, entry } = intoTrash(now, call.caller.id, {
      of: workspace_id,
      thing,
      days: trashDays(call.access?.workspace ?? {}, deps.config.trashDays),
    });
    await deps.table.transact([
      { key: keys.node(node_id), update: { set }, ...asFound(folder) },
      { remove: keys.entry(parent_id, name), condition: "#node_id = :node_id", values: { node_id } },
      entry,
      eventWrite(now, {
        type: "folder_deleted",
        ...{ request_id: call.requestId, workspace_id, actor: actorOf(call.caller) },
        data: { folder_id: node_id, name, parent_id },
      }),
    ]);
  };
  await inRounds(attempt, "Others keep changing this folder; read it and send this again.");
}
