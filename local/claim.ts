/** Reads what a request says of its own signature. */
import type { IncomingMessage } from "node:http";
import type { Refusals } from "./refusals.ts";
import { refusalsOf, s3Refusals } from "./refusals.ts";
import { ALGORITHM, decode } from "./sigv4.ts";
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

const QUERY_PARAMETERS = [
  "X-Amz-Algorithm",
  "X-Amz-Credential",
  "X-Amz-Signature",
  "X-Amz-Date",
  "X-Amz-SignedHeaders",
  "X-Amz-Expires",
];

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
  // A browser asks beforehand with the URL that was signed for another method; S3 answers by the bucket's rules alone.
  if (request.method === "OPTIONS") return undefined;
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
  // Signature version 2, which buckets made since June 2020 don't take.
  if (!inQuery && request.query.some(([name]) => name === "AWSAccessKeyId")) throw unsupportedMechanism();
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
      ? unsupportedMechanism()
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

function unsupportedMechanism(): AwsError {
  return new AwsError(
    "InvalidRequest",
    `The authorization mechanism you have provided is not supported. Please use ${ALGORITHM}.`,
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

/** Value of a query parameter, or nothing. */
export function parameter(request: SignedRequest, name: string): string {
  return request.query.find(([key]) => key === name)?.[1] ?? "";
}
