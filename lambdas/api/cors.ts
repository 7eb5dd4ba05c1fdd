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
      // Refused where chunks are taken; unless a page may send it, it never learns why.
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
      // What API Gateway makes of it.
      "x-amzn-Remapped-WWW-Authenticate",
    ],
    maxAge: 86_400,
  });
}
