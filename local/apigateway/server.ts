/** API Gateway's front door: one REST API on a loopback port of its own. */
import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import type { Clock } from "../clock.ts";
import type { InvokeResult } from "../lambda/environment.ts";
import { type Listening, listen } from "../listen.ts";
import { AwsError } from "../types.ts";
import { declaresTooMuch, readBody } from "./body.ts";
import { type ApiResponse, type GatewayResponseType, gatewayResponse } from "./gateway-response.ts";
import { renamed } from "./headers.ts";
import {
  type MappedIntegration,
  mapRequest,
  mapResponse,
  needsBody,
  requestMapping,
  templateBody,
} from "./mapping.ts";
import type { Integration, RestApi } from "./model.ts";
import { proxyEvent, proxyResponse } from "./proxy.ts";
import { type ApiRequest, executeApiArn, header, readRequest } from "./request.ts";
import { type Match, route } from "./router.ts";
import { send } from "./send.ts";

/** How the gateway reaches functions. */
export interface Functions {
  /** Whether the function's permissions let API Gateway invoke it for the method's ARN. */
  allows(functionArn: string, principal: string, sourceArn: string): boolean;
  invoke(functionArn: string, payload: string, options: { cause: string }): Promise<InvokeResult>;
}

// API Gateway: request line and header values hold 10,240 bytes together.
const MAX_HEADER_BYTES = 10_240;

/** Thrown to answer by a gateway response. */
class Refusal extends Error {
  readonly type: GatewayResponseType;
  readonly options: { status?: number; detail?: string };
  constructor(type: GatewayResponseType, options: { status?: number; detail?: string } = {}) {
    super(type);
    this.type = type;
    this.options = options;
  }
}

/**
 * Listens on `port` (0: a free one) as `localhost`. Its host isn't that of S3, as in AWS: clients that drop
 * `Authorization` only between hosts (Go's net/http: golang/go#35104; curl before 7.83) drop it where they are redirected there.
 * `api` is read anew for each request: the template may still be filling it.
 * @param onError hears what went wrong behind a 5xx, for the log.
 */
