import type { MiddlewareHandler } from "hono";
import { cors as honoCors } from "hono/cors";

/** Lets pages of the allowed origins call the API. Tokens travel in a header, never in cookies. */
export function cors(origins: readonly string[]): MiddlewareHandler {
  return honoCors({
    origin: origins.includes("*") ? "*" : [...origins],
    allowMethods: ["GET", "HEAD", "POST", "PUT", "PATCH", "DELETE"],
    allowHeaders: [
      "Authorization",
      "Content-Type",
      "Content-Range",
      "Idempotency-Key",
      "If-Match",
      "If-None-Match",
      "Lock-Token",
      "X-Request-ID",
      "X-Share-Password",
    ],
    exposeHeaders: [
      "ETag",
      "Location",
      "Retry-After",
      "X-Request-ID",
      "Idempotency-Replayed",
      "WWW-Authenticate",
    ],
    maxAge: 86_400,
  });
}
