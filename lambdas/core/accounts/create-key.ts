import { due, keys } from "#aws/keys.ts";
import type { Write } from "#aws/table.ts";
import type { FileAccess } from "#contract/roles.ts";
import { holds, type Scope } from "#contract/scopes.ts";
import { enforce } from "#core/access/enforce.ts";
import { policyOf } from "#core/access/organization-now.ts";
import { organizationsNow } from "#core/access/standing.ts";
import { actorOf, type Call, type Caller } from "#core/kernel/call.ts";
import type { TableDeps } from "#core/kernel/deps.ts";
import { WharfError } from "#core/kernel/error.ts";
import { eventWrite } from "#core/kernel/outbox.ts";
import { iso } from "#core/kernel/time.ts";
import { clientCaller } from "./authenticate.ts";
import { requireLive } from "./client-secrets.ts";
import { crossed, nextLook } from "./expiry-warnings.ts";
import { findClient, organizationOf, requireRank, roleAtHome } from "./find-client.ts";
import { MAX_KEY_DAYS, MAX_KEYS } from "./keys-contract.ts";
import { keyView } from "./list-keys.ts";
import {
  endWithin,
  invalidEnd,
  LIVES,
  makerOf,
  makerWrites,
  requireUnrestricted,
  requireWithin,
} from "./maker.ts";
import { newApiKey } from "./new-api-key.ts";
import { currentClient, type KeyRecord } from "./records.ts";
import { resolveDetails } from "./resolve-details.ts";

interface Given {
  name: string;
  scopes: readonly Scope[];
  authorization_details?: readonly FileAccess[] | undefined;
  expires_at: string;
  /** @default the caller itself */
  client?: string | undefined;
}

/**
 * Makes an API key of the caller's, or of a client of its organization; what it is is shown this once.
 *
 * @throws WharfError forbidden for more than the caller has, or for a restricted token; not_found for a client that it
 * may not know of; invalid_request; invalid_authorization_details; policy_denied by one of the organizations that it would act in; grant_limit where there are 100.
 */
export async function createKey(deps: TableDeps, call: Call, given: Given) {
  const { name, scopes } = given;
  requireUnrestricted(call.caller);
  requireWithin(call.caller, scopes);
  const { holder, organization } = await holderOf(deps, call, given);
  const maker = await makerOf(deps, call.caller);
  const now = deps.now();
  const expires_ms = endWithin(now, maker, given.expires_at) ?? now;
  if (expires_ms > now + MAX_KEY_DAYS * 86_400_000)
    throw invalidEnd(`must be within ${MAX_KEY_DAYS} days from now`);
  const places = await organizationsNow(deps, call.caller, Object.keys(holder.rights.organizations));
  for (const { policy } of places.values())
    enforce(policyOf(undefined, policy), { action: "create_key", ttl_seconds: (expires_ms - now) / 1_000 });
  const asker = { ...holder, scopes: new Set(scopes) };
  const details =
    given.authorization_details && (await resolveDetails(deps, asker, given.authorization_details));
  const terms = { name, scopes, details, expires_ms, made_by: maker.made_by };
  const { key_id, api_key, write } = newApiKey(now, holder.id, terms);
  const shown = { ...terms, key_id, principal_id: holder.id, scopes: [...scopes], created_at: iso(now) };
  const answer = { ...keyView(shown), api_key };
  const told = { key_id, principal_id: holder.id, name, scopes, expires_at: iso(expires_ms) };
  await deps.table.transact([
    oneMore(holder.id),
    withWarnings(now, write, { key_id, expires_ms }),
    ...makerWrites(maker, key_id, { now, expires_ms, holder: holder.id, beside: holder.id }),
    ...(organization === undefined
      ? []
      : [
          eventWrite(now, {
            ...{ type: "key_created", request_id: call.requestId, organization_id: organization },
            ...{ actor: actorOf(call.caller), data: { ...told, restricted: details !== undefined } },
          }),
        ]),
    ...call.record(answer),
  ]);
  return answer;
}

/** Whose key it is to be, and the organization that hears of it. */
async function holderOf(
  deps: TableDeps,
  call: Call,
  { client: id, scopes }: Given,
): Promise<{ holder: Caller; organization: string | undefined }> {
  if (id === undefined || id === call.caller.id)
    return { holder: call.caller, organization: await organizationOf(deps, call.caller.id) };
  const { client, organization } = await findClient(deps, call, id);
  requireLive(client);
  requireRank(call, organization, roleAtHome(client, organization));
  const current = currentClient(client);
  const lacking = scopes.filter((scope) => !holds(new Set(current.scopes), scope));
  if (lacking.length > 0)
    throw new WharfError(
      "forbidden",
      `A key has no more than its client, and ${id} lacks ${lacking.join(" ")}.`,
      { required_scopes: lacking },
    );
  return { holder: clientCaller(current, { scopes }), organization };
}

/** One live key more of a holder that lives. */
function oneMore(holder: string): Write {
  return {
    key: keys.principal(holder),
    update: { add: { live_keys: 1 } },
    condition: `${LIVES} AND (attribute_not_exists(#live_keys) OR #live_keys < :most)`,
    values: { most: MAX_KEYS },
    else: (item) =>
      Number(item?.["live_keys"]) >= MAX_KEYS
        ? new WharfError(
            "grant_limit",
            `${holder} has ${MAX_KEYS} keys, and more it can't have. End one: DELETE /v1/keys/{id}.`,
            { max: MAX_KEYS },
          )
        : new WharfError("unauthenticated", "The key's holder has been revoked meanwhile."),
  };
}

/** When the sweep is to look at it; nobody is warned of what lies behind already. */
function withWarnings(
  now: number,
  write: ReturnType<typeof newApiKey>["write"],
  { key_id, expires_ms }: Pick<KeyRecord, "key_id" | "expires_ms">,
): Write {
  if (!("put" in write)) throw new Error("a key is put");
  const warned_days = crossed(now, expires_ms);
  const look = due("key", nextLook(now, expires_ms), key_id);
  return { ...write, put: { ...write.put, ...look, ...(warned_days === undefined ? {} : { warned_days }) } };
}