export async function createApiServer({
  api,
  functions,
  clock,
  port = 0,
  onError,
}: {
  api: RestApi;
  functions: Functions;
  clock: Clock;
  port?: number;
  onError: (requestId: string, reason: string) => void;
}): Promise<Listening> {
  // Node's own limit also counts header names; above it Node answers 431 by itself.
  const server = createServer({ maxHeaderSize: 4 * MAX_HEADER_BYTES, keepAliveTimeout: 60_000 });
  server.on("request", (req, res) => void answer(req, res, () => {}));
  // A client that asks first sends no body when the answer doesn't depend on it.
  server.on("checkContinue", (req, res) => void answer(req, res, () => res.writeContinue()));
  return listen(server, { port, name: "localhost" });

  async function answer(req: IncomingMessage, res: ServerResponse, proceed: () => void): Promise<void> {
    const request = readRequest(req, clock.now());
    try {
      send(req, res, request, await respond(req, request, proceed));
    } catch (error) {
      if (req.destroyed && !req.complete) return;
      const refusal =
        error instanceof Refusal ? error : new Refusal("DEFAULT_5XX", { status: statusOf(error) });
      if (!(error instanceof Refusal))
        onError(request.id, String(error instanceof Error ? error.stack : error));
      for (const name of res.getHeaderNames()) res.removeHeader(name);
      send(req, res, request, gatewayResponse(api, request, refusal.type, refusal.options));
    }
  }

  async function respond(
    req: IncomingMessage,
    request: ApiRequest,
    proceed: () => void,
  ): Promise<ApiResponse> {
    if (headerBytes(req) > MAX_HEADER_BYTES) {
      throw new Refusal("DEFAULT_4XX", { status: 431, detail: "Request header fields too large" });
    }
    const match = route(api, request.httpMethod, request.rawPath);
    if (!match) throw new Refusal("MISSING_AUTHENTICATION_TOKEN");
    if (declaresTooMuch(req)) throw new Refusal("REQUEST_TOO_LARGE");
    for (const parameter of match.method.requiredParameters) {
      if (!hasParameter(request, parameter)) {
        throw new Refusal("BAD_REQUEST_PARAMETERS", {
          detail: `Missing required request parameters: [${parameter.split(".").at(-1)}]`,
        });
      }
    }
    const { integration } = match.method;
    if (integration.type !== "AWS_PROXY") return mapped(req, request, match, integration, proceed);
    proceed();
    const event = proxyEvent(api, request, match, await wholeBody(req));
    const result = await call(request, match, integration, event);
    const response =
      result.functionError === undefined ? proxyResponse(api, request, result.payload) : undefined;
    if (response) return { ...response, headers: renamed(response.headers, integration.type) };
    onError(
      request.id,
      `${match.resource.path}: the function's answer is no proxy response: ${result.payload.slice(0, 2_000)}`,
    );
    throw new Refusal("DEFAULT_5XX", { status: 502 });
  }

  async function mapped(
    req: IncomingMessage,
    request: ApiRequest,
    match: Match,
    integration: MappedIntegration,
    proceed: () => void,
  ): Promise<ApiResponse> {
    const mapping = requestMapping(integration, request);
    if (mapping === "refused") throw new Refusal("UNSUPPORTED_MEDIA_TYPE");
    let body: Buffer = Buffer.alloc(0);
    if (needsBody(mapping)) {
      proceed();
      body = await wholeBody(req);
    }
    const { text } = mapRequest(api, request, match, mapping, templateBody(api, integration, request, body));
    const result =
      integration.type === "MOCK" ? mock(text) : await invokeMapped(request, match, integration, text);
    const response = mapResponse(api, request, match, integration.responses, result);
    if (response) return { ...response, headers: renamed(response.headers, integration.type) };
    onError(
      request.id,
      `${match.resource.path}: no integration response fits ${result.payload.slice(0, 2_000)}`,
    );
    throw new Refusal("API_CONFIGURATION_ERROR");
  }

  async function invokeMapped(
    request: ApiRequest,
    match: Match,
    integration: Extract<Integration, { type: "AWS" }>,
    event: string,
  ) {
    const { payload, functionError } = await call(request, match, integration, event);
    if (functionError !== undefined)
      onError(request.id, `${match.resource.path}: ${payload.slice(0, 2_000)}`);
    return { payload, failed: functionError !== undefined };
  }

  async function call(
    request: ApiRequest,
    match: Match,
    { functionArn, timeoutMs }: { functionArn: string; timeoutMs: number },
    event: string,
  ): Promise<InvokeResult> {
    const sourceArn = executeApiArn(api, request, match);
    if (!functions.allows(functionArn, "apigateway.amazonaws.com", sourceArn)) {
      onError(
        request.id,
        `no AWS::Lambda::Permission lets apigateway.amazonaws.com invoke ${functionArn} for ${sourceArn}`,
      );
      throw new Refusal("API_CONFIGURATION_ERROR");
    }
    let timer: NodeJS.Timeout | undefined;
    const timeout = new Promise<never>((_, reject) => {
      timer = setTimeout(() => reject(new Refusal("INTEGRATION_TIMEOUT")), timeoutMs);
    });
    const cause = header(request, "x-request-id") ?? request.id;
    try {
      return await Promise.race([functions.invoke(functionArn, event, { cause }), timeout]);
    } catch (error) {
      if (error instanceof AwsError && error.status === 413) throw new Refusal("REQUEST_TOO_LARGE");
      // API Gateway logs a throttled function as "Execution failed due to configuration error: Rate Exceeded".
      if (error instanceof AwsError && error.status === 429) throw new Refusal("API_CONFIGURATION_ERROR");
      throw error;
    } finally {
      clearTimeout(timer);
    }
  }
}

/** A header that can't be sent is the function's fault. */
function statusOf(error: unknown): number {
  return error instanceof Error && "code" in error && error.code === "ERR_INVALID_CHAR" ? 502 : 500;
}

async function wholeBody(req: IncomingMessage): Promise<Buffer> {
  const body = await readBody(req);
  if (!body) throw new Refusal("REQUEST_TOO_LARGE");
  return body;
}

/** A MOCK integration's template renders `{"statusCode": n}`, which chooses the integration response. */
function mock(text: string): { payload: string; failed: boolean; status: number | undefined } {
  const parsed: unknown = JSON.parse(text);
  const code =
    typeof parsed === "object" && parsed !== null && "statusCode" in parsed ? Number(parsed.statusCode) : NaN;
  return { payload: "", failed: false, status: Number.isNaN(code) ? undefined : code };
}

function hasParameter(request: ApiRequest, parameter: string): boolean {
  const [, , kind, ...rest] = parameter.split(".");
  const name = rest.join(".");
  if (kind === "header") return header(request, name) !== undefined;
  return kind === "querystring" ? request.query.has(name) : true;
}

function headerBytes(req: IncomingMessage): number {
  const values = req.rawHeaders.filter((_, index) => index % 2 === 1);
  return values.reduce(
    (sum, value) => sum + value.length,
    (req.method ?? "").length + (req.url ?? "").length + 10,
  );
}
