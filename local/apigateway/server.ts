/** API Gateway's front door: one REST API on a loopback port of its own. */
import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import type { Answered } from "../answered.ts";
import { countCalls } from "../calls.ts";
import type { Clock } from "../clock.ts";
import type { InvokeResult } from "../lambda/environment.ts";
import { type Listening, listen } from "../listen.ts";
import { readTarget, refuseForeignHost, refuseTwoHosts } from "../own-host.ts";
import { AwsError } from "../types.ts";
import { declaresTooMuch, MAX_BODY_BYTES, readBody } from "./body.ts";
import { compressed } from "./compress.ts";
import { decompressed, refuseCoding } from "./decompress.ts";
import { type ApiResponse, gatewayResponse } from "./gateway-response.ts";
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
import { Refusal } from "./refusal.ts";
import { type ApiRequest, executeApiArn, header, readRequest } from "./request.ts";
import { type Match, route } from "./router.ts";
import { send } from "./send.ts";

/** How the gateway reaches functions. */
export interface Functions {
  /** Whether the function's permissions let API Gateway invoke it for the method's ARN. */
  allows(functionArn: string, principal: string, sourceArn: string): boolean;
  /** @throws AwsError 429 where it is throttled; the signal's reason where that is aborted before it begins. */
  invoke(
    functionArn: string,
    payload: string,
    options: { cause: string; signal: AbortSignal },
  ): Promise<InvokeResult>;
}

// API Gateway: request line and header values hold 10,240 bytes together.
const MAX_HEADER_BYTES = 10_240;

export interface ApiServer extends Listening {
  /** Takes nothing new; calls that run have `ms` (real milliseconds) to end, the rest is answered 503. */
  drain(ms: number): Promise<void>;
}

/**
 * Listens on `port` (0: a free one) as `localhost`. Its host isn't that of S3, as in AWS: clients that drop
 * `Authorization` only between hosts (Go's net/http: golang/go#35104; curl before 7.83) drop it where they are redirected there.
 * `api` is read anew for each request: the template may still be filling it.
 * @param onError hears what went wrong behind a 5xx, for the log.
 * @param onAnswer hears of each request once it is over.
 */
