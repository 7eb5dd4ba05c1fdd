import { keys } from "#aws/keys.ts";
import type { Call } from "#core/kernel/call.ts";
import type { TableDeps } from "#core/kernel/deps.ts";
import { notFound } from "#core/kernel/error.ts";
import type { Transfer } from "./contract.ts";
import { epochOfOffered, findOffered, type Offered } from "./find-offered.ts";
import { mayOffer } from "./may-offer.ts";
import { type TransferRecord, transferRecord } from "./records.ts";
import { transferView } from "./transfer-view.ts";

/**
 * A transfer that the caller has made, or of what it may hand over itself. A restricted token sees what it reaches.
 *
 * @throws WharfError not_found for all others.
 */
export async function findTransfer(deps: TableDeps, call: Call, id: string): Promise<TransferRecord> {
  return (await findWithWhat(deps, call, id)).transfer;
}

/** With what it is of, as it is now. */
async function findWithWhat(
  deps: TableDeps,
  { caller, decided }: Pick<Call, "caller" | "decided">,
  id: string,
): Promise<{ transfer: TransferRecord; offered: Offered }> {
  decided?.();
  const transfer = await deps.table.get(transferRecord.optional(), keys.transfer(id));
  if (transfer === undefined) throw notFound("transfer", id);
  const offered = await findOffered(deps, caller.id, transfer);
  const isMakers = transfer.made_by.principal_id === caller.id && caller.rights.details === undefined;
  if (isMakers || (await mayOffer(deps, caller, transfer, offered)) !== undefined)
    return { transfer, offered };
  throw notFound("transfer", id);
}

/** The same as the API shows it. @throws WharfError not_found */
export async function showTransfer(deps: TableDeps, call: Call, id: string): Promise<Transfer> {
  const { transfer, offered } = await findWithWhat(deps, call, id);
  const epoch = await epochOfOffered(deps, call.caller, offered);
  const { workspace_id } = offered.file ?? offered.folder ?? {};
  return transferView(deps.now(), transfer, { epoch, workspace_id });
}
