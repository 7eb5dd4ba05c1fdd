/** `/openapi.json` from the routes that validate: OpenAPI 3.1, JSON Schema 2020-12. */
import type * as z from "zod";
import { tokenAnswer, tokenError, tokenForm, tokenRequest } from "#core/accounts/contract.ts";
import { type ErrorCode, errorCodes } from "./errors.ts";
import { requestId } from "./headers.ts";
import { type Json, jsonSchema, named } from "./json-schema.ts";
import { addExamples } from "./openapi-examples.ts";
import { problemExamples, problemSchemas, problemsOf } from "./openapi-problems.ts";
import { isConditional, type Route, requestHeaders, takesKey } from "./route.ts";
import { scopes, scopeTable } from "./scopes.ts";

/** The whole document. `server` is the origin that clients use. */
export function openApi(routes: readonly Route[], server: string): Json {
  const paths: Record<string, Json> = { "/v1/auth/token": { post: tokenOperation() } };
  for (const route of routes) {
    // biome-ignore lint/plugin: a route of our own
    paths[route.path] = { ...paths[route.path], [route.method.toLowerCase()]: operation(route) };
  }
  const document = {
    openapi: "3.1.0",
    info: {
      title: "Wharf",
      version: "1",
      description:
        "Programmatic file sharing. Errors are RFC 9457 problem details with a stable `code`, of which each has a schema. Ignore members of answers that you don't know, and take a code that you don't know by its status.",
      license: { name: "Apache-2.0", identifier: "Apache-2.0" },
    },
    servers: [{ url: server }],
    security: [{ bearer: [] }],
    tags: ["Tokens", ...new Set(routes.map(({ tag }) => tag))].map((name) => ({ name })),
    paths,
    components: {
      securitySchemes: {
        bearer: {
          ...{ type: "http", scheme: "bearer" },
          description: "An access token, good for 15 minutes, or an API key.",
        },
        oauth2: {
          type: "oauth2",
          flows: { clientCredentials: { tokenUrl: `${server}/v1/auth/token`, scopes: SCOPES } },
        },
      },
      headers: HEADERS,
      examples: problemExamples(),
      schemas: problemSchemas(),
    },
  };
  const named = withNamedSchemas(document);
  addExamples(named.paths, named.components.schemas);
  return named;
}

/**
 * Moves the schemas that have a name, which each schema carries along, to where generators look for them. Tuples, which
 * few generators know, become lists of their first type; their length is in minItems and maxItems.
 */
function withNamedSchemas<D extends Json & { components: { schemas: Json } }>(document: D): D {
  const found: Json = {};
  const rest = JSON.parse(
    JSON.stringify(document, (key, value) => (key === "$defs" ? addTo(found, value) : value)),
  ) as typeof document;
  Object.assign(rest.components.schemas, found);
  const listed = JSON.stringify(rest, (_, value) => {
    const { prefixItems, ...list } = Object(value) as { prefixItems?: unknown[] };
    return prefixItems === undefined ? value : { ...list, items: prefixItems[0] };
  });
  return JSON.parse(listed.replaceAll('"#/$defs/', '"#/components/schemas/')) as typeof document;
}

/** What each scope is for. */
const SCOPES: Record<string, string> = Object.fromEntries(
  scopes.map((name) => [name, scopeTable[name].says]),
);

const text = { type: "string" };
const HEADERS = {
  "X-Request-ID": { description: "The caller's id where it sent a good one, else a new one.", schema: text },
  ETag: { description: "Of the answer as a whole, for `If-None-Match`.", schema: text },
  "Idempotency-Replayed": {
    description: "`true` where this request has been done before under its Idempotency-Key.",
    schema: text,
  },
  "Retry-After": {
    description: "Seconds until it is worth another try, where known.",
    schema: { type: "integer" },
  },
  "WWW-Authenticate": {
    description:
      "What is wrong with the token (RFC 6750). API Gateway renames it; behind another front door it has this name.",
    schema: text,
  },
  "x-amzn-Remapped-WWW-Authenticate": {
    description: "`WWW-Authenticate` as API Gateway sends it: the same value under another name.",
    schema: text,
  },
};

/** A 401's challenge, under the name of HTTP and the one that API Gateway gives it. */
const CHALLENGE = ["WWW-Authenticate", "x-amzn-Remapped-WWW-Authenticate"] as const;