export async function createApiServer({
  api,
  functions,
  clock,
  port = 0,
  maxConnections,
  outage = () => undefined,
  onError,
  onAnswer,
}: {
  api: RestApi;
  functions: Functions;
  clock: Clock;
  port?: number;
  /** At once; calls on one more are answered 503. */
  maxConnections: number;
  /** Why no call can be served now; each is answered 500 with that. */
  outage?: () => string | undefined;
  onError: (requestId: string, reason: string) => void;
  onAnswer?: ((answered: Answered) => void) | undefined;
}): Promise<ApiServer> {
  // Node's own limit also counts header names; above it Node answers 431 by itself, without a body.
  const server = createServer({ maxHeaderSize: 100 * MAX_HEADER_BYTES, keepAliveTimeout: 60_000 });
  const calls = countCalls(server, maxConnections);
  server.on("request", (req, res) => void answer(req, res, () => {}));
  // A client that asks first sends no body when the answer doesn't depend on it.
  server.on("checkContinue", (req, res) => void answer(req, res, () => res.writeContinue()));
  const listening = await listen(server, { port, name: "localhost" });
  return {
    ...listening,
    async drain(ms) {
      listening.refuse();
      await calls.end(ms, unavailable);
    },
  };

  async function answer(req: IncomingMessage, res: ServerResponse, proceed: () => void): Promise<void> {
    readTarget(req);
    if (refuseTwoHosts(req, res) || refuseForeignHost(req, res)) return;
    const request = readRequest(req, clock.now());
    if (onAnswer) tellOf(req, res, request, onAnswer);
    const { signal, refused } = calls.begin(req, res);
    const why = outage();
    if (why !== undefined)
      return send(req, res, request, explained(gatewayResponse(api, request, "DEFAULT_5XX"), why));
    try {
      if (refused) throw unavailable();
      send(req, res, request, await unlessAborted(signal, respond(req, request, { proceed, signal })));
    } catch (error) {
      if (res.destroyed || (req.destroyed && !req.complete)) return;
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
    { proceed, signal }: Course,
  ): Promise<ApiResponse> {
    if (headerBytes(req) > MAX_HEADER_BYTES) {
      throw new Refusal("DEFAULT_4XX", { status: 431, detail: "Request header fields too large" });
    }
    // RFC 3986, 2.1: what isn't ASCII is percent-encoded. Node takes any byte, and would hand it on as Latin-1.
    if (/[^\x21-\x7e]/.test(req.url ?? "")) throw new Refusal("DEFAULT_4XX", { status: 400 });
    const match = route(api, request.httpMethod, request.rawPath);
    if (!match) throw new Refusal("MISSING_AUTHENTICATION_TOKEN");
    refuseCoding(request);
    if (declaresTooMuch(req)) throw new Refusal("REQUEST_TOO_LARGE");
    for (const parameter of match.method.requiredParameters) {
      if (!hasParameter(request, parameter)) {
        throw new Refusal("BAD_REQUEST_PARAMETERS", {
          detail: `Missing required request parameters: [${parameter.split(".").at(-1)}]`,
        });
      }
    }
    const { integration } = match.method;
    if (integration.type !== "AWS_PROXY")
      return mapped(req, request, match, integration, { proceed, signal });
    proceed();
    const event = proxyEvent(api, request, match, await wholeBody(req, request));
    const result = await call(request, match, integration, { event, signal });
    const response =
      result.functionError === undefined ? proxyResponse(api, request, result.payload) : undefined;
    if (response) return asSent(request, response, integration.type);
    onError(
      request.id,
      `${match.resource.path}: the function's answer is no proxy response: ${result.payload.slice(0, 2_000)}`,
    );
    throw new Refusal("DEFAULT_5XX", { status: 502 });
  }

  async function asSent(
    request: ApiRequest,
    response: ApiResponse,
    type: Integration["type"],
  ): Promise<ApiResponse> {
    const small = await compressed(api, request, response);
    return { ...small, headers: renamed(small.headers, type) };
  }

  async function mapped(
    req: IncomingMessage,
    request: ApiRequest,
    match: Match,
    integration: MappedIntegration,
    { proceed, signal }: Course,
  ): Promise<ApiResponse> {
    const mapping = requestMapping(integration, request);
    if (mapping === "refused") throw new Refusal("UNSUPPORTED_MEDIA_TYPE");
    let body: Buffer = Buffer.alloc(0);
    if (needsBody(mapping)) {
      proceed();
      body = await wholeBody(req, request);
    }
    const { text } = mapRequest(api, request, match, mapping, templateBody(api, integration, request, body));
    const result =
      integration.type === "MOCK"
        ? mock(text)
        : await invokeMapped(request, match, integration, { event: text, signal });
    const response = mapResponse(api, request, match, integration.responses, result);
    if (response) return asSent(request, response, integration.type);
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
    input: Input,
  ) {
    const { payload, functionError } = await call(request, match, integration, input);
    if (functionError !== undefined)
      onError(request.id, `${match.resource.path}: ${payload.slice(0, 2_000)}`);
    return { payload, failed: functionError !== undefined };
  }

  async function call(
    request: ApiRequest,
    match: Match,
    { functionArn, timeoutMs }: { functionArn: string; timeoutMs: number },
    { event, signal }: Input,
  ): Promise<InvokeResult> {
    const sourceArn = executeApiArn(api, request, match);
    if (!functions.allows(functionArn, "apigateway.amazonaws.com", sourceArn)) {
      onError(
        request.id,
        `no AWS::Lambda::Permission lets apigateway.amazonaws.com invoke ${functionArn} for ${sourceArn}`,
      );
      throw new Refusal("API_CONFIGURATION_ERROR");
    }
    const timeout = new AbortController();
    const timer = setTimeout(() => timeout.abort(new Refusal("INTEGRATION_TIMEOUT")), timeoutMs);
    const either = AbortSignal.any([signal, timeout.signal]);
    const cause = header(request, "x-request-id") ?? request.id;
    try {
      return await unlessAborted(either, functions.invoke(functionArn, event, { cause, signal: either }));
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

function tellOf(req: IncomingMessage, res: ServerResponse, request: ApiRequest, tell: (a: Answered) => void) {
  const begun = performance.now();
  res.once("close", () =>
    tell({
      time: request.receivedAt,
      method: request.httpMethod,
      target: req.url ?? "",
      status: res.writableFinished ? res.statusCode : undefined,
      ms: performance.now() - begun,
      requestId: String(res.getHeader("x-request-id") ?? request.id),
    }),
  );
}

/** What a call may still do: ask for its body, and go on until its signal is aborted. */
interface Course {
  proceed: () => void;
  signal: AbortSignal;
}

interface Input {
  /** JSON text. */
  event: string;
  signal: AbortSignal;
}

/** Locally "busy" and "about to stop" are what a throttled function is in AWS: the API's own words and status. */
const unavailable = () => new Refusal("API_CONFIGURATION_ERROR");

/** The answer with words of the local cloud's own: AWS has no such failure, and so no template for it. */
function explained(response: ApiResponse, detail: string): ApiResponse {
  return { ...response, body: Buffer.from(JSON.stringify({ ...JSON.parse(String(response.body)), detail })) };
}

/** The result, or the signal's reason as soon as that is aborted. */
function unlessAborted<T>(signal: AbortSignal, result: Promise<T>): Promise<T> {
  return new Promise((resolve, reject) => {
    const onAbort = () => reject(signal.reason);
    if (signal.aborted) onAbort();
    signal.addEventListener("abort", onAbort, { once: true });
    result.then(resolve, reject).finally(() => signal.removeEventListener("abort", onAbort));
  });
}

/** A header that can't be sent is the function's fault. */
function statusOf(error: unknown): number {
  return error instanceof Error && "code" in error && error.code === "ERR_INVALID_CHAR" ? 502 : 500;
}

async function wholeBody(req: IncomingMessage, request: ApiRequest): Promise<Buffer> {
  const body = await readBody(req);
  if (!body) throw new Refusal("REQUEST_TOO_LARGE");
  return decompressed(request, body, MAX_BODY_BYTES);
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
