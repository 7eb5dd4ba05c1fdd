import type { MiddlewareHandler } from "hono";
import { cors as honoCors } from "hono/cors";

/** What the API reads, or refuses by name: unless a page may send it, it never learns why. */
const OWN = [
  ...["Authorization", "Content-Type", "Content-Range", "Idempotency-Key", "Lock-Token"],
  ...["If-Match", "If-None-Match", "Range", "If-Range", "X-Request-ID", "X-Share-Password"],
];

/**
 * What libraries add to every call of a page, whose preflight fails on one that isn't allowed; nothing reads them.
 * W3C Trace Context and Baggage (OpenTelemetry), Sentry, Zipkin's B3 (openzipkin/b3-propagation), Datadog RUM,
 * XMLHttpRequest's mark of jQuery and axios, and what bypasses caches.
 */
const CARRIED = [
  ...["traceparent", "tracestate", "baggage", "sentry-trace"],
  ...["b3", "X-B3-TraceId", "X-B3-SpanId", "X-B3-ParentSpanId", "X-B3-Sampled", "X-B3-Flags"],
  ...["x-datadog-trace-id", "x-datadog-parent-id", "x-datadog-origin", "x-datadog-sampling-priority"],
  ...["X-Requested-With", "X-Correlation-ID", "Cache-Control", "Pragma"],
];

/** Lets pages of the allowed origins call the API. Tokens travel in a header, never in cookies. */
export function cors(origins: readonly string[]): MiddlewareHandler {
  return honoCors({
    origin: origins.includes("*") ? "*" : [...origins],
    allowMethods: ["GET", "HEAD", "POST", "PUT", "PATCH", "DELETE"],
    allowHeaders: [...OWN, ...CARRIED],
    exposeHeaders: [
      ...["Allow", "ETag", "Link", "Location", "Retry-After"],
      ...["X-Request-ID", "Idempotency-Replayed", "WWW-Authenticate"],
      // What API Gateway makes of it.
      "x-amzn-Remapped-WWW-Authenticate",
    ],
    maxAge: 86_400,
  });
}
