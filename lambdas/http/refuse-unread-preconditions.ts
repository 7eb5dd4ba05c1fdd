import { type Route, requestHeaders } from "#contract/route.ts";
import { WharfError } from "#core/kernel/error.ts";

/**
 * Conditions that stop a write (RFC 9110, 13.1). `If-Modified-Since` stops none: whoever gets it with another method
 * than GET or HEAD must ignore it (13.1.3). `If-Range` goes with a GET's range alone (13.1.5).
 */
const CONDITIONS = ["If-Match", "If-None-Match", "If-Unmodified-Since"] as const;

/** Says more of them itself: they would go on to S3 (`refuse-carried-headers.ts`). */
const OWN_WORDS = "sendChunk";

/**
 * Refuses a write upon a condition that its route doesn't evaluate: one that is ignored is worse than none.
 *
 * @throws WharfError invalid_request
 */
export function refuseUnreadPreconditions(route: Route, header: (name: string) => string | undefined): void {
  if (route.method === "GET" || route.id === OWN_WORDS) return;
  const read = requestHeaders(route);
  const unread = CONDITIONS.find((name) => header(name) !== undefined && !Object.hasOwn(read, name));
  if (unread === undefined) return;
  const others = CONDITIONS.filter((name) => Object.hasOwn(read, name)).join(" and ");
  throw new WharfError(
    "invalid_request",
    `${route.method} ${route.path} takes no ${unread}, and would have ignored it; it takes ${others || "no such condition"}. Leave the header out.`,
    { in: "header", header: unread.toLowerCase() },
  );
}
