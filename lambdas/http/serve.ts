/** Binds a contract's route to its handler: authenticate, validate, replay or run, answer. */
import * as z from "zod";
import type { Key } from "#aws/keys.ts";
import { note } from "#aws/log.ts";
import type { Item } from "#aws/table.ts";
import { isConditional, type Route, requestHeaders, successOf } from "#contract/route.ts";
import type { Scope } from "#contract/scopes.ts";
import { authorizeOrganization } from "#core/access/authorize-organization.ts";
import { authorizeOn, type Resource } from "#core/access/resource.ts";
import { authenticate } from "#core/accounts/authenticate.ts";
import { type Call, type Caller, requireSameScopes, requireScope } from "#core/kernel/call.ts";
import type { TableDeps } from "#core/kernel/deps.ts";
import { WharfError } from "#core/kernel/error.ts";
import { keepAnswer, once } from "#core/kernel/once.ts";
import { readJson } from "./body.ts";
import { check } from "./check.ts";
import type { App, AppContext, Reply } from "./context.ts";
import { unlessKnown, withEtag } from "./etag.ts";
import { readMultipart } from "./form.ts";
import { conditionsOf } from "./preconditions.ts";
import { refuseUnreadPreconditions } from "./refuse-unread-preconditions.ts";
import { send } from "./send.ts";
import { sourceAddress } from "./source-address.ts";
import { wire } from "./wire.ts";

type Shape = Record<string, z.ZodType>;

type Output<S extends Shape> = { [K in keyof S]: z.output<S[K]> };

/** What a handler gets: validated input, the caller, and the raw context. */
interface Input<P extends Shape, Q extends Shape, B extends z.ZodType | undefined, H extends Shape> {
  params: Output<P>;
  query: Output<Q>;
  body: B extends z.ZodType ? z.output<B> : undefined;
  headers: Output<H>;
  call: Call;
  context: AppContext;
}

/** A contract's route with what answers it. */
interface Served<
  P extends Shape,
  Q extends Shape,
  B extends z.ZodType | undefined,
  H extends Shape,
  S extends number,
> {
  route: Route<P, Q, B, H, S>;
  handle: (input: Input<P, Q, B, H>) => Promise<Reply<S> | undefined>;
  /** What the path names, where the route decides `on` it; `call.access` says what was decided. */
  resource?: Resource<Output<P>>;
  /** The verb asks `call.access` for more than the route's action: all that the caller has there is read. */
  wholeAccess?: true;
  /** The organization that is meant, where it decides on one. @default the caller's own */
  organization?: (params: Output<P>) => string;
  /** What the verb reads first beside the resource: it comes in one round trip with the token, as `call.ahead`. */
  reads?: (params: Output<P>) => readonly Key[];
  /** Refuses by how a request looks, before anybody asks what it is about. */
  refuse?: (context: AppContext) => void;
  /** Headers that follow from an answer's body, a recorded one's too. */
  headers?: (body: unknown) => Record<string, string>;
  /**
   * Makes the answer from a recorded one, for the token that asks now: parts (signed URLs) are made anew, or left out
   * where that lacks scopes of the first; `undefined` where it holds no more, and the request is done again. Without it
   * a token that lacks any is refused.
   */
  replay?: (recorded: unknown, call: Call, lacking: readonly Scope[]) => Promise<unknown>;
}

/**
 * Adds a route to `app`.
 *
 * Who may use it is decided before its verb runs, or by its verb where only that knows what the request is about; an
 * answer without a decision leaves as a 500.
 *
 * @throws Error where the route decides on what its path names, and nothing says what that is.
 */
export function serve<
  P extends Shape,
  Q extends Shape,
  B extends z.ZodType | undefined,
  H extends Shape,
  S extends number,
