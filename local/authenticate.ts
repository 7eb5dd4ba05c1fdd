/** Verifies the signature of a request and says who sent it. */
import { hash, timingSafeEqual } from "node:crypto";
import type { IncomingMessage } from "node:http";
import type { Credentials, FoundCredentials } from "./credentials.ts";
import type { Refusals } from "./refusals.ts";
import { jsonRefusals, MAX_SKEW, s3Refusals } from "./refusals.ts";
import {
  ALGORITHM,
  amzDate,
  canonicalRequest,
  decode,
  EMPTY_SHA256,
  parseAmzDate,
  sign,
  signingKey,
  stringToSign,
  UNSIGNED_PAYLOAD,
} from "./sigv4.ts";
import type { AwsCall, ChunkVerifier, Principal } from "./types.ts";
import { AwsError } from "./types.ts";

/** How the signature travels, and what it claims. */
export interface Claim {
  where: "header" | "query";
  accessKeyId: string;
  /** `YYYYMMDD`. */
  date: string;
  region: string;
  service: string;
  signedHeaders: string[];
  signature: string;
}

/** A request as far as signatures are concerned. */
export interface SignedRequest {
  method: string;
  /** Path as sent. */
  rawPath: string;
  /** Decoded pairs, in the order sent. */
  query: readonly (readonly [string, string])[];
  /** Values by lower-case name. */
  headers: ReadonlyMap<string, readonly string[]>;
}

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

const QUERY_PARAMETERS = [
  "X-Amz-Algorithm",
  "X-Amz-Credential",
  "X-Amz-Signature",
  "X-Amz-Date",
  "X-Amz-SignedHeaders",
  "X-Amz-Expires",
];
const WEEK = 604_800;

/** Refusals of one service. */
export function refusalsOf(service: string): Refusals {
  return service === "s3" ? s3Refusals : jsonRefusals;
}

/** Splits a request into what signatures cover; throws `InvalidURI` when its encoding is broken. */
export function readRequest(req: IncomingMessage): SignedRequest & { path: string } {
  const target = req.url ?? "/";
  const mark = target.indexOf("?");
  const rawPath = mark < 0 ? target : target.slice(0, mark);
  const search = mark < 0 ? "" : target.slice(mark + 1);
  const headers = new Map<string, string[]>();
  for (let i = 0; i + 1 < req.rawHeaders.length; i += 2) {
    const name = (req.rawHeaders[i] ?? "").toLowerCase();
    // Node reads header bytes as Latin-1; signers hash UTF-8.
    const value = Buffer.from(req.rawHeaders[i + 1] ?? "", "latin1").toString();
    headers.set(name, [...(headers.get(name) ?? []), value]);
  }
  try {
    if (!rawPath.startsWith("/")) throw new URIError("path must start with a slash");
    const query = search.split("&").filter(Boolean).map(parsePair);
    return { method: req.method ?? "GET", rawPath, path: decode(rawPath), query, headers };
  } catch (cause) {
    throw Object.assign(new AwsError("InvalidURI", "Couldn't parse the specified URI."), { cause });
  }
}

function parsePair(pair: string): [string, string] {
  const equals = pair.indexOf("=");
  return equals < 0 ? [decode(pair), ""] : [decode(pair.slice(0, equals)), decode(pair.slice(equals + 1))];
}

/** Reads the request's claim, or `undefined` when it is not signed at all. */
export function readClaim(request: SignedRequest): Claim | undefined {
  const header = request.headers.get("authorization")?.[0];
  const inQuery = request.query.some(([name]) => name === "X-Amz-Algorithm" || name === "X-Amz-Signature");
  if (header !== undefined && inQuery) {
    throw new AwsError(
      "InvalidArgument",
      "Only one auth mechanism allowed; only the X-Amz-Algorithm query parameter, Signature query string parameter or the Authorization header should be specified",
      400,
      { ArgumentName: "Authorization", ArgumentValue: header.split(" ")[0] },
    );
  }
  if (header !== undefined) return readHeader(header, request);
  return inQuery ? readQuery(request) : undefined;
}

function readHeader(header: string, request: SignedRequest): Claim {
  const space = header.indexOf(" ");
  const fields = new Map(
    header
      .slice(space + 1)
      .split(",")
      .map((field) => {
        const equals = field.indexOf("=");
        return [field.slice(0, equals).trim(), field.slice(equals + 1).trim()];
      }),
  );
  const scope = (fields.get("Credential") ?? "").split("/");
  // The refusal's dialect depends on the scope, which may be what is missing: a target means a JSON service.
  const service = scope.at(-2) ?? (request.headers.has("x-amz-target") ? "json" : "s3");
  const refuse = refusalsOf(service);
  if (header.slice(0, space) !== ALGORITHM) {
    throw service === "s3"
      ? new AwsError(
          "InvalidRequest",
          `The authorization mechanism you have provided is not supported. Please use ${ALGORITHM}.`,
        )
      : refuse.malformed(`Unsupported algorithm; use ${ALGORITHM}.`, "header");
  }
  for (const name of ["Credential", "SignedHeaders", "Signature"]) {
    if (!fields.get(name)) {
      throw refuse.malformed(`Authorization header requires '${name}' parameter.`, "header");
    }
  }
  return claim(
    "header",
    scope,
    fields.get("SignedHeaders")?.split(";") ?? [],
    fields.get("Signature") ?? "",
    refuse,
  );
}

function readQuery(request: SignedRequest): Claim {
  const refuse = s3Refusals;
  for (const name of [...QUERY_PARAMETERS, "X-Amz-Security-Token"]) {
    const count = request.query.filter(([key]) => key === name).length;
    if (count > 1 || (count === 0 && name !== "X-Amz-Security-Token")) {
      throw refuse.malformed(
        "Query-string authentication version 4 requires the X-Amz-Algorithm, X-Amz-Credential, X-Amz-Signature, X-Amz-Date, X-Amz-SignedHeaders, and X-Amz-Expires parameters.",
        "query",
      );
    }
  }
  if (parameter(request, "X-Amz-Algorithm") !== ALGORITHM) {
    throw refuse.malformed(`X-Amz-Algorithm only supports "${ALGORITHM}"`, "query");
  }
  const scope = parameter(request, "X-Amz-Credential").split("/");
  const signedHeaders = parameter(request, "X-Amz-SignedHeaders").split(";");
  return claim("query", scope, signedHeaders, parameter(request, "X-Amz-Signature"), refuse);
}

function claim(
  where: Claim["where"],
  scope: string[],
  signedHeaders: string[],
  signature: string,
  refuse: Refusals,
): Claim {
  const [accessKeyId, date, region, service, terminator] = scope;
  if (!accessKeyId || !date || !region || !service || terminator !== "aws4_request" || scope.length !== 5) {
    throw refuse.malformed(
      'the Credential is mal-formed; expecting "<YOUR-AKID>/YYYYMMDD/REGION/SERVICE/aws4_request".',
      where,
    );
  }
  return { where, accessKeyId, date, region, service, signedHeaders, signature };
}

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
function chunkVerifier(key: Buffer, timestamp: string, scope: string, seed: string): ChunkVerifier {
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

function parameter(request: SignedRequest, name: string): string {
  return request.query.find(([key]) => key === name)?.[1] ?? "";
}

function equal(expected: string, given: string): boolean {
  const a = Buffer.from(expected);
  const b = Buffer.from(given);
  return a.length === b.length && timingSafeEqual(a, b);
}
