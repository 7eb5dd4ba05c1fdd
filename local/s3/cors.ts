/** CORS by the bucket's rules: preflights, and headers on actual answers. */
import type { IncomingMessage, ServerResponse } from "node:http";
import type { Bucket, CorsRule } from "./buckets.ts";
import { s3Error } from "./errors.ts";
import { bucketArn, type S3Request } from "./request.ts";
import { sendEmpty, sendXml } from "./respond.ts";
import type { S3 } from "./state.ts";

const VARY = "Origin, Access-Control-Request-Headers, Access-Control-Request-Method";

/** A pattern of a rule: S3 allows one `*` in it. */
function matchesPattern(pattern: string, value: string): boolean {
  const star = pattern.indexOf("*");
  if (star < 0) return pattern === value;
  const head = pattern.slice(0, star);
  const tail = pattern.slice(star + 1);
  return value.length >= head.length + tail.length && value.startsWith(head) && value.endsWith(tail);
}

function findRule(bucket: Bucket, origin: string, method: string, headers: string[]): CorsRule | undefined {
  return bucket.corsRules.find(
    (rule) =>
      rule.allowedOrigins.some((pattern) => matchesPattern(pattern, origin)) &&
      rule.allowedMethods.includes(method) &&
      headers.every((name) =>
        rule.allowedHeaders.some((pattern) => matchesPattern(pattern.toLowerCase(), name)),
      ),
  );
}

function setRuleHeaders(res: ServerResponse, rule: CorsRule, origin: string): void {
  const anyone = rule.allowedOrigins.includes("*");
  res.setHeader("Access-Control-Allow-Origin", anyone ? "*" : origin);
  res.setHeader("Access-Control-Allow-Methods", rule.allowedMethods.join(", "));
  if (!anyone) res.setHeader("Access-Control-Allow-Credentials", "true");
  if (rule.exposedHeaders.length > 0) {
    res.setHeader("Access-Control-Expose-Headers", rule.exposedHeaders.join(", "));
  }
  if (rule.maxAgeSeconds !== undefined) res.setHeader("Access-Control-Max-Age", rule.maxAgeSeconds);
}

/** Sets CORS headers on the answer to an actual request, an error's too. */
export function setCorsHeaders(bucket: Bucket, req: IncomingMessage, res: ServerResponse): void {
  const { origin } = req.headers;
  if (bucket.corsRules.length > 0) res.setHeader("Vary", VARY);
  if (origin === undefined) return;
  const rule = findRule(bucket, origin, req.method ?? "", []);
  if (rule) setRuleHeaders(res, rule, origin);
}

/** OPTIONS: the preflight, which carries no signature. */
export function preflight(_s3: S3, request: S3Request): void {
  const { req, res } = request.call;
  const { origin } = req.headers;
  const method = req.headers["access-control-request-method"];
  if (origin === undefined) {
    throw s3Error("BadRequest", { message: "Insufficient information. Origin request header needed." });
  }
  if (method === undefined) {
    throw s3Error("BadRequest", { message: "Invalid Access-Control-Request-Method: null" });
  }
  const kind = { Method: method, ResourceType: request.key === "" ? "BUCKET" : "OBJECT" };
  if (request.settings.corsRules.length === 0) {
    throw s3Error("AccessForbidden", {
      message: "CORSResponse: CORS is not enabled for this bucket.",
      ...kind,
    });
  }
  const asked = (req.headers["access-control-request-headers"] ?? "")
    .split(",")
    .map((name) => name.trim().toLowerCase())
    .filter((name) => name !== "");
  const rule = findRule(request.settings, origin, method, asked);
  if (!rule) {
    const message =
      "CORSResponse: This CORS request is not allowed. This is usually because the evalution of Origin, request method / Access-Control-Request-Method or Access-Control-Request-Headers are not whitelisted by the resource's CORS spec.";
    throw s3Error("AccessForbidden", { message, ...kind });
  }
  setRuleHeaders(res, rule, origin);
  res.setHeader("Vary", VARY);
  if (asked.length > 0) res.setHeader("Access-Control-Allow-Headers", asked.join(", "));
  sendEmpty(request, 200);
}

/** GetBucketCors. */
export function getBucketCors(_s3: S3, request: S3Request): void {
  request.call.authorize("s3:GetBucketCORS", bucketArn(request));
  const { corsRules } = request.settings;
  if (corsRules.length === 0) throw s3Error("NoSuchCORSConfiguration", { BucketName: request.bucket });
  sendXml(request, "CORSConfiguration", {
    CORSRule: corsRules.map((rule) => ({
      AllowedHeader: rule.allowedHeaders,
      AllowedMethod: rule.allowedMethods,
      AllowedOrigin: rule.allowedOrigins,
      ExposeHeader: rule.exposedHeaders,
      MaxAgeSeconds: rule.maxAgeSeconds,
    })),
  });
}
