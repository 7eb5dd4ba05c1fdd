/** `/openapi.json` from the routes that validate: OpenAPI 3.1, JSON Schema 2020-12. */
import * as z from "zod";
import { problem } from "./common.ts";
import { type ErrorCode, errorCodes } from "./errors.ts";
import type { Route } from "./route.ts";
import { tokenAnswer, tokenError, tokenRequest } from "./tokens.ts";

type Json = Record<string, unknown>;

/** JSON Schema 2020-12, as zod writes it. */
export type JsonSchema = z.core.JSONSchema.BaseSchema;

/** JSON Schema of a zod schema as a request is written (`input`) or an answer read (`output`). */
export function jsonSchema(schema: z.ZodType, io: "input" | "output"): JsonSchema {
  const { $schema: _, ...rest } = z.toJSONSchema(schema, {
    io,
    unrepresentable: "any",
    target: "draft-2020-12",
  });
  return rest;
}

/** The whole document. `server` is the origin that clients use. */
export function openApi(routes: readonly Route[], server: string): Json {
  const paths: Record<string, Json> = { "/v1/auth/token": { post: tokenOperation() } };
  for (const route of routes) {
    paths[route.path] = { ...paths[route.path], [route.method.toLowerCase()]: operation(route) };
  }
  return {
    openapi: "3.1.0",
    info: {
      title: "Wharf",
      version: "1",
      description: "Programmatic file sharing. Errors are RFC 9457 problem details with a stable `code`.",
      license: { name: "Apache-2.0", identifier: "Apache-2.0" },
    },
    servers: [{ url: server }],
    security: [{ bearer: [] }],
    paths,
    components: {
      securitySchemes: { bearer: { type: "http", scheme: "bearer" } },
      schemas: { Problem: jsonSchema(problem, "output") },
    },
  };
}

function operation(route: Route): Json {
  const query = Object.entries(route.query).map(([name, schema]) => parameter("query", name, schema));
  const params = Object.entries(route.params).map(([name, schema]) => parameter("path", name, schema));
  const headers = Object.entries(route.headers ?? {}).map(([name, description]) => ({
    in: "header",
    name,
    description,
    schema: { type: "string" },
  }));
  if (route.idempotency === "record") headers.push(IDEMPOTENCY_KEY);
  return {
    operationId: route.id,
    summary: route.summary,
    ...(route.description === undefined ? {} : { description: route.description }),
    tags: [route.tag],
    ...(route.scopes === "public" ? { security: [] } : { "x-scopes": route.scopes }),
    parameters: [...params, ...query, ...headers],
    ...(route.body === undefined ? {} : { requestBody: requestBody(route) }),
    responses: { ...successes(route), ...failures(errorsOf(route)) },
  };
}

/** What any call may meet, whatever it asks for. */
const anywhere = ["rate_limited", "internal", "unavailable"] as const satisfies ErrorCode[];
const anyJson = [
  "invalid_json",
  "payload_too_large",
  "unsupported_media_type",
] as const satisfies ErrorCode[];

/** A route's own errors, and those that every JSON body and every call can have. */
export function errorsOf({ errors, body, bodyType }: Route): readonly ErrorCode[] {
  const json = body !== undefined && bodyType === undefined;
  return [...new Set<ErrorCode>([...errors, ...(json ? anyJson : []), ...anywhere])];
}

const IDEMPOTENCY_KEY = {
  in: "header",
  name: "Idempotency-Key",
  description:
    "1–255 printable ASCII characters; the same key and request within 24 h give the first answer.",
  schema: { type: "string" },
};

function parameter(where: "query" | "path", name: string, schema: z.ZodType): Json {
  const required = where === "path" || !schema.safeParse(undefined).success;
  return { in: where, name, required, schema: jsonSchema(schema, "input") };
}

function requestBody(route: Route): Json {
  const type = route.bodyType ?? "application/json";
  const schema = route.body === undefined ? {} : jsonSchema(route.body, "input");
  const example = route.example?.request;
  return { required: true, content: { [type]: { schema, ...(example === undefined ? {} : { example }) } } };
}

function successes(route: Route): Json {
  const example = route.example?.response;
  return Object.fromEntries(
    Object.entries(route.responses).map(
      ([status, { description, schema, type = "application/json", headers }], index) => [
        status,
        {
          description,
          ...(headers === undefined ? {} : { headers: headerObjects(headers) }),
          ...(schema === undefined
            ? {}
            : {
                content: {
                  [type]: {
                    schema: jsonSchema(schema, "output"),
                    ...(index === 0 && example !== undefined ? { example } : {}),
                  },
                },
              }),
        },
      ],
    ),
  );
}

function headerObjects(headers: Record<string, string>): Json {
  return Object.fromEntries(
    Object.entries(headers).map(([name, description]) => [name, { description, schema: { type: "string" } }]),
  );
}

/** One response per status; its description lists the codes. */
function failures(codes: readonly ErrorCode[]): Json {
  const byStatus = new Map<number, ErrorCode[]>();
  for (const code of codes) {
    const status = errorCodes[code][0];
    byStatus.set(status, [...(byStatus.get(status) ?? []), code]);
  }
  return Object.fromEntries(
    [...byStatus].map(([status, group]) => [
      status,
      {
        description: group.map((code) => `\`${code}\`: ${errorCodes[code][1]}`).join("; "),
        content: { "application/problem+json": { schema: { $ref: "#/components/schemas/Problem" } } },
      },
    ]),
  );
}

function tokenOperation(): Json {
  const schema = jsonSchema(tokenRequest, "input");
  const failure = { content: { "application/json": { schema: jsonSchema(tokenError, "output") } } };
  return {
    operationId: "issueToken",
    summary: "Exchange a client's id and secret for an access token of 15 minutes",
    tags: ["Tokens"],
    security: [],
    requestBody: {
      required: true,
      content: { "application/json": { schema }, "application/x-www-form-urlencoded": { schema } },
    },
    responses: {
      200: {
        description: "The token",
        content: { "application/json": { schema: jsonSchema(tokenAnswer, "output") } },
      },
      400: {
        description: "`invalid_request`, `invalid_scope`, `unsupported_grant_type` (RFC 6749, 5.2)",
        ...failure,
      },
      401: { description: "`invalid_client`", ...failure },
      ...failures(anywhere),
    },
  };
}
