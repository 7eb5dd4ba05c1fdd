import { keys } from "#aws/keys.ts";
import { type Check, TransactionFailed, type Write } from "#aws/table.ts";
import { epochOf } from "#core/access/grant-writes.ts";
import { stillUnclaimed } from "#core/access/organization-writes.ts";
import type { WorkspaceRecord } from "#core/access/records.ts";
import type { FolderRef } from "#core/files/contract.ts";
import { actorOf, type Call } from "#core/kernel/call.ts";
import type { TableDeps } from "#core/kernel/deps.ts";
import { isWharfError, WharfError } from "#core/kernel/error.ts";
import type { Owned } from "#core/kernel/rights.ts";
import { iso } from "#core/kernel/time.ts";
import type { Claimed } from "./contract.ts";
import { claimedWrites, endWrites, toldOf } from "./end-transfer.ts";
import { type Claim, findClaimOfThing } from "./find-claim.ts";
import { residualWrites } from "./residual.ts";

const ROUNDS = 6;

/** Where a claimer wants what it claims. */
export interface Into {
  workspace: string;
  folder?: FolderRef | undefined;
  first: Claim;
}

/** How a folder or file gets there, as things stand. */
interface Way {
  now: number;
  to: Owned;
  writes: readonly Write[];
  shown: Pick<Claimed, "file" | "folder">;
}

/**
 * Has a folder or file go to its claimer's workspace in one transaction with the transfer's end, what is left to who offered
 * it, and the events. The workspace that it comes from is its maker's still: a claim of that ends this one.
 *
 * @param wayOf `undefined` where it was moved while it was looked at: it is looked at anew.
 * @throws WharfError as `findClaim` and `wayOf`; conflict where others keep changing it.
 */
export async function acceptThing(
  deps: TableDeps,
  call: Call,
  token: string,
  first: Claim,
  wayOf: (claim: Claim) => Promise<Way | undefined>,
): Promise<Claimed> {
  const { caller } = call;
  let further = false;
  for (let round = 0; round < ROUNDS; round++) {
    const claim = round === 0 ? first : await findClaimOfThing(deps, call, token);
    const way = await wayOf(claim);
    if (way === undefined) continue;
    const { transfer, maker, workspace: from, belongs } = claim;
    const { type, resource_id, transfer_id } = transfer;
    const { now, to, writes, shown } = way;
    const { workspace_id } = to;
    const granted = { on: resource_id, workspace_id, epoch: epochOf(to), workspace_name: undefined };
    const residual = residualWrites(now, { transfer, maker, caller, granted, further });
    const resource = { type, id: resource_id };
    const answer: Claimed = { transfer_id, resource, ...shown, claimed_at: iso(now) };
    const told = { request_id: call.requestId, actor: actorOf(caller) };
    const data = { ...toldOf(transfer), from: from.organization_id, to: to.organization_id };
    try {
      await deps.table.transact([
        ...endWrites(now, transfer, { claimed_by: caller.id, claimed_for: to.organization_id }),
        stillOwned(from),
        stillUnclaimed(from.organization_id, belongs.epoch),
        ...writes,
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
  throw new WharfError("conflict", "Others keep changing what you claim. Try again.", {
    retry_after_seconds: 1,
  });
}

/** A workspace stands, and hasn't been handed over since it was read. */
export function stillOwned({ workspace_id, epoch }: WorkspaceRecord): Check {
  const same = epoch === 0 ? "(attribute_not_exists(#epoch) OR #epoch = :epoch)" : "#epoch = :epoch";
  return {
    check: keys.workspace(workspace_id),
    condition: `${same} AND attribute_not_exists(#deleted_at)`,
    values: { epoch },
  };
}
