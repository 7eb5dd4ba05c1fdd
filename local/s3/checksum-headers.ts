/** How checksums travel: what a request declares, and what an answer tells. */
import type { ServerResponse } from "node:http";
import { ALGORITHMS, type Algorithm, type Checksum, DIGEST_BYTES } from "./checksum.ts";
import { invalidRequest, s3Error } from "./errors.ts";
import type { S3Request } from "./request.ts";

/** `x-amz-checksum-crc32` and so on. */
export const checksumHeader = (algorithm: Algorithm) => `x-amz-checksum-${algorithm.toLowerCase()}`;

/** `<ChecksumCRC32>` and so on. */
export const checksumElement = (algorithm: Algorithm, value: string) => ({ [`Checksum${algorithm}`]: value });

/** Tells an object's checksum and its type. */
export function setChecksumHeaders(res: ServerResponse, checksum: Checksum): void {
  res.setHeader(checksumHeader(checksum.algorithm), checksum.value);
  res.setHeader("x-amz-checksum-type", checksum.type);
}

export interface DeclaredChecksum {
  algorithm: Algorithm;
  /** base64; `undefined` while the value is still to come in the trailer. */
  value: string | undefined;
}

function assertDigest(algorithm: Algorithm, value: string): void {
  const digest = Buffer.from(value, "base64");
  if (digest.length === DIGEST_BYTES[algorithm] && digest.toString("base64") === value) return;
  throw invalidRequest(`Value for ${checksumHeader(algorithm)} header is invalid.`);
}

/**
 * The one checksum that a request declares of its body: in a header, in the presigned query, or as a trailer to come.
 * @throws AwsError `InvalidRequest` for several of them, an unknown one, or a value that can't be a digest
 */
export function declaredChecksum(request: S3Request): DeclaredChecksum | undefined {
  const declared: DeclaredChecksum[] = [];
  for (const algorithm of ALGORITHMS) {
    const value = request.header(checksumHeader(algorithm));
    if (value === undefined) continue;
    assertDigest(algorithm, value);
    declared.push({ algorithm, value });
  }
  const trailer = request.header("x-amz-trailer")?.trim().toLowerCase();
  if (trailer) {
    const algorithm = ALGORITHMS.find((name) => checksumHeader(name) === trailer);
    if (!algorithm) throw invalidRequest("The value specified in the x-amz-trailer header is not supported");
    declared.push({ algorithm, value: undefined });
  }
  if (declared.length > 1) {
    throw invalidRequest(
      "Expecting a single x-amz-checksum- header. Multiple checksum Types are not allowed.",
    );
  }
  checkNamedAlgorithm(request, declared[0]);
  return declared[0];
}

/**
 * As `declaredChecksum`, where S3 takes no body without it or `Content-MD5`. PutObjectTagging isn't such a call, though
 * its SDKs send one: versity/versitygw#1662.
 * @throws AwsError `InvalidRequest`
 */
export function requiredChecksum(request: S3Request): DeclaredChecksum | undefined {
  const declared = declaredChecksum(request);
  if (declared !== undefined || request.header("content-md5") !== undefined) return declared;
  throw invalidRequest("Missing required header for this request: Content-MD5 OR x-amz-checksum-*");
}

/** An SDK says which checksum it sends, and then has to send it. Source: versity/versitygw#1593 and #1659. */
function checkNamedAlgorithm(request: S3Request, declared: DeclaredChecksum | undefined): void {
  const named = request.header("x-amz-sdk-checksum-algorithm");
  if (named === undefined) return;
  if (!declared) {
    throw invalidRequest(
      "x-amz-sdk-checksum-algorithm specified, but no corresponding x-amz-checksum-* or x-amz-trailer headers were found.",
    );
  }
  if (named.toUpperCase() !== declared.algorithm) {
    throw invalidRequest("Value for x-amz-sdk-checksum-algorithm header is invalid.");
  }
}

/** Compares what was declared, if need be in the `trailers`, with what was computed. */
export function checkDeclared(
  { algorithm, value }: DeclaredChecksum,
  trailers: ReadonlyMap<string, string>,
  computed: string | undefined,
): void {
  const expected = value ?? trailers.get(checksumHeader(algorithm));
  if (expected === undefined) throw s3Error("MalformedTrailerError");
  assertDigest(algorithm, expected);
  if (expected !== computed) throw checksumMismatch(algorithm);
}

/** `BadDigest` as S3 words it for `x-amz-checksum-*`. */
export function checksumMismatch(algorithm: Algorithm): Error {
  return s3Error("BadDigest", {
    message: `The ${algorithm} you specified did not match the calculated checksum.`,
  });
}
