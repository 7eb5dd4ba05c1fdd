/** The one loopback port behind which all AWS services of the local cloud answer. */
import { hash, randomUUID } from "node:crypto";
import type { IncomingMessage, ServerResponse } from "node:http";
import { createServer } from "node:http";
import { actionName } from "./action-name.ts";
import { payloadOf, verify } from "./authenticate.ts";
import { countCalls } from "./calls.ts";
import type { Claim } from "./claim.ts";
import { readClaim, readRequest } from "./claim.ts";
import type { Clock } from "./clock.ts";
import type { Credentials } from "./credentials.ts";
import { storageDamaged } from "./data/damage.ts";
import { isCorrupt } from "./data/sqlite-error.ts";
import { explainFull } from "./data/storage-full.ts";
import type { FaultCall, FaultHook } from "./faults.ts";
import { createFrozenCallers } from "./frozen-callers.ts";
import { createLateCopies, type LateCopies } from "./late-copies.ts";
import { type Listening, listen } from "./listen.ts";
import { readTarget, refuseForeignHost, refuseTwoHosts } from "./own-host.ts";
import { goAhead, readJsonBody } from "./read-body.ts";
import { refusalsOf } from "./refusals.ts";
import { requestContext } from "./request-context.ts";
import { runCall } from "./run-call.ts";
import type { CallOn } from "./run-options.ts";
import type { AwsCall, AwsService, CallTrace, ConditionContext, Principal } from "./types.ts";
import { AwsError, REGION } from "./types.ts";
import { sendError } from "./wire.ts";

export interface AwsServerOptions {
  clock: Clock;
  services: AwsService[];
  credentials: Credentials;
  iam: {
    /** Throws `AwsError` `AccessDenied`; `null` is somebody without a signature. */
    authorize(principal: Principal | null, action: string, resource: string, context: ConditionContext): void;
  };
  /** @default 0, a free port */
  port?: number;
  /** At once; calls on one more are refused. @default no limit */
  maxConnections?: number;
  /** The only region that scopes may name. @default "us-east-1" */
  region?: string;
  /** Why no call can be served now; each is answered 500 with that. */
  outage?: () => string | undefined;
  /** Told of every call once it has ended, refused ones included. */
  onTrace?: (trace: CallTrace) => void;
  /** Asked before every authenticated call. */
  faults?: FaultHook;
  /** Told of defects in services; the caller is answered `InternalError`. @default console.error */
  onError?: (error: unknown, trace: CallTrace) => void;
}

/** An idle connection in the middle of a request ends after this many milliseconds; SQS polls for 20 s. */
const SOCKET_TIMEOUT = 120_000;

export interface AwsServer extends Listening {
  /** Takes nothing new, and resolves when what runs has ended, or after `ms` (real milliseconds). */
  drain(ms: number): Promise<void>;
  /** Copies of calls that faults let arrive late. */
  late: Pick<LateCopies, "waiting" | "arrived" | "flush">;
}

