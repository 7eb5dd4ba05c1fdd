import { type Key, keys } from "#aws/keys.ts";
import type { Item } from "#aws/table.ts";
import type { Caller } from "#core/kernel/call.ts";
import type { TableDeps } from "#core/kernel/deps.ts";
import { WharfError } from "#core/kernel/error.ts";
import { clientRecord, tokenRecord } from "./records.ts";

/** `wht_`, the client's ULID, `_`, 256 random bits in base64url. */
const TOKEN = /^wht_([0-7][0-9A-HJKMNP-TV-Z]{25})_[\w-]{43}$/;

/**
 * The caller behind an `Authorization: Bearer` header.
 *
 * One strongly consistent read of the token and its client together, at every request: a revoked client's tokens
 * are dead at once. What the call needs next (`also`) comes in the same round trip, as `ahead`.
 *
 * @throws WharfError unauthenticated (RFC 6750, 3).
 */
export async function authenticate(
  deps: TableDeps,
  header: string | undefined,
  also: readonly Key[] = [],
): Promise<{ caller: Caller; ahead: readonly Item[] }> {
  if (header === undefined)
    throw refused("This needs `Authorization: Bearer <token>`; POST /v1/auth/token gives one.");
  const [, token] = /^Bearer +(\S+)$/i.exec(header) ?? [];
  const ulid = token && TOKEN.exec(token)?.[1];
  if (token === undefined || ulid === undefined)
    throw refused("The Authorization header holds no token of Wharf's.", true);

  const clientId = `cli_${ulid}`;
  const tokenKey = keys.token(clientId, token);
  const clientKey = keys.client(clientId);
  const items = await deps.table.batchGet([tokenKey, clientKey, ...also]);
  const own = items.filter((item) => item["pk"] === clientKey.pk);
  const stored = own.find((item) => item["sk"] === tokenKey.sk);
  const client = own.find((item) => item["sk"] === clientKey.sk);
  if (stored === undefined || client === undefined) throw refused("The token is not known.", true);

  const { scopes, expires_ms } = tokenRecord.parse(stored);
  const record = clientRecord.parse(client);
  if (record.revoked_at !== undefined) throw refused("The client has been revoked.", true);
  if (expires_ms <= deps.now()) throw refused("The token has expired; ask for a new one.", true);
  const caller = {
    client_id: clientId,
    name: record.name,
    // A scope that was taken from the client since is gone from its tokens too.
    scopes: new Set(scopes.filter((scope) => record.scopes.includes(scope))),
    default_workspace: record.default_workspace,
    workspaces: record.workspaces,
  };
  return { caller, ahead: items.filter((item) => item["pk"] !== clientKey.pk) };
}

/** For one whose token was good when its call began. */
export function unauthenticated(detail: string): WharfError {
  return refused(detail, true);
}

function refused(detail: string, invalid = false): WharfError {
  // RFC 6750, 3: no error code where the request carried no credentials at all.
  const challenge = invalid ? 'Bearer realm="wharf", error="invalid_token"' : 'Bearer realm="wharf"';
  return new WharfError("unauthenticated", detail, {}, { headers: { "WWW-Authenticate": challenge } });
}
