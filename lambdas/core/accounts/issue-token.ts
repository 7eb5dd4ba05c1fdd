import { randomBytes, timingSafeEqual } from "node:crypto";
import { keys, sha256 } from "#aws/keys.ts";
import { id } from "#contract/common.ts";
import type { FileAccess, GrantedDetail } from "#contract/roles.ts";
import { scopes as allScopes, holds, type Scope } from "#contract/scopes.ts";
import type { TableDeps } from "#core/kernel/deps.ts";
import { iso, ttl } from "#core/kernel/time.ts";
import { clientCaller, holderIn } from "./authenticate.ts";
import { TOKEN_SECONDS, type TokenErrorCode } from "./contract.ts";
import { liveSecrets } from "./find-client.ts";
import { noteSecretUse } from "./note-use.ts";
import {
  type ClientRecord,
  clientRecord,
  currentClient,
  type SecretRecord,
  type TokenRecord,
} from "./records.ts";
import { resolveDetails } from "./resolve-details.ts";

/** An error of the token endpoint, which keeps RFC 6749's shape (5.2). */
export class TokenError extends Error {
  readonly code: TokenErrorCode;
  readonly status: number;
  constructor(code: TokenErrorCode, message: string, status = code === "invalid_client" ? 401 : 400) {
    super(message);
    this.code = code;
    this.status = status;
  }
}

export interface TokenRequest {
  clientId: string;
  clientSecret: string;
  /** Space-separated; default: all of the client's. */
  scope?: string | undefined;
  /** Where alone the token is good; default: wherever the client is. */
  details?: readonly FileAccess[] | undefined;
}

// Compared with where there is no such client, so that the answer takes the same work.
const NOBODY: readonly SecretRecord[] = [{ hash: sha256("nobody"), created_at: "" }];

/**
 * Exchanges a client's secret for a token of 900 s (RFC 6749, 4.4). The token is stored as its SHA-256.
 *
 * @throws TokenError invalid_client, invalid_scope; WharfError invalid_authorization_details.
 */
export async function issueToken(
  deps: TableDeps,
  { clientId, clientSecret, scope, details: asked }: TokenRequest,
) {
  const known = id("cli").safeParse(clientId).success;
  const client = known ? await deps.table.get(clientRecord, keys.client(clientId)) : undefined;
  const now = deps.now();
  const used = matching(client?.secrets ?? NOBODY, clientSecret);
  if (client === undefined || used === undefined || !isLive(now, client, used)) {
    throw new TokenError(
      "invalid_client",
      "The client's id or secret is wrong, or one of the two has been revoked or has expired.",
    );
  }
  const current = currentClient(client);
  const scopes = grantScopes(new Set(current.scopes), scope, "The client");
  const details = asked && (await resolveDetails(deps, clientCaller(current, { scopes }), asked));
  const answer = await storeToken(deps, now, clientId, {
    ...{ scopes, details, kind: "secret", expires_ms: now + TOKEN_SECONDS * 1000 },
  });
  await noteSecretUse(deps, client, used, iso(now).slice(0, 10));
  return answer;
}

/** The secret that was given, compared with each in the same time. */
function matching(secrets: readonly SecretRecord[], given: string): SecretRecord | undefined {
  const hash = Buffer.from(sha256(given));
  let found: SecretRecord | undefined;
  for (const secret of secrets) if (timingSafeEqual(hash, Buffer.from(secret.hash))) found = secret;
  return found;
}

function isLive(now: number, client: ClientRecord, used: SecretRecord): boolean {
  const { revoked_at, expires_ms = Number.POSITIVE_INFINITY } = client;
  return revoked_at === undefined && expires_ms > now && liveSecrets(now, client).includes(used);
}

type Terms = Omit<TokenRecord, "client_id" | "ttl">;

/** Makes a token of a client's or person's, and what its endpoint answers. */
export async function storeToken(
  { table }: Pick<TableDeps, "table">,
  now: number,
  principal: string,
  terms: Terms,
) {
  const { scopes, details, expires_ms } = terms;
  const token = `wht_${holderIn(principal)}_${randomBytes(32).toString("base64url")}`;
  await table.add({ ...keys.token(principal, token), client_id: principal, ...terms, ttl: ttl(expires_ms) });
  return {
    access_token: token,
    token_type: "Bearer" as const,
    expires_in: Math.max(1, Math.floor((expires_ms - now) / 1000)),
    scope: scopes.join(" "),
    ...(details === undefined ? {} : { authorization_details: details satisfies GrantedDetail[] }),
  };
}

/**
 * The scopes that are asked for, in the table's order; all that are held where none is.
 *
 * @throws TokenError invalid_scope for one that isn't held, by itself or in another.
 */
export function grantScopes(held: ReadonlySet<Scope>, asked: string | undefined, who: string): Scope[] {
  if (asked === undefined || asked.trim() === "") return allScopes.filter((scope) => held.has(scope));
  const names = new Set(asked.trim().split(/\s+/));
  const granted = allScopes.filter((scope) => names.has(scope) && holds(held, scope));
  if (granted.length === names.size) return granted;
  const refused = [...names].filter((name) => !granted.some((scope) => scope === name));
  throw new TokenError(
    "invalid_scope",
    `${who} does not hold ${refused.join(" ")}; it holds ${[...held].join(" ") || "no scope"}.`,
  );
}
