/** Verifies the signature of a request and says who sent it. */
import { hash, type KeyObject, timingSafeEqual } from "node:crypto";
import type { Claim, SignedRequest } from "./claim.ts";
import { parameter } from "./claim.ts";
import type { Credentials, FoundCredentials } from "./credentials.ts";
import type { Refusals } from "./refusals.ts";
import { MAX_SKEW, refusalsOf } from "./refusals.ts";
import {
  ALGORITHM,
  amzDate,
  canonicalRequest,
  EMPTY_SHA256,
  parseAmzDate,
  sign,
  signingKey,
  stringToSign,
  UNSIGNED_PAYLOAD,
} from "./sigv4.ts";
import type { AwsCall, ChunkVerifier, Principal } from "./types.ts";
import { AwsError } from "./types.ts";

export interface Verified {
  principal: Principal;
  payload: AwsCall["payload"];
}

interface Context {
  credentials: Credentials;
  region: string;
  /** Epoch milliseconds. */
  now: number;
  /** Hex SHA-256 of the whole body; `undefined` for S3, which hashes while it stores. */
  bodySha256: string | undefined;
}

const WEEK = 604_800;

/** Checks key, token, time, scope and signature; throws the service's refusal. */
export function verify(request: SignedRequest, claimed: Claim, context: Context): Verified {
  const refuse = refusalsOf(claimed.service);
  const found = findKey(request, claimed, context, refuse);
  const timestamp = checkTime(request, claimed, context, refuse);
  if (claimed.region !== context.region) {
    throw refuse.malformed(
      `the region '${claimed.region}' is wrong; expecting '${context.region}'`,
      claimed.where,
    );
  }
  if (!claimed.signedHeaders.includes("host")) throw refuse.notSigned(["host"]);
  const payloadHash = payloadHashOf(request, claimed, context);

  const canonical = canonicalRequest({
    method: request.method,
    path: request.rawPath,
    query: claimed.where === "query" ? request.query.filter(([n]) => n !== "X-Amz-Signature") : request.query,
    headers: request.headers,
    signedHeaders: claimed.signedHeaders,
    payloadHash,
    service: claimed.service,
  });
  const scope = `${claimed.date}/${claimed.region}/${claimed.service}/aws4_request`;
  const text = stringToSign(timestamp, scope, canonical);
  const key = signingKey(found.secretAccessKey, claimed.date, claimed.region, claimed.service);
  // An absent header is not an empty one: whoever signed it meant it to be sent.
  const allSent = claimed.signedHeaders.every((name) => request.headers.has(name));
  if (!allSent || !equal(sign(key, text), claimed.signature)) {
    throw refuse.mismatch({
      accessKeyId: claimed.accessKeyId,
      stringToSign: text,
      signature: claimed.signature,
      canonicalRequest: canonical,
    });
  }
  // S3 tolerates this one header unsigned; any other could change what the signer meant.
  const unsigned = [...request.headers.keys()].filter(
    (name) =>
      name.startsWith("x-amz-") && name !== "x-amz-content-sha256" && !claimed.signedHeaders.includes(name),
  );
  if (unsigned.length > 0) throw refuse.notSigned(unsigned);
  if (found.expiresAt !== undefined && context.now >= found.expiresAt) throw refuse.expiredToken();

  const chunks = chunkVerifier(key, timestamp, scope, claimed.signature);
  return { principal: found.principal, payload: payloadOf(payloadHash, request, chunks) };
}

function findKey(
  request: SignedRequest,
  claimed: Claim,
  { credentials }: Context,
  refuse: Refusals,
): FoundCredentials {
  const token =
    claimed.where === "query"
      ? request.query.find(([name]) => name === "X-Amz-Security-Token")?.[1]
      : request.headers.get("x-amz-security-token")?.[0];
  const found = credentials.lookup(claimed.accessKeyId, token);
  if (found === "unknown-key") throw refuse.unknownKey(claimed.accessKeyId);
  if (found === "bad-token") throw refuse.badToken();
  return found;
}

