import type { Item, Write } from "#aws/table.ts";
import type { Actor } from "#contract/common.ts";
import { holds, type Scope } from "#contract/scopes.ts";
import { WharfError } from "./error.ts";
import type { Allowed, Rights } from "./rights.ts";

/** Who calls: the client or person behind a checked token or API key. */
export interface Caller {
  /** `cli_…` or `usr_…`. */
  id: string;
  name: string;
  scopes: ReadonlySet<Scope>;
  /** Where its uploads go that name no workspace. */
  default_workspace?: string | undefined;
  /** Names of workspaces that it was granted: id → name. */
  workspaces: Readonly<Record<string, string>>;
  /** Its uploads make workspaces of names that it doesn't know, whatever its scopes. */
  makes_workspaces?: true | undefined;
  rights: Rights;
  /** From where it calls the API; not there for what is done in somebody's stead. */
  from?: { address: string | undefined } | undefined;
  /** The one session that it may act on, as its maker would, where it showed that session's upload token. */
  upload_id?: string | undefined;
  /**
   * What it showed: where that is stored beside its holder, until when (ms) it is good, and the sort keys of what it was
   * exchanged from.
   */
  credential?: { sk: string; key_id?: string | undefined; expires_ms: number; parents?: readonly string[] };
  /**
   * By what it acts, beside its own secrets: ids of a key, an endpoint, an invitation, and of the keys of its own by which
   * that was made.
   */
  means?: readonly string[] | undefined;
  /** Records of workspaces and organizations that were read with its rights, or since: in one call each is read once. */
  met?: Met | undefined;
}

/** What was met, by `pk` and `sk`: `undefined` of what wasn't there. */
export type Met = Map<string, Item | undefined>;

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
  /** What was decided of the route's resource, where the route is about one. */
  access?: Allowed | undefined;
  /** By when (ms) what waits for others is to answer, where that is sooner than a verb's own patience ends. */
  until?: number;
  /** Told of every decision: a route that answers without one is a fault of ours. */
  decided?(): void;
}

/** The caller as events name it. */
export function actorOf({ id }: Pick<Caller, "id">): Actor {
  return { type: id.startsWith("usr_") ? "person" : "client", id };
}

/** Whether the caller's token has the scope; `admin` has all. */
export function hasScope(caller: Caller, scope: Scope): boolean {
  return holds(caller.scopes, scope);
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
