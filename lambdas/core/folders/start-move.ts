import { due, keys } from "#aws/keys.ts";
import type { Write } from "#aws/table.ts";
import { requireNotHeld } from "#core/access/held.ts";
import { actorOf, type Call } from "#core/kernel/call.ts";
import type { TableDeps } from "#core/kernel/deps.ts";
import { eventWrite, type NewEvent } from "#core/kernel/outbox.ts";
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
 * @throws WharfError as `wayOut`
 */
export async function startMove(
  deps: TableDeps,
  call: Call,
  folder: FolderRecord,
  wanted: Wanted,
): Promise<MovingFolder> {
  requireNotHeld(call.access?.workspace ?? {});
  const moving = await wayOut(deps, call, folder, wanted);
  const by = { actor: actorOf(call.caller), request_id: call.requestId };
  await deps.table.transact(leavingWrites(deps.now(), folder, moving, by));
  return moving;
}

interface Wanted extends Pick<ChangeFolder, "folder" | "name"> {
  workspace_id: string;
  /** Whether whoever may do all with it gives it to the caller. @default false */
  isGiven?: boolean | undefined;
}

/**
 * Where a folder goes that leaves for another workspace, which has room for what is in it.
 *
 * @throws WharfError not_found, forbidden (a move would hand rights over); invalid_request where what is in it would be too
 * deep or its path too long, and for a root; Overtaken where it was moved after it was read.
 */
export async function wayOut(
  deps: TableDeps,
  call: Call,
  folder: FolderRecord,
  { workspace_id, folder: ref = { segments: [] }, name = folder.name, isGiven }: Wanted,
): Promise<MovingFolder> {
  requireNoRoot(folder);
  const here = await trailOfFolder(deps, call, folder);
  const above = await targetFolder(deps, call, { folder, here, ref, workspace_id, isGiven });
  requireWithin(above, below(name, reachOf(here.at(-1) ?? { path: "" })));
  const parent_id = lastOf({ workspace_id, trail: above });
  return { folder_id: folder.node_id, workspace_id, parent_id, name, state: "moving" };
}

interface Away extends Pick<MovingFolder, "workspace_id" | "parent_id" | "name"> {
  /** From when (ms) links to what is in it are that lead there; all unless said. */
  links_since_ms?: number | undefined;
}

/** A folder that stands is on its way from then on. @throws WharfError invalid_request for a root */
export function leavingWrites(
  now: number,
  folder: FolderRecord,
  to: Away,
  { actor, request_id }: Pick<NewEvent, "actor" | "request_id">,
): Write[] {
  const { node_id, workspace_id, name } = folder;
  const parent_id = requireNoRoot(folder);
  const moving = {
    ...{ workspace_id: to.workspace_id, parent_id: to.parent_id, name: to.name },
    ...{ links_since_ms: to.links_since_ms, by: actor, request_id },
  };
  return [
    {
      key: keys.node(node_id),
      update: { set: { deleted_at: iso(now), moving, ...due("move", now + BEGIN_AFTER_MS, node_id) } },
      ...asFound(folder),
    },
    { remove: keys.entry(parent_id, name), condition: "#node_id = :node_id", values: { node_id } },
    eventWrite(now, {
      ...{ type: "folder_moved", request_id, workspace_id, actor },
      data: { folder_id: node_id, from: { name, parent_id }, to: null },
    }),
  ];
}