/** Starts to listen. Requests are authenticated, traced, and handed to the service of their credential scope. */
export async function createAwsServer(options: AwsServerOptions): Promise<AwsServer> {
  const { clock, credentials, iam, region = REGION, faults, onTrace, onError = console.error } = options;
  const services = new Map(options.services.map((service) => [service.scope, service]));
  const late = createLateCopies(clock);
  const frozen = createFrozenCallers(clock);
  let calls = 0;

  const server = createServer({ keepAliveTimeout: 75_000, requestTimeout: 0 });
  server.timeout = SOCKET_TIMEOUT;
  const running = countCalls(server, options.maxConnections ?? Number.POSITIVE_INFINITY);
  server.on("request", (req, res) => void answer(req, res, () => {}));
  server.on("checkContinue", (req, res) => void answer(req, res, goAhead(res)));
  const listening = await listen(server, { port: options.port });
  return {
    ...listening,
    late,
    async close() {
      await listening.close();
      frozen.close();
      await late.close();
    },
    async drain(ms) {
      listening.refuse();
      await running.end(ms, () => busy("s3"));
    },
  };

  async function answer(req: IncomingMessage, res: ServerResponse, proceed: () => void): Promise<void> {
    readTarget(req);
    if (refuseTwoHosts(req, res) || refuseForeignHost(req, res, { virtualHosts: true })) return;
    const requestId = randomUUID();
    const { refused } = running.begin(req, res);
    const trace: CallTrace = {
      service: guessService(req),
      action: "",
      caller: "anonymous",
      startedAt: clock.now(),
      endedAt: 0,
      status: 0,
    };
    let resource = req.url ?? "/";
    let end = () => {};
    req.on("error", () => {}); // an aborted upload; services see it in their own reading
    // SDKs set their clock by this header, so it has to be the cloud's time.
    res.setHeader("date", new Date(clock.now()).toUTCString());
    try {
      if (refused) {
        res.setHeader("retry-after", "1");
        throw busy(trace.service);
      }
      const why = options.outage?.();
      if (why !== undefined) throw internal(trace.service, why);
      const request = readRequest(req);
      resource = request.path;
      const url = new URL(`http://local${req.url}`);
      trace.action = actionName(req, url, request.path);
      services.get(trace.service)?.decorate?.(req, res, request.path);
      const claimed = readClaim(request);
      if (claimed) trace.service = claimed.service;
      else if (trace.service !== "s3") throw refusalsOf(trace.service).unsigned();
      res.setHeader(trace.service === "s3" ? "x-amz-request-id" : "x-amzn-requestid", requestId);
      const service = services.get(trace.service);
      if (!service) {
        throw new AwsError(
          "UnknownOperationException",
          `The local cloud has no service '${trace.service}'; it has ${[...services.keys()].join(", ")}.`,
        );
      }
      let body: Buffer | undefined;
      if (trace.service !== "s3") {
        body = await readJsonBody(req, proceed);
      }
      const now = clock.now();
      const bodySha256 = body && hash("sha256", body);
      const authenticate = () =>
        claimed
          ? verify(request, claimed, { credentials, region, now, bodySha256 })
          : { principal: null, payload: payloadOf(anonymousHash(req), request) };
      const verified = authenticate();
      name(trace, claimed, verified.principal);
      const context = requestContext(req, claimed, now);
      const callOn: CallOn = (response, record, { req: again, ...more } = {}) => {
        const call: AwsCall = {
          req: again ?? req,
          res: response,
          url,
          path: request.path,
          requestId,
          region,
          principal: verified.principal,
          service: trace.service,
          body,
          // Each reading of signed chunks begins anew; what was in time when it came doesn't grow old inside.
          payload: again ? authenticate().payload : verified.payload,
          // Read late: S3 learns who signed a POST form only from the form.
          authorize: (action, resource, extra = {}) =>
            authorize(call, action, resource, { ...context, ...extra }),
          proceed,
          ...more,
          trace: record,
        };
        return call;
      };
      const { path } = request;
      const called = faultCall(trace, req, { path, body: body?.toString() });
      const { index } = called;
      let hasEnded = false;
      end = () => {
        if (!hasEnded) late.ended(index);
        hasEnded = true;
      };
      res.once("finish", end); // before whoever hears the answer can call again
      const fault = await faults?.(called);
      await frozen.goesOn(trace.environment);
      await late.arrived();
      const call = await runCall(fault, {
        ...{ service, callOn, req, res, trace, path, requestId, index, body, proceed },
        ...{ clock, late, frozen, record, onError },
      });
      if (verified.principal === null) name(trace, undefined, call?.principal ?? null);
      trace.status ||= res.headersSent ? res.statusCode : 0;
    } catch (error) {
      fail(error);
      trace.status = res.statusCode;
    } finally {
      record(trace);
      end();
    }

    function fail(thrown: unknown): void {
      if (req.socket.destroyed) return;
      const error = isCorrupt(thrown) ? storageDamaged(trace.service, thrown) : explainFull(thrown);
      const known = error instanceof AwsError;
      if (!known || error.code === "StorageDamaged") onError(thrown, trace);
      const shown = known
        ? error
        : internal(trace.service, "We encountered an internal error. Please try again.");
      sendError(trace.service, res, shown, {
        requestId,
        method: req.method ?? "",
        resource,
      });
    }
  }

  function record(trace: CallTrace): void {
    trace.endedAt = clock.now();
    onTrace?.(trace);
  }

  function faultCall(
    trace: CallTrace,
    req: IncomingMessage,
    { path, body }: { path: string; body: string | undefined },
  ): FaultCall {
    const { service, action, caller, environment } = trace;
    const who = { caller, ...(environment && { environment }) };
    const what = { path, ...(body !== undefined && { body }) };
    return { service, action, ...who, method: req.method ?? "GET", ...what, index: calls++ };
  }

  function authorize(call: AwsCall, action: string, resource: string, context: ConditionContext): void {
    try {
      iam.authorize(call.principal, action, resource, context);
    } catch (error) {
      if (call.service === "s3" || !(error instanceof AwsError)) throw error;
      throw new AwsError("AccessDeniedException", error.message);
    }
  }
}

/** Too many connections, or the end is near: every SDK tries again after such an answer. */
function busy(service: string): AwsError {
  const code = service === "s3" ? "SlowDown" : "ServiceUnavailable";
  return new AwsError(code, "Please reduce your request rate.", 503);
}

function internal(service: string, message: string): AwsError {
  return new AwsError(service === "s3" ? "InternalError" : "InternalServerError", message, 500);
}

/** Before the scope is known, a target header tells a JSON service from S3. */
function guessService(req: IncomingMessage): string {
  const target = req.headers["x-amz-target"];
  if (typeof target !== "string") return "s3";
  if (target.startsWith("AmazonSQS.")) return "sqs";
  return target.startsWith("AWSEvents.") ? "events" : "dynamodb";
}

function anonymousHash(req: IncomingMessage): string {
  const header = req.headers["x-amz-content-sha256"];
  return typeof header === "string" ? header : "UNSIGNED-PAYLOAD";
}

/** Says in the trace who called; without a header, it is somebody who was handed a URL or form. */
function name(trace: CallTrace, claimed: Claim | undefined, principal: Principal | null): void {
  if (!principal) return;
  const who = principal.role ?? principal.kind;
  trace.caller = claimed?.where === "header" ? who : `presigned:${who}`;
  // A presigned URL is used by whoever holds it, long after the invocation that made it.
  if (claimed?.where === "header" && principal.environment) trace.environment = principal.environment;
}