/** Answers the request's timestamp once it is near enough, agrees with the scope, and has not run out. */
function checkTime(request: SignedRequest, claimed: Claim, { now }: Context, refuse: Refusals): string {
  const timestamp = timestampOf(request, claimed);
  const at = parseAmzDate(timestamp);
  if (at === undefined) throw refuse.missingDate();
  if (timestamp.slice(0, 8) !== claimed.date) {
    throw refuse.malformed(
      `Invalid credential date "${claimed.date}". This date is not the same as X-Amz-Date: "${timestamp.slice(0, 8)}".`,
      claimed.where,
    );
  }
  if (claimed.where === "header") {
    if (Math.abs(now - at) > MAX_SKEW) throw refuse.skewed(timestamp, now);
    return timestamp;
  }
  const text = parameter(request, "X-Amz-Expires");
  if (!/^-?\d+$/.test(text)) throw refuse.malformed("X-Amz-Expires should be a number", "query");
  const seconds = Number(text);
  if (seconds > WEEK) {
    throw refuse.malformed(
      "X-Amz-Expires must be less than a week (in seconds); that is, the given X-Amz-Expires must be less than 604800 seconds",
      "query",
    );
  }
  if (seconds < 1) throw refuse.malformed("X-Amz-Expires must be at least 1 second", "query");
  if (at - now > MAX_SKEW) {
    throw new AwsError("AccessDenied", "Request is not valid yet", 403, {
      "X-Amz-Date": timestamp,
      ServerTime: new Date(now).toISOString(),
    });
  }
  const expiresOn = at + seconds * 1000;
  if (now > expiresOn) {
    throw new AwsError("AccessDenied", "Request has expired", 403, {
      "X-Amz-Expires": seconds,
      Expires: new Date(expiresOn).toISOString(),
      ServerTime: new Date(now).toISOString(),
    });
  }
  return timestamp;
}

function timestampOf(request: SignedRequest, claimed: Claim): string {
  if (claimed.where === "query") return parameter(request, "X-Amz-Date");
  const own = request.headers.get("x-amz-date")?.[0];
  if (own !== undefined) return own;
  const date = Date.parse(request.headers.get("date")?.[0] ?? "");
  return Number.isNaN(date) ? "" : amzDate(date);
}

function payloadHashOf(request: SignedRequest, claimed: Claim, { bodySha256 }: Context): string {
  if (bodySha256 !== undefined) return bodySha256;
  const header = request.headers.get("x-amz-content-sha256")?.[0];
  if (claimed.where === "query") {
    const hoisted = request.query.find(([name]) => name.toLowerCase() === "x-amz-content-sha256")?.[1];
    const signed = claimed.signedHeaders.includes("x-amz-content-sha256") ? header : undefined;
    return hoisted ?? signed ?? UNSIGNED_PAYLOAD;
  }
  if (header === undefined) {
    throw new AwsError("InvalidRequest", "Missing required header for this request: x-amz-content-sha256");
  }
  return header;
}

/** Reads what `x-amz-content-sha256` says of the body. */
export function payloadOf(
  payloadHash: string,
  request: SignedRequest,
  verifyChunk?: ChunkVerifier,
): AwsCall["payload"] {
  switch (payloadHash) {
    case UNSIGNED_PAYLOAD: {
      // A presigned URL leaves the body open, but a client may still say what it sends.
      const sha256 = request.headers.get("x-amz-content-sha256")?.[0];
      return sha256 !== undefined && /^[0-9a-f]{64}$/.test(sha256)
        ? { kind: "hash", sha256 }
        : { kind: "unsigned" };
    }
    case "STREAMING-UNSIGNED-PAYLOAD-TRAILER":
      return { kind: "chunked", signed: false, trailer: true };
    case "STREAMING-AWS4-HMAC-SHA256-PAYLOAD":
    case "STREAMING-AWS4-HMAC-SHA256-PAYLOAD-TRAILER":
      if (!verifyChunk) throw new AwsError("AccessDenied", "Access Denied", 403);
      return { kind: "chunked", signed: true, trailer: payloadHash.endsWith("TRAILER"), verifyChunk };
  }
  if (/^[0-9a-f]{64}$/.test(payloadHash)) return { kind: "hash", sha256: payloadHash };
  throw new AwsError(
    "InvalidArgument",
    `x-amz-content-sha256 must be ${UNSIGNED_PAYLOAD}, STREAMING-UNSIGNED-PAYLOAD-TRAILER, STREAMING-AWS4-HMAC-SHA256-PAYLOAD, STREAMING-AWS4-HMAC-SHA256-PAYLOAD-TRAILER or a valid sha256 value.`,
    400,
    { ArgumentName: "x-amz-content-sha256", ArgumentValue: payloadHash },
  );
}

/** Each chunk's signature covers the one before it, beginning with the request's own. */
function chunkVerifier(key: KeyObject, timestamp: string, scope: string, seed: string): ChunkVerifier {
  let previous = seed;
  return (kind, content, signature) => {
    const text =
      kind === "chunk"
        ? [`${ALGORITHM}-PAYLOAD`, timestamp, scope, previous, EMPTY_SHA256, content]
        : ["AWS4-HMAC-SHA256-TRAILER", timestamp, scope, previous, hash("sha256", content)];
    const expected = sign(key, text.join("\n"));
    previous = expected;
    return equal(expected, signature);
  };
}

function equal(expected: string, given: string): boolean {
  const a = Buffer.from(expected);
  const b = Buffer.from(given);
  return a.length === b.length && timingSafeEqual(a, b);
}
