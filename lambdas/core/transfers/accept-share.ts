import { TransactionFailed } from "#aws/table.ts";
import { stillUnclaimed } from "#core/access/organization-writes.ts";
import { homeOf } from "#core/access/records.ts";
import { actorOf, type Call } from "#core/kernel/call.ts";
import type { TableDeps } from "#core/kernel/deps.ts";
import { isWharfError, WharfError } from "#core/kernel/error.ts";
import { iso } from "#core/kernel/time.ts";
import { handLinkWrites } from "#core/links/hand-link.ts";
import { stillOwned } from "./accept-thing.ts";
import type { Claimed } from "./contract.ts";
import { claimedWrites, endWrites, toldOf } from "./end-transfer.ts";
import { type Claim, findClaimOfThing, gone } from "./find-claim.ts";

const ROUNDS = 6;

/**
 * Makes the caller who may see and revoke a link, in its maker's place, in one transaction with the transfer's end and the
 * events: of many claims one wins. Link and file stay where and as they are.
 *
 * @throws WharfError not_found, transfer_gone; conflict.
 */
export async function acceptShare(
  deps: TableDeps,
  call: Call,
  token: string,
  first: Claim,
): Promise<Claimed> {
  const { caller } = call;
  for (let round = 0; round < ROUNDS; round++) {
    const claim = round === 0 ? first : await findClaimOfThing(deps, call, token);
    const { transfer, workspace: from, belongs, owned, share } = claim;
    if (share?.file === undefined) throw gone("withdrawn");
    const now = deps.now();
    const { transfer_id, resource_id } = transfer;
    const to = transfer.to?.organization ?? homeOf(caller);
    const resource = { type: "share" as const, id: resource_id };
    const answer: Claimed = { transfer_id, resource, claimed_at: iso(now) };
    const data = { ...toldOf(transfer), from: from.organization_id, to };
    try {
      await deps.table.transact([
        // Which ends with the link at the latest.
        ...endWrites(now, transfer, { claimed_by: caller.id, claimed_for: to }),
        stillOwned(from),
        stillUnclaimed(from.organization_id, belongs.epoch),
        ...handLinkWrites(share.link, { holder: caller.id, file: share.file, owned }),
        ...claimedWrites(now, data, { request_id: call.requestId, actor: actorOf(caller) }),
        ...call.record(answer),
      ]);
      return answer;
    } catch (error) {
      // It has died just now, or it or what it is in was handed over by another transfer: the next look says so.
      if (isWharfError(error, "link_gone") || isWharfError(error, "not_found")) continue;
      if (!(error instanceof TransactionFailed)) throw error;
    }
  }
  throw new WharfError("conflict", "Others keep changing what you claim. Try again.", {
    retry_after_seconds: 1,
  });
}