/** References to these headers of every answer that may have them. */
function headerRefs(...names: (keyof typeof HEADERS)[]): Json {
  return Object.fromEntries(names.map((name) => [name, { $ref: `#/components/headers/${name}` }]));
}

function operation(route: Route): Json {
  const query = Object.entries(route.query).map(([name, schema]) => parameter("query", name, schema));
  const params = Object.entries(route.params).map(([name, schema]) => parameter("path", name, schema));
  const headers = Object.entries(requestHeaders(route)).map(([name, schema]) =>
    parameter("header", name, schema),
  );
  return {
    operationId: route.id,
    summary: route.summary,
    ...(route.description === undefined ? {} : { description: route.description }),
    tags: [route.tag],
    ...security(route),
    parameters: [...params, ...query, ...headers],
    ...requestBody(route),
    responses: { ...successes(route), ...failures(errorsOf(route), route) },
  };
}

function security({ scopes }: Route): Json {
  if (scopes === "public") return { security: [] };
  // Any one of the scopes will do, and each alternative is a requirement of its own.
  const oauth2 = scopes.length === 0 ? [[]] : scopes.map((scope) => [scope]);
  return { "x-scopes": scopes, security: [{ bearer: [] }, ...oauth2.map((list) => ({ oauth2: list }))] };
}

/** What any call may meet, whatever it asks for. */
export const anywhere = [
  "rate_limited",
  "internal",
  "unavailable",
  "storage_full",
] as const satisfies ErrorCode[];
const anyCaller = [
  "invalid_request",
  "unknown_field",
  "unauthenticated",
  "forbidden",
  "policy_denied",
] as const satisfies ErrorCode[];
const anyJson = [
  "invalid_json",
  "payload_too_large",
  "unsupported_media_type",
] as const satisfies ErrorCode[];
const anyKey = ["idempotency_mismatch", "idempotency_in_progress"] as const satisfies ErrorCode[];

/** A route's own errors, and those that every token, every JSON body, every key and every call can have. */
export function errorsOf(route: Route): readonly ErrorCode[] {
  const json = route.body !== undefined && route.bodyType === undefined;
  return [
    ...new Set<ErrorCode>([
      ...(route.scopes === "public" ? [] : anyCaller),
      // Which organization is meant isn't always known.
      ...("organization" in route.access ? (["conflict"] as const) : []),
      ...route.errors,
      ...(json ? anyJson : []),
      ...(takesKey(route) ? anyKey : []),
      ...anywhere,
    ]),
  ];
}

/** What a parameter means stands beside its schema, where tools look for it. */
function parameter(where: "query" | "path" | "header", name: string, schema: z.ZodType): Json {
  const required = where === "path" || !schema.safeParse(undefined).success;
  const { description, ...rest } = jsonSchema(schema, "input");
  // Commas between a list's members, and not the parameter once more for each.
  const list = rest.type === "array" ? { style: "form", explode: false } : {};
  return { in: where, name, required, description, ...list, schema: rest };
}

/** `startUpload` → `StartUpload`. */
const titled = (id: string) => id.charAt(0).toUpperCase() + id.slice(1);

function requestBody({ id, body, bodyType, example }: Route): Json {
  if (body === undefined && bodyType === undefined) return {};
  const type = bodyType ?? "application/json";
  const schema =
    body === undefined
      ? { type: "string", format: "binary" }
      : named(jsonSchema(body, "input"), `${titled(id)}Request`);
  // A body that is left out counts as {}; what has a file can't be.
  const optional = body?.safeParse({}).success === true;
  const shown = example?.request === undefined ? {} : { example: example.request };
  return { requestBody: { required: !optional, content: { [type]: { schema, ...shown } } } };
}

function successes(route: Route): Json {
  const example = route.example?.response;
  const common = headerRefs("X-Request-ID", ...(takesKey(route) ? (["Idempotency-Replayed"] as const) : []));
  const etag = isConditional(route) ? headerRefs("ETag") : {};
  const known = { description: "What the caller has still holds", headers: { ...etag, ...common } };
  const all = Object.fromEntries(
    Object.entries(route.responses).map(
      ([status, { description, schema, type = "application/json", headers = {} }], index) => {
        const shown = index === 0 && example !== undefined ? { example } : {};
        const name = `${titled(route.id)}Answer${index === 0 ? "" : status}`;
        const content = schema && {
          content: { [type]: { schema: named(jsonSchema(schema, "output"), name), ...shown } },
        };
        const own = { ...(status === "200" ? etag : {}), ...headerObjects(headers) };
        return [status, { description, headers: { ...own, ...common }, ...content }];
      },
    ),
  );
  return isConditional(route) ? { ...all, 304: known } : all;
}

