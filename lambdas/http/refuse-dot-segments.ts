import { WharfError } from "#core/kernel/error.ts";

/**
 * Refuses a path that would be another one once its dots are resolved.
 *
 * API Gateway routes it as it was sent, whatever `URL` makes of it later: `/v1/%2e/events` would be answered as
 * `/v1/events` by a function that isn't the one for it. `URL` also takes `\\` for `/`, and leaves tabs and line ends out.
 * Source: url.spec.whatwg.org, "path state".
 *
 * @throws WharfError invalid_request
 */
export function refuseDotSegments(path: string): void {
  const segments = path.split("/").map((segment) => segment.replaceAll(/%2e/gi, "."));
  if (!segments.some((segment) => segment === "." || segment === "..") && !/[\\\t\r\n]/.test(path)) return;
  throw new WharfError(
    "invalid_request",
    "The path has a segment that is . or .. (or %2e, which is the same), or a backslash. Send it without: clients resolve them, and Wharf answers each path under one spelling.",
    { in: "path" },
  );
}
