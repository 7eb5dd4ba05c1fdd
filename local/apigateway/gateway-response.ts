/** Answers that API Gateway gives itself: nothing matched, too large, no mapping, a failed integration. */
import type { RestApi } from "./model.ts";
import type { ApiRequest } from "./request.ts";
import { lastValues } from "./request.ts";

export interface ApiResponse {
  status: number;
  /** Names with all their values. */
  headers: [string, string][];
  body: Buffer;
}

/** Default status and message by response type. */
const DEFAULTS = {
  ACCESS_DENIED: [403, "User is not authorized to access this resource"],
  BAD_REQUEST_PARAMETERS: [400, "Missing required request parameters"],
  API_CONFIGURATION_ERROR: [500, "Internal server error"],
  INTEGRATION_FAILURE: [504, "Internal server error"],
  INTEGRATION_TIMEOUT: [504, "Endpoint request timed out"],
  // API Gateway says 403 both for a path that isn't there and for a method that isn't.
  MISSING_AUTHENTICATION_TOKEN: [403, "Missing Authentication Token"],
  REQUEST_TOO_LARGE: [413, "Request Too Long"],
  UNSUPPORTED_MEDIA_TYPE: [415, "Unsupported Media Type"],
  DEFAULT_4XX: [400, "Bad Request"],
  DEFAULT_5XX: [500, "Internal server error"],
} as const satisfies Record<string, readonly [number, string]>;

const DEFAULT_TEMPLATE = '{"message":$context.error.messageString}';

export type GatewayResponseType = keyof typeof DEFAULTS;

/** Names that a template may give; the ones that the local cloud never answers with are accepted too. */
export const GATEWAY_RESPONSE_TYPES = new Set([
  ...Object.keys(DEFAULTS),
  "AUTHORIZER_CONFIGURATION_ERROR",
  "AUTHORIZER_FAILURE",
  "BAD_REQUEST_BODY",
  "EXPIRED_TOKEN",
  "INVALID_API_KEY",
  "INVALID_SIGNATURE",
  "QUOTA_EXCEEDED",
  "RESOURCE_NOT_FOUND",
  "THROTTLED",
  "UNAUTHORIZED",
  "WAF_FILTERED",
]);

/** Builds the answer of `type`, by the API's own gateway response where it has one, else by its DEFAULT_4XX/5XX. */
export function gatewayResponse(
  api: RestApi,
  request: ApiRequest,
  type: GatewayResponseType,
  { status: ownStatus, detail }: { status?: number; detail?: string } = {},
): ApiResponse {
  const [defaultStatus, defaultMessage] = DEFAULTS[type];
  const status = ownStatus ?? defaultStatus;
  const message = detail ?? defaultMessage;
  const custom =
    api.gatewayResponses.get(type) ?? api.gatewayResponses.get(status < 500 ? "DEFAULT_4XX" : "DEFAULT_5XX");
  const requestHeaders = lastValues(request.headers);
  const context = {
    requestId: request.id,
    requestTimeEpoch: request.receivedAt,
    httpMethod: request.httpMethod,
    path: request.rawPath,
    stage: api.stage?.name ?? "",
    identity: { sourceIp: request.sourceIp },
    error: { message, messageString: JSON.stringify(message), responseType: type },
  };
  const templates = Object.entries(custom?.templates ?? { "application/json": DEFAULT_TEMPLATE });
  const [contentType, template] = templates[0] ?? ["application/json", DEFAULT_TEMPLATE];
  const body = substitute(template, { context, stageVariables: api.stage?.variables ?? {} });
  const headers = new Map<string, string>([["Content-Type", contentType]]);
  for (const [key, expression] of Object.entries(custom?.parameters ?? {})) {
    const name = /^gatewayresponse\.header\.(.+)$/.exec(key)?.[1];
    const value = evaluate(expression, context, requestHeaders);
    if (name === undefined || value === undefined) continue;
    for (const known of headers.keys()) if (known.toLowerCase() === name.toLowerCase()) headers.delete(known);
    headers.set(name, value);
  }
  headers.set("x-amzn-ErrorType", ERROR_NAMES[type] ?? "InternalServerErrorException");
  return {
    status: custom?.statusCode ?? status,
    headers: [...headers],
    body: Buffer.from(body),
  };
}

/**
 * Puts variables in. Nothing else of a mapping template's language is known there: "A GatewayResponse mapping template
 * isn't processed by the Velocity Template Language (VTL) engine."
 *
 * @see https://docs.aws.amazon.com/apigateway/latest/developerguide/api-gateway-swagger-extensions-gateway-responses.responseTemplates.html
 */
function substitute(template: string, variables: Record<string, unknown>): string {
  return template.replace(/\$((?:context|stageVariables)(?:\.\w+)+)/g, (whole, path: string) => {
    const value = path.split(".").reduce(memberOf, variables);
    return typeof value === "string" || typeof value === "number" ? String(value) : whole;
  });
}

function memberOf(value: unknown, name: string): unknown {
  return typeof value === "object" && value !== null && Object.hasOwn(value, name)
    ? Reflect.get(value, name)
    : undefined;
}

const ERROR_NAMES: Partial<Record<GatewayResponseType, string>> = {
  ACCESS_DENIED: "AccessDeniedException",
  BAD_REQUEST_PARAMETERS: "BadRequestException",
  MISSING_AUTHENTICATION_TOKEN: "MissingAuthenticationTokenException",
  REQUEST_TOO_LARGE: "RequestTooLongException",
  UNSUPPORTED_MEDIA_TYPE: "UnsupportedMediaTypeException",
  DEFAULT_4XX: "BadRequestException",
};

/** A quoted literal, `method.request.header.X` or `context.x` of a gateway response's parameters. */
function evaluate(
  expression: string,
  context: Record<string, unknown>,
  headers: Record<string, string>,
): string | undefined {
  const literal = /^'(.*)'$/s.exec(expression)?.[1];
  if (literal !== undefined) return literal;
  const name = /^method\.request\.header\.(.+)$/.exec(expression)?.[1];
  if (name !== undefined) {
    return Object.entries(headers).find(([key]) => key.toLowerCase() === name.toLowerCase())?.[1];
  }
  const key = /^context\.(\w+)$/.exec(expression)?.[1];
  const value = key === undefined ? undefined : context[key];
  return value === undefined ? undefined : String(value);
}
