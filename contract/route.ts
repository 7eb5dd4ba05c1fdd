import type * as z from "zod";
import type { ErrorCode } from "./errors.ts";
import { idempotencyKey, ifNoneMatch, requestId } from "./headers.ts";
import { type Action, type Scope, scopesFor } from "./scopes.ts";

type Shape = Record<string, z.ZodType>;

/**
 * What is kept under a POST's `Idempotency-Key`.
 *
 * - `"record"`: the answer, in the transaction of the effect.
 * - `"after"`: the answer, once there is one. Where the function dies before, the request is done again: right behind the
 *   first it changes nothing more. Later, when others have changed the same thing, it would.
 * - `"natural"`: the request alone. It changes nothing, and its answer (signed URLs) is made anew.
 * - `"items"`: the request, and what became of each of its items, by keys that follow from it.
 */
type Idempotent = "record" | "after" | "natural" | "items";

/** An answer that is no refusal; `type` is its media type where that isn't JSON. */
interface Success {
  description: string;
  schema?: z.ZodType;
  type?: string;
  headers?: Record<string, string>;
}

/** What a path's parameter names, on which an action is decided before the verb runs. */
type ResourceKind = "workspace" | "folder" | "file" | "version" | "lock" | "link" | "upload";

/** What members of an organization may do to it, by their role. */
export type OrganizationAction =
  | "see"
  | "list_members"
  | "leave"
  | "members"
  | "clients"
  | "workspaces"
  | "organize"
  | "close"
  | "transfer"
  | "rules"
  | "rule";

/**
 * Who may use a route. Without a decision no route answers.
 *
 * - `public`: whoever has the address; why.
 * - `action`, `on`: whoever may do that to the resource that the path names.
 * - `action`, `decides`: the same of resources that the request names otherwise; why only the verb knows them.
 * - `organization`: whoever may do that in the organization that is meant, by its role there; `decides`: why only the
 *   verb knows which that is.
 * - `own`: every token with the scope, since the answer is of the caller's own things alone; why.
 */
export type Access =
  | { public: string }
  | { action: Action; on: ResourceKind }
  | { action: Action; decides: string }
  | { organization: OrganizationAction; decides?: string }
  | { own: string };

/**
 * One route of the API: what validates its requests is what `/openapi.json` shows.
 *
 * `scopes`: any one of them is enough (`admin` always is); `[]` needs a token of any scope; `"public"` needs none. Where
 * they aren't said they are those that name its action.
 * `idempotency` of a POST, by what is kept under an `Idempotency-Key`: see `Idempotent`.
 */
export interface Route<
  Params extends Shape = Shape,
  Query extends Shape = Shape,
  Body extends z.ZodType | undefined = z.ZodType | undefined,
  Headers extends Shape = Shape,
  Status extends number = number,
> {
  id: string;
  method: "GET" | "POST" | "PUT" | "PATCH" | "DELETE";
  /** OpenAPI form: `/v1/uploads/{id}`. */
  path: string;
  summary: string;
  description?: string;
  tag: string;
  access: Access;
  scopes: readonly Scope[] | "public";
  params: Params;
  query: Query;
  body: Body;
  /** Media type of the request body where it isn't JSON. */
  bodyType?: string;
  idempotency: Idempotent;
  /** Id of the route whose Idempotency-Keys count here too, where one request may be sent to both. @default its own */
  idempotentWith?: string;
  /** Request headers beside those of every such route (`requestHeaders`). No route reads a cookie. */
  headers: Headers;
  /** By status: one of them, its only 2xx beside 202 and 207 where it has any, is how it answers unless its handler says otherwise. */
  responses: Readonly<Record<Status, Success>>;
  /** A session's own upload token will do, for what its path names where that is this very session. @default false */
  uploadToken?: true;
  /** Beside those that follow from its method, scopes and body (`errorsOf`). */
  errors: readonly ErrorCode[];
  /** Where it refuses, people (as `lambdas/pages/link-reader.ts` tells them) get a page. @default false */
  errorPages?: boolean;
  /** Example of a request body and of the first success, for the docs. */
  example?: { request?: unknown; response?: unknown };
}

type Given<
  P extends Shape,
  Q extends Shape,
  B extends z.ZodType | undefined,
  H extends Shape,
  S extends number,
> = Omit<Route<P, Q, B, H, S>, "scopes" | "params" | "query" | "body" | "headers" | "idempotency"> & {
  scopes?: readonly Scope[];
  params?: P;
  query?: Q;
  body?: B;
  headers?: H;
  idempotency?: Idempotent;
};

/** Declares a route; what is left out is empty, and a POST records its answer. */
export function defineRoute<
  // biome-ignore lint/complexity/noBannedTypes: an empty shape is what a route without parameters has
  P extends Shape = {},
  // biome-ignore lint/complexity/noBannedTypes: as above
  Q extends Shape = {},
  B extends z.ZodType | undefined = undefined,
  // biome-ignore lint/complexity/noBannedTypes: as above
  H extends Shape = {},
  S extends number = number,
>(route: Given<P, Q, B, H, S>): Route<P, Q, B, H, S> {
  return {
    idempotency: route.method === "POST" ? "record" : "natural",
    ...route,
    scopes: route.scopes ?? scopesOf(route.access),
    params: route.params ?? ({} as P),
    query: route.query ?? ({} as Q),
    body: route.body as B,
    headers: route.headers ?? ({} as H),
  };
}

function scopesOf(access: Access): readonly Scope[] | "public" {
  if ("public" in access) return "public";
  if ("action" in access) return scopesFor(access.action);
  throw new Error("a route that names no action says which scopes it needs");
}

/** Whether a route's requests can be told from another by an `Idempotency-Key`. */
export const takesKey = ({ method, scopes }: Pick<Route, "method" | "scopes">) =>
  method === "POST" && scopes !== "public";

/** RFC 4918, 11.1: of a batch some were done, and others not. */
export const MULTI_STATUS = 207;
/** RFC 9110, 15.3.3: it goes on by itself. */
export const ACCEPTED = 202;
const BESIDE: ReadonlySet<number> = new Set([MULTI_STATUS, ACCEPTED]);

/** The status of a route's success: its only 2xx beside 202 and 207, or that of the redirect which is all it answers. @throws Error where it has several. */
export function successOf({ id, responses }: Pick<Route, "id" | "responses">): number {
  const statuses = Object.keys(responses).map(Number);
  const done = statuses.filter((status) => status < 300 && !BESIDE.has(status));
  const [success, ...more] = done.length > 0 ? done : statuses;
  if (success === undefined || more.length > 0) throw new Error(`${id} has no one status of success`);
  return success;
}

/** GETs that answer JSON have an ETag of what they answer. */
export const isConditional = ({ method, responses }: Pick<Route, "method" | "responses">) =>
  method === "GET" && responses[200]?.schema !== undefined && responses[200].type === undefined;

/** Schemas of all the headers that a route reads, its own and the conventional ones: what validates them is shown. */
export function requestHeaders(route: Route): Shape {
  return {
    ...route.headers,
    ...(takesKey(route) ? { "Idempotency-Key": idempotencyKey.optional() } : {}),
    ...(isConditional(route) ? { "If-None-Match": ifNoneMatch.optional() } : {}),
    "X-Request-ID": requestId.optional(),
  };
}
