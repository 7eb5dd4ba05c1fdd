import { actorOf, type Call } from "#core/kernel/call.ts";
import type { TableDeps } from "#core/kernel/deps.ts";
import { WharfError } from "#core/kernel/error.ts";
import { inRounds } from "#core/kernel/in-rounds.ts";
import { endWrites, revoked } from "./end-transfer.ts";
import { findTransfer } from "./find-transfer.ts";
import { stateOf } from "./transfer-view.ts";

/**
 * Withdraws a transfer: nobody claims it from then on. One that is over otherwise stays as it is.
 *
 * @throws WharfError not_found; conflict for one that was claimed, and where others keep changing it
 */
export async function revokeTransfer(deps: TableDeps, call: Call, id: string): Promise<void> {
  await inRounds(async () => {
    const transfer = await findTransfer(deps, call, id);
    const now = deps.now();
    const state = stateOf(now, transfer);
    if (state === "claimed")
      throw new WharfError(
        "conflict",
        "The transfer has been claimed, and what it was of belongs to another. Ask its new owner for a transfer back.",
      );
    if (state !== "pending") return;
    const by = { request_id: call.requestId, actor: actorOf(call.caller) };
    await deps.table.transact([...endWrites(now, transfer), revoked(now, transfer, by)]);
  }, "Others change this transfer too; send it again.");
}
