import type { FileAccess } from "#contract/roles.ts";
import type { TableDeps } from "#core/kernel/deps.ts";
import { isWharfError } from "#core/kernel/error.ts";
import { authenticate } from "./authenticate.ts";
import { ACCESS_TOKEN, TOKEN_SECONDS } from "./contract.ts";
import { grantScopes, storeToken, TokenError } from "./issue-token.ts";
import { resolveDetails } from "./resolve-details.ts";

/** How often a token can be exchanged for one that is narrower still. */
const MAX_EXCHANGES = 4;

export interface ExchangeRequest {
  /** A token or an API key. */
  subjectToken: string;
  /** Space-separated; default: all of the subject's. */
  scope?: string | undefined;
  /** Default: the subject's own. */
  details?: readonly FileAccess[] | undefined;
  /** Seconds; default and at most 900, or what is left of the subject. */
  expiresIn?: number | undefined;
}

/**
 * Trades a token or an API key for a token that does no more, nowhere else and no longer (RFC 8693), to hand to another.
 * It ends with what it came from.
 *
 * @throws TokenError invalid_request for a subject that is none, or was exchanged four times; invalid_scope. WharfError
 * invalid_authorization_details.
 */
export async function exchangeToken(deps: TableDeps, given: ExchangeRequest) {
  const subject = await subjectOf(deps, given.subjectToken);
  const { sk, key_id, parents = [], expires_ms: subjectEnds } = subject.credential;
  if (parents.length >= MAX_EXCHANGES)
    throw new TokenError(
      "invalid_request",
      `subject_token has been exchanged ${MAX_EXCHANGES} times already; exchange one of those that it came from.`,
    );
  if (given.scope?.trim() === "")
    throw new TokenError("invalid_scope", "scope is empty; leave it out for all that the subject has.");
  const scopes = grantScopes(subject.caller.scopes, given.scope, "subject_token");
  const asker = { ...subject.caller, scopes: new Set(scopes) };
  const details =
    given.details === undefined
      ? subject.caller.rights.details && [...subject.caller.rights.details]
      : await resolveDetails(deps, asker, given.details);
  const seconds = Math.min(given.expiresIn ?? TOKEN_SECONDS, TOKEN_SECONDS);
  const now = deps.now();
  const expires_ms = Math.min(now + seconds * 1000, subjectEnds);
  const answer = await storeToken(deps, now, subject.caller.id, {
    ...{ scopes, details, key_id, means: subject.caller.means && [...subject.caller.means] },
    ...{ parents: [sk, ...parents], kind: "exchange", expires_ms },
  });
  return { ...answer, issued_token_type: ACCESS_TOKEN };
}

/** @throws TokenError invalid_request (RFC 8693, 2.2.2) */
async function subjectOf(deps: TableDeps, token: string) {
  try {
    const { caller } = await authenticate(deps, `Bearer ${token}`);
    if (caller.credential === undefined) throw new Error("a caller that showed nothing");
    return { caller, credential: caller.credential };
  } catch (error) {
    // An upload token is traded for nothing.
    if (!isWharfError(error, "unauthenticated") && !isWharfError(error, "forbidden")) throw error;
    throw new TokenError("invalid_request", `subject_token is no good: ${error.message}`);
  }
}
