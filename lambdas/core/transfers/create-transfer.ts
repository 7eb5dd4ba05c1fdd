import { randomBytes } from "node:crypto";
import { keys, sha256 } from "#aws/keys.ts";
import { earliest, grantMakerOf, invalidMember, KEEP_MS, makerWrites } from "#core/accounts/maker.ts";
import { actorOf, type Call } from "#core/kernel/call.ts";
import type { Deps } from "#core/kernel/deps.ts";
import { WharfError } from "#core/kernel/error.ts";
import { newId } from "#core/kernel/ids.ts";
import { inRounds } from "#core/kernel/in-rounds.ts";
import { eventWrite } from "#core/kernel/outbox.ts";
import { iso, ttl } from "#core/kernel/time.ts";
import { emailAddress } from "#core/organizations/email-address.ts";
import { MAX_OPEN, OPEN_FOR, type TransferRequest } from "./contract.ts";
import { toldOf } from "./end-transfer.ts";
import { findMine, requireFitting } from "./find-mine.ts";
import { previewOf } from "./preview.ts";
import { placeRecord, type TransferRecord } from "./records.ts";
import { transferView } from "./transfer-view.ts";

type TransferDeps = Pick<Deps, "table" | "now" | "config">;

/**
 * Offers a workspace, a folder, a file, a link or an organization to whoever has the token, which is shown this once. Nothing
 * changes until it is claimed.
 *
 * @throws WharfError not_found, forbidden; invalid_request; conflict for a link that is dead, and the first organization; grant_limit where it has five open ones.
 */
export async function createTransfer(deps: TransferDeps, call: Call, given: TransferRequest) {
  const { type, id } = given.resource;
  requireFitting(given);
  const { offered, until, ...which } = await findMine(deps, call, given.resource);
  const maker = await grantMakerOf(deps, call.caller);
  const preview = await previewOf(deps, offered);
  return inRounds(async () => {
    const now = deps.now();
    const transfer_id = newId("trf", now);
    const claim_token = `whc_${transfer_id.slice(4)}_${randomBytes(32).toString("base64url")}`;
    const expires_ms = endOf(now, earliest(maker.ends_ms, until), given.expires_in);
    const record: TransferRecord = {
      ...{ transfer_id, type, resource_id: id, ...which },
      ...{ place: await freePlace(deps, given.resource), residual_role: given.residual_role },
      ...{ keep: given.keep, message: given.message, to: recipientOf(given), hash: sha256(claim_token) },
      ...{ created_at: iso(now), made_by: maker.made_by, scopes: [...call.caller.scopes], expires_ms },
    };
    const claim_url = `${deps.config.publicUrl}/v1/claims/${claim_token}`;
    const answer = { ...transferView(now, record, record), claim_url, claim_token, preview };
    const kept = { ttl: ttl(expires_ms + KEEP_MS) };
    const isNew = { condition: "attribute_not_exists(#pk)" };
    await deps.table.transact([
      {
        put: { ...keys.transferPlace(id, record.place), transfer_id, expires_ms, ...kept },
        condition: "attribute_not_exists(#pk) OR #expires_ms <= :now",
        values: { now },
      },
      { put: { ...keys.transfer(transfer_id), ...record, ...kept }, ...isNew },
      { put: { ...keys.transferEntry(call.caller.id, transfer_id), transfer_id, ...kept }, ...isNew },
      ...makerWrites(maker, transfer_id, { now, expires_ms }),
      eventWrite(now, {
        ...{ type: "transfer_created", request_id: call.requestId },
        organization_id: which.organization_id,
        actor: actorOf(call.caller),
        data: { ...toldOf(record), expires_at: iso(expires_ms) },
      }),
      ...call.record(answer),
    ]);
    return answer;
  }, "Others offer the same at this moment; send this again.");
}

/** @throws WharfError invalid_request for longer than what makes it lives, or the link */
function endOf(now: number, ends_ms = Number.POSITIVE_INFINITY, expires_in: number | undefined) {
  if (expires_in === undefined) return Math.min(now + OPEN_FOR.default * 1000, ends_ms);
  const expires_ms = now + expires_in * 1000;
  if (expires_ms <= ends_ms) return expires_ms;
  throw invalidMember(
    "expires_in",
    `must not go past ${iso(ends_ms)}, when what makes it, or the link, ends`,
  );
}

/** @throws WharfError invalid_request for what is no address */
function recipientOf({ to }: TransferRequest): TransferRecord["to"] {
  if (to?.email === undefined) return to;
  const mail = emailAddress(to.email);
  if (mail === undefined)
    throw invalidMember("to/email", "is no e-mail address such as zoe@example.com, of 254 bytes at most");
  return { email: mail.address, address: mail.unique };
}

/** @throws WharfError grant_limit where all are taken by transfers that are open */
async function freePlace(
  { table, now }: TransferDeps,
  { type, id }: TransferRequest["resource"],
): Promise<number> {
  const places = Array.from({ length: MAX_OPEN }, (_, place) => keys.transferPlace(id, place));
  const items = await table.batchGet(places);
  const taken = new Set(
    items.filter((item) => placeRecord.parse(item).expires_ms > now()).map(({ sk }) => sk),
  );
  const free = places.findIndex(({ sk }) => !taken.has(sk));
  if (free >= 0) return free;
  throw new WharfError(
    "grant_limit",
    `${MAX_OPEN} transfers of this ${type} are open, and more there can't be. Withdraw one: GET /v1/transfers, DELETE /v1/transfers/{id}.`,
    { max: MAX_OPEN },
  );
}
