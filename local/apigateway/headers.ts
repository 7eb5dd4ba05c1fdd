/** Headers that API Gateway keeps from functions, and those that it renames on their way to the client. */
import type { Integration } from "./model.ts";

/**
 * Gone before anything reads the request: neither an event nor a mapping template nor a gateway response has them.
 * Source: `DROPPED_FROM_REQUEST_COMMON` in LocalStack's next_gen/execute_api/header_utils.py, which its tests compare
 * with AWS. HTTP's hop-by-hop `Keep-Alive` (RFC 9110, 7.6.1) goes with `Connection`.
 */
const DROPPED = new Set([
  ...["connection", "content-length", "content-md5", "expect", "keep-alive", "max-forwards"],
  ...["proxy-authenticate", "server", "te", "trailer", "transfer-encoding", "upgrade", "www-authenticate"],
]);

/**
 * Renamed in a function's own answer. Source: `REMAPPED_FROM_INTEGRATION_RESPONSE_COMMON`, as above; its function sends
 * no `WWW-Authenticate`, of which dherault/serverless-offline#236 and AWS's page of important notes tell.
 */
const RENAMED_BY_PROXY = ["connection", "content-length", "date", "server", "www-authenticate"];

/**
 * Renamed in what a mapping sets, literals and overrides too.
 * Source: `REMAPPED_FROM_INTEGRATION_RESPONSE_NON_PROXY`, as above.
 */
const RENAMED_BY_MAPPING = [
  ...RENAMED_BY_PROXY,
  ...["authorization", "content-md5", "expect", "host", "max-forwards", "proxy-authenticate", "trailer"],
  ...["upgrade", "user-agent"],
];

/** Whether a request's header gets past the front door. */
export function reachesIntegration(name: string): boolean {
  return !DROPPED.has(name.toLowerCase());
}

/** The answer's headers under the names that the client gets; those of gateway responses don't come by here. */
export function renamed(headers: readonly [string, string][], type: Integration["type"]): [string, string][] {
  const names = type === "AWS" ? RENAMED_BY_MAPPING : RENAMED_BY_PROXY;
  return headers.map(([name, value]) => [
    names.includes(name.toLowerCase()) ? `x-amzn-Remapped-${name}` : name,
    value,
  ]);
}
