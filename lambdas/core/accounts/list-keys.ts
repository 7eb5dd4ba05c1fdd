import { keys, under } from "#aws/keys.ts";
import type { Call } from "#core/kernel/call.ts";
import { cursorAfter, readCursor } from "#core/kernel/cursor.ts";
import type { TableDeps } from "#core/kernel/deps.ts";
import { type PageQuery, pageOf } from "#core/kernel/page.ts";
import { iso } from "#core/kernel/time.ts";
import { findClient } from "./find-client.ts";
import type { ApiKey } from "./keys-contract.ts";
import { requireUnrestricted } from "./maker.ts";
import { type KeyRecord, keyRecord } from "./records.ts";

/**
 * The caller's API keys, or a client's of its organization, the oldest first; strongly consistent. Those that have ended
 * are among them for 30 days.
 *
 * @throws WharfError not_found, forbidden, invalid_cursor
 */
export async function listKeys(
  deps: TableDeps,
  call: Call,
  { limit, cursor, client }: PageQuery & { client?: string | undefined },
) {
  const holder = await holderOfKeys(deps, call, client);
  const list = `keys ${holder}`;
  const after = readCursor(list, cursor);
  const { items, next } = await deps.table.query({
    where: "#pk = :pk AND begins_with(#sk, :prefix)",
    values: { pk: keys.principal(holder).pk, prefix: under.apiKeys },
    limit: limit + 1,
    after: after === undefined ? undefined : keys.apiKey(holder, after),
  });
  return pageOf(
    { rows: items.map((item) => keyRecord.parse(item)), next },
    limit,
    ({ key_id }) => cursorAfter(list, key_id),
    keyView,
  );
}

/**
 * Whose keys are meant: the caller's own, or those of a client that it manages.
 *
 * @throws WharfError not_found; forbidden, as for every restricted token.
 */
export async function holderOfKeys(deps: TableDeps, call: Call, client: string | undefined): Promise<string> {
  requireUnrestricted(call.caller);
  if (client === undefined || client === call.caller.id) return call.caller.id;
  await findClient(deps, call, client);
  return client;
}

/** A key as the API shows it: never what it is, nor its hash. */
export function keyView(key: Omit<KeyRecord, "hash">): ApiKey {
  const { key_id, principal_id, name, scopes, details = null, created_at, expires_ms } = key;
  const { last_used = null, revoked_at = null } = key;
  return {
    ...{ key_id, principal_id, name, scopes, authorization_details: details },
    ...{ created_at, expires_at: iso(expires_ms), last_used, revoked_at },
  };
}
