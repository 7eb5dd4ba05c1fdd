import { keys } from "#aws/keys.ts";
import { organizationOf } from "#core/accounts/find-client.ts";
import { holderOfKeys } from "#core/accounts/list-keys.ts";
import { type KeyRecord, keyRecord } from "#core/accounts/records.ts";
import { actorOf, type Call } from "#core/kernel/call.ts";
import type { TableDeps } from "#core/kernel/deps.ts";
import { notFound } from "#core/kernel/error.ts";
import { inRounds } from "#core/kernel/in-rounds.ts";
import { iso } from "#core/kernel/time.ts";
import { CALL_MS } from "./end-client.ts";
import { endHoldings } from "./end-holdings.ts";
import { keyEndWrites } from "./key-ends.ts";
import { newRevocation } from "./records.ts";

/**
 * Ends a key of the caller's, or of a client of its organization, at once, with what was made with it. Idempotent.
 *
 * @throws WharfError not_found; forbidden; conflict where others keep ending it.
 */
export async function endKey(
  deps: TableDeps,
  call: Call,
  { id, client }: { id: string; client: string | undefined },
) {
  const began = deps.now();
  const holder = await holderOfKeys(deps, call, client);
  const { job, revoked_at } = await inRounds(async () => {
    const key = await deps.table.get(keyRecord, keys.apiKey(holder, id));
    if (key === undefined) throw notFound("key", id);
    const now = deps.now();
    const { job, write } = newRevocation(now, id);
    await deps.table.transact([...(await endWrites(deps, call, { key, now })), write]);
    return { job, revoked_at: key.revoked_at ?? key.ended_at ?? iso(now) };
  }, "Others end this key too; send it again.");
  const timeLeft = () => deps.now() < began + CALL_MS;
  const { ended, complete } = await endHoldings({ ...deps, timeLeft }, job);
  return { key_id: id, revoked_at, ended, complete };
}

async function endWrites(deps: TableDeps, call: Call, { key, now }: { key: KeyRecord; now: number }) {
  const { principal_id, key_id } = key;
  if ((key.revoked_at ?? key.ended_at) !== undefined)
    return [{ check: keys.apiKey(principal_id, key_id), condition: "attribute_exists(#pk)" }];
  return keyEndWrites(now, key, {
    ...{ actor: actorOf(call.caller), request_id: call.requestId },
    organization_id: await organizationOf(deps, principal_id),
  });
}
