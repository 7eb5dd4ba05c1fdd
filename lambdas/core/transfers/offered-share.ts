/** A link that is offered: who may hand it over, and whether it still leads anywhere. */
import { type Key, keys } from "#aws/keys.ts";
import type { Item } from "#aws/table.ts";
import { holds } from "#contract/scopes.ts";
import { judge } from "#core/access/authorize.ts";
import { type Located, nodeIn } from "#core/access/place.ts";
import { invalidMember } from "#core/accounts/maker.ts";
import { type FileRecord, fileRecord, isStanding, versionRecord } from "#core/files/records.ts";
import type { Caller } from "#core/kernel/call.ts";
import type { TableDeps } from "#core/kernel/deps.ts";
import { WharfError } from "#core/kernel/error.ts";
import type { Owned } from "#core/kernel/rights.ts";
import { isLeftBehind } from "#core/links/link-gone.ts";
import { holderOf, locateLink, turnOf } from "#core/links/link-holder.ts";
import { linkToken } from "#core/links/link-token.ts";
import { type LinkRecord, linkRecord } from "#core/links/records.ts";
import type { TransferRequest } from "./contract.ts";
import type { TransferRecord } from "./records.ts";

/** Where a link is found, as the transfer's record keeps it. */
type LinkPlace = NonNullable<TransferRecord["link"]>;

export interface OfferedShare {
  link: LinkRecord;
  /** That it leads to; `undefined` where that is gone, or the version is. */
  file: FileRecord | undefined;
}

/** Where a link is; `undefined` where there is none. */
export async function linkPlaceOf(
  deps: Pick<TableDeps, "table">,
  shareId: string,
): Promise<LinkPlace | undefined> {
  const { pk, sk } = keys.link(await linkToken(deps, shareId));
  const link = await deps.table.get(linkRecord.optional(), { pk, sk });
  return link && { pk, sk, file_id: link.file_id, version_id: link.version_id, turn: turnOf(link) };
}

/** By which `shareAmong` finds it. */
export const keysOfShare = ({ pk, sk, file_id, version_id }: LinkPlace): Key[] => [
  { pk, sk },
  keys.node(file_id),
  ...(version_id === undefined ? [] : [keys.version(file_id, version_id)]),
];

/** @param holder of whose decision it is. */
export function shareAmong(
  items: readonly Item[],
  holder: string,
  { pk, file_id, version_id }: LinkPlace,
): { located: Located | undefined; share: OfferedShare | undefined } {
  const link = linkRecord.safeParse(items.find((item) => item["pk"] === pk)).data;
  if (link === undefined) return { located: undefined, share: undefined };
  const node = nodeIn(items, file_id);
  const file = fileRecord.safeParse(node).data;
  const version = items
    .map((item) => versionRecord.safeParse(item).data)
    .find((one) => one !== undefined && one.version_id === version_id);
  const leads = version_id === undefined || (version !== undefined && version.removed_ms === undefined);
  const led = isStanding(file) && leads ? file : undefined;
  return { located: locateLink(holder, link, node), share: { link, file: led } };
}

/**
 * Whether somebody may hand a link over, and whose the workspace is then: whoever has it, its maker or to whom it was handed
 * over last, with the right to share there; and whoever may hand over the file. `undefined` for all others.
 */
export async function mayHandShare(
  deps: TableDeps,
  caller: Caller,
  located: Located | undefined,
  { link, file }: OfferedShare,
): Promise<Owned | undefined> {
  const isMaker = link.held === undefined && link.created_by === caller.id;
  const mayHave = isMaker || located?.made?.handed !== undefined;
  const own =
    mayHave && holds(caller.scopes, "shares:write") ? await judge(deps, caller, located, "share") : undefined;
  // To whom it was handed before the workspace was may share there as others do, and has it no more.
  if (own?.allowed === true && (isMaker || holderOf(link, file, own.workspace) === caller.id))
    return own.workspace;
  const decision = await judge(deps, caller, located, "transfer");
  return decision?.allowed === true ? decision.workspace : undefined;
}

/** Whether a link leads there now: nobody takes over what is dead. */
export function leadsThere(now: number, { link, file }: OfferedShare, owned: Owned): boolean {
  if (link.revoked_at !== undefined || link.expires_ms <= now) return false;
  return file !== undefined && !isLeftBehind(link, file, owned);
}

/** The same of one that is claimed: once it has been handed over, no offer of before hands it over again. */
export const isOfferedStill = (
  now: number,
  share: OfferedShare,
  { transfer, owned }: { transfer: TransferRecord; owned: Owned },
): boolean => turnOf(share.link) === transfer.link?.turn && leadsThere(now, share, owned);

/** 409 for one that doesn't, as it is offered. */
export const deadShare = () =>
  new WharfError(
    "conflict",
    "This link leads nowhere: it has expired, was revoked, or what it led to is gone. Make another: POST /v1/files/{id}/shares.",
  );

/** @throws WharfError invalid_request for terms that a link can't have */
export function requireTermsOfShare({ residual_role, keep }: TransferRequest): void {
  if (residual_role !== "none")
    throw invalidMember(
      "residual_role",
      "must be none for a link: who hands one over has on it what its own rights to the file give",
    );
  if (!keep.shares) throw invalidMember("keep/shares", "must be true for a link, which goes on as it is");
  if (keep.webhooks)
    throw invalidMember("keep/webhooks", "must be false for a link: endpoints hear of files");
}
