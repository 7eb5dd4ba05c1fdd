import type { Item, Write } from "#aws/table.ts";
import type { Actor, Scope } from "#contract/common.ts";
import { WharfError } from "./error.ts";

/** Who calls: the client behind a checked token. */
export interface Caller {
  client_id: string;
  name: string;
  scopes: ReadonlySet<Scope>;
  default_workspace: string;
  /** id → name */
  workspaces: Readonly<Record<string, string>>;
}

/** One call of the API, as verbs see it. */
export interface Call {
  caller: Caller;
  requestId: string;
  /**
   * Writes that record the answer's body under the call's Idempotency-Key; empty where it carries none.
   * A verb adds them to the transaction of its effect, so that the effect and the record are one.
   */
  record(body: unknown): Write[];
  /** Items that were read together with the caller's token, for the verb that wants one of them first. */
  ahead?: readonly Item[];
}

/** The caller as events name it. */
export function actorOf(caller: Caller): Actor {
  return { type: "client", id: caller.client_id };
}

/** Whether the caller's token has the scope; `admin` has all. */
export function hasScope(caller: Caller, scope: Scope): boolean {
  return caller.scopes.has(scope) || caller.scopes.has("admin");
}

/** @throws WharfError forbidden, naming the scope. */
export function requireScope(caller: Caller, ...anyOf: readonly Scope[]): void {
  if (anyOf.length === 0 || anyOf.some((scope) => hasScope(caller, scope))) return;
  throw insufficientScope(anyOf);
}

/** @throws WharfError forbidden: a recorded answer is repeated only to a token that may know what the first one did. */
export function requireSameScopes(lacking: readonly Scope[]): void {
  if (lacking.length === 0) return;
  throw new WharfError(
    "forbidden",
    `This Idempotency-Key's answer was given to a token that also had ${lacking.join(" ")}. Repeat the request with such a token.`,
    { required_scopes: [...lacking] },
  );
}

/** RFC 6750, 3.1: the answer names the scope that would do. */
function insufficientScope(anyOf: readonly Scope[]): WharfError {
  return new WharfError(
    "forbidden",
    `This needs a token with scope ${anyOf.join(" or ")}; ask for one with that scope, or have it granted to the client.`,
    { required_scopes: [...anyOf] },
    { headers: { "WWW-Authenticate": `Bearer error="insufficient_scope", scope="${anyOf.join(" ")}"` } },
  );
}

/** True where the caller may use this workspace. */
export function canUse(caller: Caller, workspaceId: string): boolean {
  return caller.scopes.has("admin") || Object.hasOwn(caller.workspaces, workspaceId);
}
