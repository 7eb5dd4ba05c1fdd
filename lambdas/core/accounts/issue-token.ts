import { randomBytes, timingSafeEqual } from "node:crypto";
import { keys, sha256 } from "#aws/keys.ts";
import { id } from "#contract/common.ts";
import { scopes as allScopes, type Scope } from "#contract/scopes.ts";
import type { TableDeps } from "#core/kernel/deps.ts";
import { ttl } from "#core/kernel/time.ts";
import { TOKEN_SECONDS, type TokenErrorCode } from "./contract.ts";
import { clientRecord, currentClient } from "./records.ts";

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
}

// Compared with where there is no such client, so that the answer takes the same work.
const NOBODY = [{ hash: sha256("nobody"), created_at: "" }];

/**
 * Exchanges a client's secret for a token of 900 s (RFC 6749, 4.4). The token is stored as its SHA-256.
 *
 * @throws TokenError invalid_client, invalid_scope.
 */
export async function issueToken(deps: TableDeps, { clientId, clientSecret, scope }: TokenRequest) {
  const known = id("cli").safeParse(clientId).success;
  const stored = known ? await deps.table.get(clientRecord, keys.client(clientId)) : undefined;
  const client = stored && currentClient(stored);
  const given = Buffer.from(sha256(clientSecret));
  let matches = false;
  for (const { hash } of client?.secrets ?? NOBODY) {
    if (timingSafeEqual(given, Buffer.from(hash))) matches = true;
  }
  if (client === undefined || !matches || client.revoked_at !== undefined) {
    throw new TokenError(
      "invalid_client",
      "The client's id or secret is wrong, or the client has been revoked.",
    );
  }
  const granted = grant(client.scopes, scope);
  const token = `wht_${clientId.slice(4)}_${randomBytes(32).toString("base64url")}`;
  const expires_ms = deps.now() + TOKEN_SECONDS * 1000;
  await deps.table.add({
    ...keys.token(clientId, token),
    client_id: clientId,
    scopes: granted,
    kind: "secret",
    expires_ms,
    ttl: ttl(expires_ms),
  });
  return {
    access_token: token,
    token_type: "Bearer" as const,
    expires_in: TOKEN_SECONDS,
    scope: granted.join(" "),
  };
}

function grant(held: readonly Scope[], asked: string | undefined): Scope[] {
  if (asked === undefined || asked.trim() === "") return [...held];
  const names = new Set(asked.trim().split(/\s+/));
  const granted = allScopes.filter((scope) => names.has(scope) && held.includes(scope));
  if (granted.length === names.size) return granted;
  const refused = [...names].filter((name) => !granted.some((scope) => scope === name));
  throw new TokenError(
    "invalid_scope",
    `The client does not hold ${refused.join(" ")}; it holds ${held.join(" ") || "no scope"}.`,
  );
}
