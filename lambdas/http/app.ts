import { randomUUID } from "node:crypto";
import { Hono } from "hono";
import { note } from "#aws/log.ts";
import { REQUEST_ID } from "#contract/headers.ts";
import { WharfError } from "#core/kernel/error.ts";
import { readerOf } from "#pages/link-reader.ts";
import { lostPage, sendPage } from "#pages/page.ts";
import type { App, AppContext } from "./context.ts";
import { cors } from "./cors.ts";
import type { AppDeps } from "./deps.ts";
import { methodNotAllowed, methodsOf } from "./method-not-allowed.ts";
import { PROBLEM_TYPE, problemBody } from "./problem.ts";
import { refusalOf } from "./refusal.ts";
import { refuseDotSegments } from "./refuse-dot-segments.ts";
import { refuseNonUtf8 } from "./refuse-non-utf8.ts";

/** The caller's request id where it is well-formed, else a new one. */
function requestIdOf(given: string | undefined): string {
  return given !== undefined && REQUEST_ID.test(given) ? given : randomUUID();
}

/** An app of these routes: one request id, one error shape. */
export function createApp<D extends AppDeps>(deps: D, routes: readonly ((app: App, deps: D) => void)[]): App {
  const app: App = new Hono();

  app.use(async (context, next) => {
    const requestId = requestIdOf(context.req.header("x-request-id"));
    context.set("requestId", requestId);
    note({ request_id: requestId, method: context.req.method, route: "unmatched" });
    await next();
    context.res.headers.set("X-Request-ID", requestId);
    context.res.headers.set("X-Content-Type-Options", "nosniff");
    note({ status: context.res.status });
  });
  app.use(cors(deps.corsOrigins));
  app.use(async (context, next) => {
    refuseDotSegments(context.env?.path ?? context.req.path);
    await next();
  });
  app.use(async (context, next) => {
    refuseNonUtf8(context.req.raw);
    await next();
  });

  for (const add of routes) add(app, deps);

  app.notFound((context) => {
    const { method, path } = context.req;
    if (methodsOf(app, path).length > 0) return refuse(context, methodNotAllowed(app, context.req));
    const hint = methodsOf(app, `/v1${path}`).length > 0 ? ` Its path begins with /v1: /v1${path}.` : "";
    return refuse(
      context,
      new WharfError("not_found", `There is no ${method} ${path}.${hint} See GET /openapi.json.`),
    );
  });
  app.onError((error, context) => sendProblem(context, refusalOf(error)));
  return app;
}

/** Refuses what has no route: people get a page. */
function refuse(context: AppContext, error: WharfError): Response {
  if (readerOf((name) => context.req.header(name)) === "program") return sendProblem(context, error);
  note({ code: error.code });
  // Relative, so that it stays on the stage that the reader called.
  const home = "../".repeat(context.req.path.split("/").length - 2) || "./";
  return sendPage(error.status, lostPage(home), error.headers);
}

/** RFC 9457 problem details. */
function sendProblem(context: AppContext, error: WharfError): Response {
  note({ status: error.status, code: error.code });
  return new Response(JSON.stringify(problemBody(context, error)), {
    status: error.status,
    headers: { "Content-Type": PROBLEM_TYPE, "Cache-Control": "no-store", ...error.headers },
  });
}