>(app: App, deps: TableDeps, served: Served<P, Q, B, H, S>): void {
  const { route, handle, resource, headers: headersFor, replay } = served;
  if ("on" in route.access && resource === undefined)
    throw new Error(`${route.id} decides on a ${route.access.on}, but nothing says which`);
  const success = successOf(route);
  const reads = (given: Output<P>) => [...(resource?.reads(given) ?? []), ...(served.reads?.(given) ?? [])];
  wire(app, route, async (context) => {
    const { params, query, headers } = schemasOf(route);
    const named = params.safeParse(context.req.param());
    const { caller: known, ahead } = await authenticate(
      deps,
      context.req.header("authorization"),
      named.success ? reads(named.data as Output<P>) : [],
      { uploadToken: route.uploadToken === true },
    );
    const caller: Caller = { ...known, from: { address: sourceAddress(context) } };
    note({ client: caller.id });
    if (route.scopes !== "public") requireScope(caller, ...route.scopes);
    refuseUnreadPreconditions(route, (name) => context.req.header(name));
    served.refuse?.(context);
    const given = await readBody(route, context);
    const input = {
      params: check(params, context.req.param(), "path") as Output<P>,
      query: check(query, queryOf(context), "query") as Output<Q>,
      body: given.body as Input<P, Q, B, H>["body"],
      headers: check(headers, headersOf(headers, context), "header") as Output<H>,
      context,
    };
    const requestId = context.get("requestId");
    let isDecided = false;
    const decided = () => {
      isDecided = true;
    };
    const asking = { caller, ahead, decided };
    const access = await decideBefore(deps, served, asking, input.params);
    const asked = {
      caller,
      key: route.method === "POST" ? context.req.header("idempotency-key") : undefined,
      status: success,
      natural: route.idempotency === "natural" || route.idempotency === "items",
      request: {
        route: route.idempotentWith ?? route.id,
        params: context.req.param(),
        body: given.fingerprint ?? null,
        conditions: conditionsOf(input.headers),
        ...rightsIn(route, caller),
      },
    };
    const callWith = (record: Call["record"]): Call => ({ ...asking, requestId, record, access });
    return once(deps, asked, {
      async again({ status, body, lacking }, record) {
        if (replay === undefined) requireSameScopes(lacking);
        const fresh = replay === undefined ? body : await replay(body, callWith(record), lacking);
        if (replay !== undefined && fresh === undefined) return undefined;
        return send({ status, body: fresh, headers: { ...headersFor?.(fresh), ...REPLAYED } });
      },
      async act(idempotency) {
        const call = callWith(idempotency.record);
        const { instead: status = success, body, headers } = (await handle({ ...input, call })) ?? {};
        if (!isDecided) throw new Error(`${route.id} answers, and nobody has decided who may use it`);
        // A redirect is no effect: the key is free for where it leads.
        if (status >= 300) await idempotency.release();
        else if (route.idempotency === "after") await keepAnswer(idempotency, body);
        const all = { ...headersFor?.(body), ...headers, ...(idempotency.repeated && REPLAYED) };
        const sent = { status, body, headers: all };
        if (!isConditional(route)) return send(sent);
        return send(unlessKnown(withEtag(sent), context.req.header("if-none-match")));
      },
    });
  });
}

interface Schemas {
  params: z.ZodObject;
  query: z.ZodObject;
  headers: z.ZodObject;
}

const schemas = new WeakMap<object, Schemas>();

/** What a route's requests are checked by, made for the first: a function starts with all routes and answers few. */
function schemasOf(route: Pick<Route, "params" | "query"> & Parameters<typeof requestHeaders>[0]): Schemas {
  const known = schemas.get(route);
  if (known !== undefined) return known;
  const made = {
    params: z.strictObject(route.params),
    query: z.strictObject(route.query),
    headers: z.object(requestHeaders(route)),
  };
  schemas.set(route, made);
  return made;
}

/**
 * What an answer may depend on that the verb alone decides, which doesn't run for a repeat: a token that is restricted
 * otherwise, or whose holder has another role by now, is not told what the first one was.
 */
function rightsIn({ access }: Pick<Route, "access">, { rights: { details, organizations } }: Caller) {
  return { ...(details && { details }), ...("organization" in access && { organizations }) };
}

/** What can be decided before the verb runs: all but what the verb alone knows. @throws WharfError not_found, forbidden */
async function decideBefore<P extends Shape>(
  deps: TableDeps,
  {
    route: { access, scopes },
    resource,
    organization,
    wholeAccess: whole,
  }: {
    route: Pick<Route, "access" | "scopes">;
    resource?: Resource<Output<P>>;
    wholeAccess?: true;
    organization?: (params: Output<P>) => string;
  },
  call: { caller: Caller; ahead: Item[]; decided(): void },
  params: Output<P>,
) {
  if ("own" in access) call.decided();
  if ("organization" in access && access.decides === undefined)
    await authorizeOrganization(deps, call, organization?.(params), access.organization);
  if (!("on" in access) || resource === undefined) return undefined;
  const asked = { action: access.action, ...(whole && { whole }) };
  const looking = { ...call, deps };
  return authorizeOn(resource, params, looking, { ...asked, scopes: scopes === "public" ? [] : scopes });
}

const REPLAYED = { "Idempotency-Replayed": "true" };

/** The query's parameters. @throws WharfError invalid_request for one that came twice, of which one would be ignored. */
function queryOf(context: AppContext): Record<string, string | undefined> {
  const all = Object.entries(context.req.queries());
  const twice = all.find(([, values]) => values.length > 1);
  if (twice !== undefined)
    throw new WharfError("invalid_request", `The query parameter ${JSON.stringify(twice[0])} came twice.`);
  return Object.fromEntries(all.map(([name, [value]]) => [name, value]));
}

/** The headers that a schema names, as they came: HTTP's names have no case (RFC 9110, 5.1). */
export function headersOf(schema: z.ZodObject, context: AppContext): Record<string, string | undefined> {
  return Object.fromEntries(Object.keys(schema.shape).map((name) => [name, context.req.header(name)]));
}

/** The validated body, and what tells one request from another; a body that no schema describes stays unread. */
async function readBody(
  route: Route,
  context: AppContext,
): Promise<{ body?: unknown; fingerprint?: unknown }> {
  if (route.body === undefined) return {};
  if (route.bodyType === "multipart/form-data") {
    const { body, fingerprint } = await readMultipart(context);
    return { body: check(route.body, body, "body"), fingerprint };
  }
  const body = check(route.body, await readJson(context), "body");
  return { body, fingerprint: body };
}