function headerObjects(headers: Record<string, string>): Json {
  return Object.fromEntries(
    Object.entries(headers).map(([name, description]) => [name, { description, schema: text }]),
  );
}

/** One response per status, with an example of each code. */
function failures(codes: readonly ErrorCode[], { errorPages = false }: Pick<Route, "errorPages"> = {}): Json {
  const byStatus = new Map<number, ErrorCode[]>();
  for (const code of codes) {
    const status = errorCodes[code][0];
    byStatus.set(status, [...(byStatus.get(status) ?? []), code]);
  }
  return Object.fromEntries(
    [...byStatus].map(([status, group]) => [status, failure(status, group, errorPages)]),
  );
}

const RETRIED = [403, 409, 423, 429, 503];

function failure(status: number, codes: readonly ErrorCode[], errorPages: boolean): Json {
  // A 500 is the same for everyone.
  const page = errorPages && status !== 500 ? { "text/html": { schema: text } } : {};
  return {
    description: codes.map((code) => `\`${code}\`: ${errorCodes[code][1]}`).join("; "),
    headers: {
      ...headerRefs("X-Request-ID"),
      ...(status === 401 ? headerRefs(...CHALLENGE) : {}),
      ...(RETRIED.includes(status) ? headerRefs("Retry-After") : {}),
    },
    content: {
      "application/problem+json": {
        schema: problemsOf(codes),
        examples: Object.fromEntries(codes.map((code) => [code, { $ref: `#/components/examples/${code}` }])),
      },
      ...page,
    },
  };
}

const CREDENTIALS = {
  grant_type: "client_credentials",
  client_id: "cli_01JZZZZZZZZZZZZZZZZZZZZZZZ",
  client_secret: "whs_…",
};

function tokenOperation(): Json {
  const failed = (description: string, ...headers: (keyof typeof HEADERS)[]) => ({
    description,
    headers: headerRefs("X-Request-ID", ...headers),
    content: { "application/json": { schema: named(jsonSchema(tokenError, "output"), "TokenError") } },
  });
  return {
    operationId: "issueToken",
    summary:
      "Exchange a client's id and secret, or a token for a narrower one, for an access token of 15 minutes",
    description:
      "RFC 6749, 4.4, by form or as JSON; by form the credentials may come as HTTP Basic. With `grant_type=urn:ietf:params:oauth:grant-type:token-exchange` (RFC 8693) a token or API key is traded for one that does no more, nowhere else and no longer, and that ends with it; that needs no credentials beside. `authorization_details` (RFC 9396) narrows either to workspaces, folders or files. Errors keep RFC 6749's shape (5.2).",
    tags: ["Tokens"],
    security: [],
    parameters: [parameter("header", "X-Request-ID", requestId.optional())],
    requestBody: {
      required: true,
      // Of one name each: generators tell by it which of the two they send (openapi-python-client, issue 1276).
      content: {
        "application/json": { schema: jsonSchema(tokenRequest, "input"), example: CREDENTIALS },
        "application/x-www-form-urlencoded": { schema: jsonSchema(tokenForm, "input"), example: CREDENTIALS },
      },
    },
    responses: {
      200: {
        description: "The token",
        headers: headerRefs("X-Request-ID"),
        content: { "application/json": { schema: named(jsonSchema(tokenAnswer, "output"), "Token") } },
      },
      400: failed(
        "`invalid_request`, `invalid_scope`, `invalid_authorization_details`, `unsupported_grant_type`",
      ),
      401: failed("`invalid_client`", ...CHALLENGE),
      ...failures(anywhere),
    },
  };
}

/** @throws Error where two schemas that differ have one name */
function addTo(found: Json, schemas: Json): undefined {
  for (const [name, schema] of Object.entries(schemas)) {
    const known = found[name];
    if (known !== undefined && JSON.stringify(known) !== JSON.stringify(schema))
      throw new Error(`two schemas have the name ${name}`);
    // biome-ignore lint/plugin: a schema of our own
    found[name] = schema;
  }
  return undefined;
}
