import { keys } from "#aws/keys.ts";
import type { Call } from "#core/kernel/call.ts";
import type { TableDeps } from "#core/kernel/deps.ts";
import { notFound } from "#core/kernel/error.ts";
import type { Transfer } from "./contract.ts";
import { findOffered } from "./find-offered.ts";
import { mayOffer } from "./may-offer.ts";
import { type TransferRecord, transferRecord } from "./records.ts";
import { transferView } from "./transfer-view.ts";

/**
 * A transfer that the caller has made, or of what it may hand over itself. A restricted token sees what it reaches.
 *
 * @throws WharfError not_found for all others.
 */
export async function findTransfer(
  deps: TableDeps,
  { caller, decided }: Pick<Call, "caller" | "decided">,
  id: string,
): Promise<TransferRecord> {
  decided?.();
  const found = await deps.table.get(transferRecord.optional(), keys.transfer(id));
  if (found === undefined) throw notFound("transfer", id);
  if (found.made_by.principal_id === caller.id && caller.rights.details === undefined) return found;
  const offered = await findOffered(deps, caller.id, found);
  if ((await mayOffer(deps, caller, offered)) !== undefined) return found;
  throw notFound("transfer", id);
}

/** The same as the API shows it. @throws WharfError not_found */
export async function showTransfer(deps: TableDeps, call: Call, id: string): Promise<Transfer> {
  const found = await findTransfer(deps, call, id);
  const { workspace } = await findOffered(deps, call.caller.id, found);
  return transferView(deps.now(), found, workspace);
}
