import { randomUUID } from "node:crypto";
import { Hono } from "hono";
import { describe, note } from "#aws/log.ts";
import { errorCodes } from "#contract/errors.ts";
import { WharfError } from "#core/error.ts";
import { cors } from "./cors.ts";
import type { ApiDeps } from "./deps.ts";
import { docs } from "./routes/docs.ts";
import { events } from "./routes/events.ts";
import { files } from "./routes/files.ts";
import { links } from "./routes/links.ts";
import { shares } from "./routes/shares.ts";
import { tokens } from "./routes/tokens.ts";
import { uploads } from "./routes/uploads.ts";
import { webhooks } from "./routes/webhooks.ts";
import type { App, AppContext } from "./serve.ts";

const REQUEST_ID = /^[A-Za-z0-9._-]{1,128}$/;

/** The caller's request id where it is well-formed, else a new one. */
export function requestIdOf(given: string | undefined): string {
  return given !== undefined && REQUEST_ID.test(given) ? given : randomUUID();
}

/** The whole API: one request id, one error shape, one set of routes. */
export function createApp(deps: ApiDeps): App {
  const app: App = new Hono();

  app.use(async (context, next) => {
    const requestId = requestIdOf(context.req.header("x-request-id"));
    context.set("requestId", requestId);
    note({ request_id: requestId, method: context.req.method });
    await next();
    context.res.headers.set("X-Request-ID", requestId);
    context.res.headers.set("X-Content-Type-Options", "nosniff");
    note({ status: context.res.status });
  });
  app.use(cors(deps.corsOrigins));

  for (const routes of [tokens, uploads, files, shares, links, webhooks, events, docs]) routes(app, deps);

  app.notFound((context) => {
    const { method, path } = context.req;
    return problem(
      context,
      new WharfError("not_found", `There is no ${method} ${path}. See GET /openapi.json.`),
    );
  });
  app.onError((error, context) => {
    if (error instanceof WharfError) return problem(context, error);
    note({ error: describe(error) });
    return problem(
      context,
      new WharfError("internal", "Send the request again; quote the request_id if it goes on."),
    );
  });
  return app;
}

/** RFC 9457 problem details. */
export function problem(context: AppContext, error: WharfError): Response {
  note({ status: error.status, code: error.code });
  const body = {
    type: `https://wharf.dev/problems/${error.code}`,
    title: errorCodes[error.code][1],
    status: error.status,
    detail: error.message,
    code: error.code,
    request_id: context.get("requestId"),
    ...error.facts,
  };
  return new Response(JSON.stringify(body), {
    status: error.status,
    headers: { "Content-Type": "application/problem+json", "Cache-Control": "no-store", ...error.headers },
  });
}
