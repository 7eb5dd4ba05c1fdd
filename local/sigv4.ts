/**
 * AWS Signature Version 4: the pieces that a signer and a verifier share.
 *
 * Source: "Create a signed AWS API request" (IAM User Guide) and "Authenticating Requests" (S3 API Reference).
 */
import { createHmac, createSecretKey, hash, type KeyObject } from "node:crypto";

export const ALGORITHM = "AWS4-HMAC-SHA256";
export const UNSIGNED_PAYLOAD = "UNSIGNED-PAYLOAD";
/** SHA-256 of nothing, in hex. */
export const EMPTY_SHA256 = hash("sha256", "");

export interface CanonicalRequest {
  method: string;
  /** Path as sent, percent-encoded. */
  path: string;
  /** Decoded name and value pairs, without `X-Amz-Signature`. */
  query: readonly (readonly [string, string])[];
  /** Values by lower-case name, in the order sent. */
  headers: ReadonlyMap<string, readonly string[]>;
  /** Lower-case names. */
  signedHeaders: readonly string[];
  /** Hex SHA-256 of the body, or one of S3's words for it. */
  payloadHash: string;
  /** Service of the scope: S3 encodes the path once, all others twice. */
  service: string;
}

/** Percent-encodes all but RFC 3986 unreserved characters. */
function uriEncode(text: string): string {
  return encodeURIComponent(text).replace(
    /[!'()*]/g,
    (char) => `%${char.charCodeAt(0).toString(16).toUpperCase()}`,
  );
}

/** Percent-encodes each segment of a decoded path. */
function encodePath(path: string): string {
  return path.split("/").map(uriEncode).join("/");
}

/** Undoes percent-encoding as S3 does, for which a bare `+` is a space; throws `URIError` when it is broken. */
export function decode(text: string): string {
  return decodeURIComponent(text.replaceAll("+", " "));
}

/** Builds the canonical request; throws `URIError` when the path's percent-encoding is broken. */
export function canonicalRequest(request: CanonicalRequest): string {
  const path = request.service === "s3" ? decode(request.path) : normalize(request.path);
  const query = request.query
    .map(([name, value]) => [uriEncode(name), uriEncode(value)] as const)
    .sort(([a, x], [b, y]) => compare(a, b) || compare(x, y))
    .map(([name, value]) => `${name}=${value}`)
    .join("&");
  const names = [...request.signedHeaders].sort(compare);
  const headers = names.map((name) => `${name}:${canonicalValue(request.headers.get(name))}\n`).join("");
  return [request.method, encodePath(path), query, headers, names.join(";"), request.payloadHash].join("\n");
}

/** Builds the string to sign for a canonical request. `timestamp` is `YYYYMMDDTHHMMSSZ`. */
export function stringToSign(timestamp: string, scope: string, canonical: string): string {
  return [ALGORITHM, timestamp, scope, hash("sha256", canonical)].join("\n");
}

/** As KeyObjects, since an HMAC with a Buffer key costs several times as much. */
const signingKeys = new Map<string, KeyObject>();
const MAX_SIGNING_KEYS = 500;

/** Derives the key that signs everything of one day, region and service. `date` is `YYYYMMDD`. */
export function signingKey(secret: string, date: string, region: string, service: string): KeyObject {
  const id = [secret, date, region, service].join("\n");
  const known = signingKeys.get(id);
  if (known !== undefined) return known;
  const derived = hmac(hmac(hmac(hmac(`AWS4${secret}`, date), region), service), "aws4_request");
  const key = createSecretKey(derived);
  if (signingKeys.size === MAX_SIGNING_KEYS) signingKeys.clear();
  signingKeys.set(id, key);
  return key;
}

/** Signs a string to sign; answers in hex. */
export function sign(key: KeyObject, text: string): string {
  return hmac(key, text).toString("hex");
}

/** Formats epoch milliseconds as `YYYYMMDDTHHMMSSZ`. */
export function amzDate(ms: number): string {
  return new Date(ms).toISOString().replace(/[-:]|\.\d{3}/g, "");
}

/** Reads `YYYYMMDDTHHMMSSZ` as epoch milliseconds, or `undefined` when it is no such date. */
export function parseAmzDate(text: string): number | undefined {
  const match = /^(\d{4})(\d\d)(\d\d)T(\d\d)(\d\d)(\d\d)Z$/.exec(text);
  if (!match) return undefined;
  const [, year, month, day, hour, minute, second] = match;
  const ms = Date.parse(`${year}-${month}-${day}T${hour}:${minute}:${second}.000Z`);
  return Number.isNaN(ms) ? undefined : ms;
}

function hmac(key: string | Buffer | KeyObject, text: string): Buffer {
  return createHmac("sha256", key).update(text).digest();
}

function compare(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0;
}

function canonicalValue(values: readonly string[] = []): string {
  return values.map((value) => value.trim().replace(/\s+/g, " ")).join(",");
}

/** Removes dot segments and empty ones, which S3 alone keeps. */
function normalize(path: string): string {
  const kept: string[] = [];
  for (const segment of path.split("/")) {
    if (segment === "..") kept.pop();
    else if (segment !== "" && segment !== ".") kept.push(segment);
  }
  const slash = kept.length > 0 && path.endsWith("/") ? "/" : "";
  return `/${kept.join("/")}${slash}`;
}
