import { TransactionFailed } from "#aws/table.ts";
import { epochOf } from "#core/access/grant-writes.ts";
import { changeWrites, newsOf } from "#core/files/change-writes.ts";
import type { FolderRef } from "#core/files/contract.ts";
import { fileView } from "#core/files/file-view.ts";
import { arrival, placeAt, targetFolder } from "#core/files/move-target.ts";
import { actorOf, type Call } from "#core/kernel/call.ts";
import type { Deps } from "#core/kernel/deps.ts";
import { isWharfError, WharfError } from "#core/kernel/error.ts";
import { iso } from "#core/kernel/time.ts";
import { requireWorkspaceNamed } from "#core/workspaces/workspace-named.ts";
import type { Claimed } from "./contract.ts";
import { claimedWrites, endWrites, toldOf } from "./end-transfer.ts";
import { type Claim, findClaim, gone } from "./find-claim.ts";
import { residualWrites } from "./residual.ts";

const ROUNDS = 6;

interface Into {
  workspace: string;
  folder?: FolderRef | undefined;
  first: Claim;
}

/**
 * Moves a file to where its claimer wants it and may create, in one transaction with the transfer's end: with its versions,
 * history and fencing numbers.
 *
 * @throws WharfError not_found, transfer_gone; forbidden, name_taken, type_mismatch, file_locked; conflict.
 */
export async function acceptFile(
  deps: Deps,
  call: Call,
  token: string,
  { workspace, folder = { segments: [] }, first }: Into,
): Promise<Claimed> {
  const workspace_id = await requireWorkspaceNamed(deps, call.caller, workspace);
  let further = false;
  for (let round = 0; round < ROUNDS; round++) {
    const claim = round === 0 ? first : await findClaim(deps, call, token);
    const { transfer, file, maker, workspace: from } = claim;
    if (file === undefined) throw gone("withdrawn");
    const name = file.asked_name ?? file.name;
    const wanted = { workspace_id, ref: folder, name, isGiven: true };
    const { trail, access } = await targetFolder(deps, call, file, wanted);
    const to = access.workspace;
    const { trail: _, ...place } = await placeAt(deps, file, {
      ...{ workspace_id, trail, asked: name, isBlind: access.blind },
    });
    const now = deps.now();
    const changed = {
      ...{ ...file, ...place },
      ...(workspace_id === file.workspace_id ? {} : arrival(file, { from, to, now })),
      ...(transfer.keep.shares ? {} : { links_since_ms: now }),
      updated_at: iso(now),
    };
    const granted = { on: file.node_id, workspace_id, epoch: epochOf(to), workspace_name: undefined };
    const residual = residualWrites(now, { transfer, maker, caller: call.caller, granted, further });
    const answer: Claimed = {
      ...{ transfer_id: transfer.transfer_id, resource: { type: "file", id: file.node_id } },
      file: fileView(changed, { trail, own: access.blind }),
      claimed_at: iso(now),
    };
    const told = { request_id: call.requestId, actor: actorOf(call.caller) };
    const data = { ...toldOf(transfer), from: from.organization_id, to: to.organization_id };
    const preconditions = { epoch: from.epoch };
    try {
      await deps.table.transact([
        ...endWrites(now, transfer, { claimed_by: call.caller.id, claimed_for: to.organization_id }),
        ...changeWrites(call, { file, changed, trail, news: newsOf(file, changed), preconditions, now }),
        ...residual,
        ...claimedWrites(now, data, told),
        ...call.record(answer),
      ]);
      return answer;
    } catch (error) {
      // It was deleted just now: the next look says so.
      if (isWharfError(error, "not_found")) continue;
      if (!(error instanceof TransactionFailed)) throw error;
      if (residual.some((write) => error.failed.has(write))) further = !further;
    }
  }
  throw new WharfError("conflict", "Others keep changing this file. Try again.", { retry_after_seconds: 1 });
}
