import { TransactionFailed } from "#aws/table.ts";
import { epochOf } from "#core/access/grant-writes.ts";
import { workspaceFor } from "#core/access/standing.ts";
import type { FolderRef } from "#core/files/contract.ts";
import { leavingWrites } from "#core/folders/start-move.ts";
import { targetFolder } from "#core/folders/target-folder.ts";
import { trailOfFolder } from "#core/folders/trail-of-folder.ts";
import { actorOf, type Call } from "#core/kernel/call.ts";
import type { Deps } from "#core/kernel/deps.ts";
import { isWharfError, WharfError } from "#core/kernel/error.ts";
import { Overtaken } from "#core/kernel/in-rounds.ts";
import { iso } from "#core/kernel/time.ts";
import { below, reachOf, requireWithin } from "#core/tree/reach.ts";
import { lastOf } from "#core/tree/way.ts";
import { requireWorkspaceNamed } from "#core/workspaces/workspace-named.ts";
import type { Claimed } from "./contract.ts";
import { claimedWrites, endWrites, toldOf } from "./end-transfer.ts";
import { type Claim, findClaim, gone } from "./find-claim.ts";
import { residualWrites } from "./residual.ts";

const ROUNDS = 6;

/** It was moved after it was read: the next round reads it again. */
function ifOvertaken(error: unknown): undefined {
  if (!(error instanceof Overtaken)) throw error;
}

interface Into {
  workspace: string;
  folder?: FolderRef | undefined;
  first: Claim;
}

/**
 * Sends a folder on its way to where its claimer wants it and may create, in one transaction with the transfer's end: the
 * sweep brings over what is in it, as with any that goes to another workspace.
 *
 * @throws WharfError not_found, transfer_gone; forbidden; invalid_request where what is in it would be too deep; conflict,
 * also where it is in that workspace already.
 */
export async function acceptFolder(
  deps: Deps,
  call: Call,
  token: string,
  { workspace, folder: ref = { segments: [] }, first }: Into,
): Promise<Claimed> {
  const workspace_id = await requireWorkspaceNamed(deps, call.caller, workspace);
  let further = false;
  for (let round = 0; round < ROUNDS; round++) {
    const claim = round === 0 ? first : await findClaim(deps, call, token);
    const { transfer, folder, maker, workspace: from } = claim;
    if (folder === undefined) throw gone("withdrawn");
    const { node_id, name } = folder;
    const here = await trailOfFolder(deps, { ...call, access: undefined }, folder).catch(ifOvertaken);
    if (here === undefined) continue;
    const above = await targetFolder(deps, call, { folder, here, ref, workspace_id, isGiven: true });
    if (workspace_id === folder.workspace_id)
      throw new WharfError("conflict", "The folder is in that workspace already. Claim it into another one.");
    requireWithin(above, below(name, reachOf(here.at(-1) ?? { path: "" })));
    const to = await workspaceFor(deps, call.caller, workspace_id);
    if (to === undefined) continue;
    const parent_id = lastOf({ workspace_id, trail: above });
    const now = deps.now();
    const told = { request_id: call.requestId, actor: actorOf(call.caller) };
    const links_since_ms = transfer.keep.shares ? undefined : now;
    const granted = { on: node_id, workspace_id, epoch: epochOf(to), workspace_name: undefined };
    const residual = residualWrites(now, { transfer, maker, caller: call.caller, granted, further });
    const answer: Claimed = {
      ...{ transfer_id: transfer.transfer_id, resource: { type: "folder", id: node_id } },
      folder: { folder_id: node_id, workspace_id, parent_id, name, state: "moving" },
      claimed_at: iso(now),
    };
    const data = { ...toldOf(transfer), from: from.organization_id, to: to.organization_id };
    try {
      await deps.table.transact([
        ...endWrites(now, transfer, { claimed_by: call.caller.id, claimed_for: to.organization_id }),
        ...leavingWrites(now, folder, { workspace_id, parent_id, name, links_since_ms }, told),
        ...residual,
        ...claimedWrites(now, data, told),
        ...call.record(answer),
      ]);
      return answer;
    } catch (error) {
      if (isWharfError(error, "not_found")) continue;
      if (!(error instanceof TransactionFailed)) throw error;
      if (residual.some((write) => error.failed.has(write))) further = !further;
    }
  }
  throw new WharfError("conflict", "Others keep changing this folder. Try again.", {
    retry_after_seconds: 1,
  });
}
