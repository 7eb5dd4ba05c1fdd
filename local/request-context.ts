import type { IncomingMessage } from "node:http";
import type { Claim } from "./claim.ts";
import { type ConditionContext, REGION } from "./types.ts";

/** What policies can read of the request itself. */
export function requestContext(
  req: IncomingMessage,
  claimed: Claim | undefined,
  now: number,
): ConditionContext {
  const context: ConditionContext = {
    // Plain HTTP on loopback never leaves the machine; a policy that demands TLS must not lock the laptop out.
    "aws:securetransport": "true",
    "aws:sourceip": "127.0.0.1",
    "aws:currenttime": new Date(now).toISOString(),
    "aws:epochtime": String(Math.floor(now / 1000)),
    "aws:requestedregion": claimed?.region ?? REGION,
  };
  if (req.headers["user-agent"]) context["aws:useragent"] = req.headers["user-agent"];
  if (req.headers.referer) context["aws:referer"] = req.headers.referer;
  if (claimed?.service === "s3") {
    context["s3:authtype"] = claimed.where === "query" ? "REST-QUERY-STRING" : "REST-HEADER";
    context["s3:signatureversion"] = "AWS4-HMAC-SHA256";
  }
  return context;
}
