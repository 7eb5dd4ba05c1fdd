import { timingSafeEqual } from "node:crypto";
import { keys, sha256 } from "#aws/keys.ts";
import { mayInOrganization } from "#core/access/authorize-organization.ts";
import type { OrganizationNow } from "#core/access/organization-now.ts";
import type { OrganizationRecord, WorkspaceRecord } from "#core/access/records.ts";
import { organizationNow } from "#core/access/standing.ts";
import { actingAs, makerKeys } from "#core/accounts/authenticate.ts";
import { requireUnrestricted } from "#core/accounts/maker.ts";
import { personRecord } from "#core/accounts/records.ts";
import type { FileRecord } from "#core/files/records.ts";
import type { Call, Caller } from "#core/kernel/call.ts";
import type { TableDeps } from "#core/kernel/deps.ts";
import { WharfError } from "#core/kernel/error.ts";
import type { Owned } from "#core/kernel/rights.ts";
import { emailAddress } from "#core/organizations/email-address.ts";
import type { FolderRecord } from "#core/tree/records.ts";
import type { TransferEnd } from "./contract.ts";
import { keysOfOffered, offeredAmong } from "./find-offered.ts";
import { mayOffer } from "./may-offer.ts";
import { isOfferedStill, type OfferedShare } from "./offered-share.ts";
import { type TransferRecord, transferRecord } from "./records.ts";
import { stateOf } from "./transfer-view.ts";

interface Offer {
  transfer: TransferRecord;
  /** Who offered it, as it is now. */
  maker: Caller;
}

/** A transfer of a workspace, or of what is in one. */
export interface Claim extends Offer {
  /** That which is offered, or the one that it stands in, and whose that is. */
  workspace: WorkspaceRecord;
  belongs: OrganizationNow;
  file?: FileRecord | undefined;
  folder?: FolderRecord | undefined;
  share?: OfferedShare | undefined;
  /** Whose the workspace was as it was judged. */
  owned: Owned;
  organization?: undefined;
}

export interface OrganizationClaim extends Offer {
  organization: OrganizationRecord;
}

/**
 * What a token offers its caller today: judged as if its maker offered it now.
 *
 * @throws WharfError forbidden for a restricted token; not_found for a token that isn't one, and for whom it isn't for;
 * transfer_gone.
 */
export async function findClaim(
  deps: TableDeps,
  { caller, decided }: Pick<Call, "caller" | "decided">,
  token: string,
): Promise<Claim | OrganizationClaim> {
  decided?.();
  requireUnrestricted(caller);
  const transfer = await findOwn(deps, caller, token);
  const state = stateOf(deps.now(), transfer);
  if (state !== "pending") throw gone(state);
  const { made_by, scopes, type, transfer_id: id } = transfer;
  const made = { client_id: made_by.principal_id, id, scopes, made_by };
  const items = await deps.table.batchGet([...makerKeys(made), ...keysOfOffered(transfer)]);
  const maker = actingAs(deps, made, items);
  const offered = offeredAmong(items, made_by.principal_id, transfer);
  const may = maker && (await mayOffer(deps, maker, transfer, offered));
  if (maker === undefined || may?.epoch !== transfer.epoch) throw gone("withdrawn");
  const { organization, workspace, file, folder, share } = offered;
  if (organization !== undefined) return { transfer, maker, organization };
  const { owned } = may;
  // What went to another workspace since is offered there, by whoever may.
  if (workspace === undefined || owned === undefined) throw gone("withdrawn");
  if (type !== "workspace" && (file ?? folder ?? share) === undefined) throw gone("withdrawn");
  if (share !== undefined && !isOfferedStill(deps.now(), share, { transfer, owned })) throw gone("withdrawn");
  const belongs = await organizationNow(deps, maker, workspace.organization_id);
  return { transfer, maker, workspace, belongs, owned, file, folder, share };
}

/** The same of what is known to be no organization. @throws WharfError as `findClaim` */
export async function findClaimOfThing(...given: Parameters<typeof findClaim>): Promise<Claim> {
  const claim = await findClaim(...given);
  if (claim.organization !== undefined) throw gone("withdrawn");
  return claim;
}

/** The transfer that a token is of, for those whom it is for: for all others it is as one that isn't there. */
async function findOwn(deps: TableDeps, caller: Caller, token: string): Promise<TransferRecord> {
  const [, ulid] = token.split("_");
  const transfer = await deps.table.get(transferRecord.optional(), keys.transfer(`trf_${ulid}`));
  const isRight = timingSafeEqual(Buffer.from(sha256(token)), Buffer.from(transfer?.hash ?? sha256("")));
  if (transfer !== undefined && isRight && (await isFor(deps, caller, transfer))) return transfer;
  throw new WharfError(
    "not_found",
    "No transfer for you has this token. Look whether it is whole, and whether you are who it is for.",
  );
}

async function isFor(
  deps: Pick<TableDeps, "table">,
  caller: Caller,
  { to }: TransferRecord,
): Promise<boolean> {
  if (to === undefined) return true;
  if (to.organization !== undefined) return mayInOrganization(deps, caller, to.organization, "organize");
  if (!caller.id.startsWith("usr_")) return false;
  const person = await deps.table.get(personRecord.optional(), keys.principal(caller.id));
  return person?.emails.some(({ address }) => emailAddress(address)?.unique === to.address) === true;
}

const WHY: Record<TransferEnd, string> = {
  claimed: "The transfer has been claimed already, and is claimed once.",
  revoked: "The transfer was withdrawn. Ask who offered it for another.",
  expired: "The transfer has expired. Ask who offered it for another.",
  withdrawn:
    "Whoever offered it may no longer hand it over, or it is gone, or has another owner by now. Ask for another.",
};

/** 410 with why. */
export const gone = (reason: TransferEnd) => new WharfError("transfer_gone", WHY[reason], { reason });
