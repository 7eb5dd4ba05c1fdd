import { due, keys } from "#aws/keys.ts";
import { actorOf, type Call } from "#core/kernel/call.ts";
import type { TableDeps } from "#core/kernel/deps.ts";
import { eventWrite } from "#core/kernel/outbox.ts";
import { iso } from "#core/kernel/time.ts";
import { below, reachOf, requireWithin } from "#core/tree/reach.ts";
import type { FolderRecord } from "#core/tree/records.ts";
import { lastOf } from "#core/tree/way.ts";
import type { ChangeFolder, MovingFolder } from "./contract.ts";
import { asFound, requireNoRoot } from "./find-folder.ts";
import { targetFolder } from "./target-folder.ts";
import { trailOfFolder } from "./trail-of-folder.ts";

/** Longer than any call lives: what was decided in it before it was on its way has landed by then, or never will. */
const BEGIN_AFTER_MS = 60_000;

/**
 * Sends a folder to another workspace: in one transaction it is gone from where it was, whatever is in it, as far as all else
 * decides; `sweepMoves` brings over what is in it and puts it where it is to be.
 *
 * @throws WharfError not_found, forbidden (a move would hand rights over); invalid_request where what is in it would be too
 * deep or its path too long.
 */
export async function startMove(
  deps: TableDeps,
  call: Call,
  folder: FolderRecord,
  {
    workspace_id,
    folder: ref = { segments: [] },
    name = folder.name,
  }: ChangeFolder & { workspace_id: string },
): Promise<MovingFolder> {
  const old_parent = requireNoRoot(folder);
  const here = await trailOfFolder(deps, call, folder);
  const above = await targetFolder(deps, call, { folder, here, ref, workspace_id });
  requireWithin(above, below(name, reachOf(here.at(-1) ?? { path: "" })));
  const parent_id = lastOf({ workspace_id, trail: above });
  const { node_id } = folder;
  const now = deps.now();
  const by = actorOf(call.caller);
  const moving = { workspace_id, parent_id, name, by, request_id: call.requestId };
  await deps.table.transact([
    {
      key: keys.node(node_id),
      update: { set: { deleted_at: iso(now), moving, ...due("move", now + BEGIN_AFTER_MS, node_id) } },
      ...asFound(folder),
    },
    {
      remove: keys.entry(old_parent, folder.name),
      condition: "#node_id = :node_id",
      values: { node_id },
    },
    eventWrite(now, {
      type: "folder_moved",
      ...{ request_id: call.requestId, workspace_id: folder.workspace_id, actor: by },
      data: { folder_id: node_id, from: { name: folder.name, parent_id: old_parent }, to: null },
    }),
  ]);
  return { folder_id: node_id, workspace_id, parent_id, name, state: "moving" };
}
