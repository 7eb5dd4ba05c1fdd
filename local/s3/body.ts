/** Request bodies: unframed, hashed while they stream, and checked against everything that the client promised. */
import { createHash } from "node:crypto";
import { decodeChunked } from "./aws-chunked.ts";
import type { Blobs } from "./blobs.ts";
import { ALGORITHMS, type Algorithm, createHasher, DIGEST_BYTES } from "./checksum.ts";
import { invalidRequest, s3Error } from "./errors.ts";
import type { S3Request } from "./request.ts";

export interface DeclaredChecksum {
  algorithm: Algorithm;
  /** base64; `undefined` while the value is still to come in the trailer. */
  value: string | undefined;
}

const headerOf = (algorithm: Algorithm) => `x-amz-checksum-${algorithm.toLowerCase()}`;

function assertDigest(algorithm: Algorithm, name: string, value: string): void {
  const digest = Buffer.from(value, "base64");
  if (digest.length !== DIGEST_BYTES[algorithm] || digest.toString("base64") !== value) {
    throw invalidRequest(`Value for ${name} header is invalid.`);
  }
}

/**
 * The one checksum that a request declares, in a header, in the presigned query or as a trailer to come.
 * @throws AwsError `InvalidRequest` for several of them, an unknown one or a value that can't be a digest
 */
export function declaredChecksum(request: S3Request): DeclaredChecksum | undefined {
  const declared: DeclaredChecksum[] = [];
  for (const algorithm of ALGORITHMS) {
    const value = request.header(headerOf(algorithm));
    if (value === undefined) continue;
    assertDigest(algorithm, headerOf(algorithm), value);
    declared.push({ algorithm, value });
  }
  const trailer = request.header("x-amz-trailer")?.trim().toLowerCase();
  if (trailer) {
    const algorithm = ALGORITHMS.find((name) => headerOf(name) === trailer);
    if (!algorithm) throw invalidRequest("The value specified in the x-amz-trailer header is not supported");
    declared.push({ algorithm, value: undefined });
  }
  if (declared.length > 1) {
    throw invalidRequest(
      "Expecting a single x-amz-checksum- header. Multiple checksum Types are not allowed.",
    );
  }
  return declared[0];
}

/** Throws unless the request declares how long its payload is, at most `limit` bytes; returns the length. */
function payloadLength(request: S3Request, limit: number): number {
  const { headers } = request.call.req;
  const framed = request.call.payload.kind === "chunked";
  const text = framed ? headers["x-amz-decoded-content-length"] : headers["content-length"];
  if (text === undefined && headers["transfer-encoding"] === undefined && !framed) return 0; // no body at all
  if (typeof text !== "string" || !/^\d+$/.test(text)) throw s3Error("MissingContentLength");
  const length = Number(text);
  if (length > limit) throw s3Error("EntityTooLarge", { ProposedSize: length, MaxSizeAllowed: limit });
  return length;
}

function contentMd5(request: S3Request): string | undefined {
  const value = request.header("content-md5");
  if (value !== undefined && Buffer.from(value, "base64").length !== 16) {
    throw s3Error("InvalidDigest", { "Content-MD5": value });
  }
  return value;
}

export interface Digests {
  size: number;
  /** Hex. */
  md5: string;
  algorithm: Algorithm;
  /** base64, by `algorithm`. */
  checksum: string;
}

type Sink = (chunk: Buffer) => Promise<void> | undefined;

/** Hashes `source` on its way into `sink`. */
async function digest(source: AsyncIterable<Buffer>, algorithm: Algorithm, sink: Sink): Promise<Digests> {
  const md5 = createHash("md5");
  const hasher = createHasher(algorithm);
  let size = 0;
  for await (const chunk of source) {
    size += chunk.length;
    const ready = sink(chunk); // the file takes the chunk while this thread hashes it
    md5.update(chunk);
    hasher.update(chunk);
    if (ready) await ready;
  }
  return { size, md5: md5.digest("hex"), algorithm, checksum: hasher.digest().toString("base64") };
}

/** The request's bytes; a client that goes away mid-body is `IncompleteBody`. */
async function* requestBytes(request: S3Request): AsyncGenerator<Buffer> {
  try {
    yield* request.call.req.iterator({ destroyOnReturn: false });
  } catch (cause) {
    throw Object.assign(s3Error("IncompleteBody"), { cause });
  }
}

/** Passes bytes through and hashes them as `x-amz-content-sha256` promises. */
async function* checkedPayload(source: AsyncIterable<Buffer>, sha256: string): AsyncGenerator<Buffer> {
  const hash = createHash("sha256");
  for await (const chunk of source) {
    hash.update(chunk);
    yield chunk;
  }
  const computed = hash.digest("hex");
  if (computed !== sha256) {
    throw s3Error("XAmzContentSHA256Mismatch", {
      ClientComputedContentSHA256: sha256,
      S3ComputedContentSHA256: computed,
    });
  }
}

async function readVerified(
  request: S3Request,
  limit: number,
  declared: DeclaredChecksum | undefined,
  algorithm: Algorithm,
  sink: Sink,
): Promise<Digests> {
  const { payload } = request.call;
  const expectedMd5 = contentMd5(request);
  const length = payloadLength(request, limit);
  const trailers = new Map<string, string>();
  let source = requestBytes(request);
  if (payload.kind === "chunked") {
    source = decodeChunked(source, { signed: payload.signed, verify: payload.verifyChunk, trailers });
  }
  if (payload.kind === "hash") source = checkedPayload(source, payload.sha256);
  const digests = await digest(source, algorithm, sink);

  if (digests.size !== length) throw s3Error("IncompleteBody");
  const actualMd5 = Buffer.from(digests.md5, "hex").toString("base64");
  if (expectedMd5 !== undefined && expectedMd5 !== actualMd5) {
    throw s3Error("BadDigest", { ExpectedDigest: expectedMd5, CalculatedDigest: actualMd5 });
  }
  if (declared) {
    const name = headerOf(declared.algorithm);
    const expected = declared.value ?? trailers.get(name);
    if (expected === undefined) throw s3Error("MalformedTrailerError");
    if (declared.value === undefined) assertDigest(declared.algorithm, name, expected);
    if (expected !== digests.checksum) throw checksumMismatch(declared.algorithm);
  }
  return digests;
}

/** `BadDigest` as S3 words it for `x-amz-checksum-*`. */
export function checksumMismatch(algorithm: Algorithm): Error {
  const message = `The ${algorithm} you specified did not match the calculated checksum.`;
  return s3Error("BadDigest", { message });
}

export interface Received extends Digests {
  blob: string;
}

/**
 * Streams the body into a blob of its own, which stays only if everything that was declared holds.
 * @param algorithm what to compute if the client declares no checksum
 * @param limit bytes at most
 */
export async function receiveBody(
  request: S3Request,
  blobs: Blobs,
  {
    declared,
    algorithm,
    limit,
  }: { declared: DeclaredChecksum | undefined; algorithm: Algorithm; limit: number },
): Promise<Received> {
  const file = blobs.create();
  try {
    const computed = declared?.algorithm ?? algorithm;
    const digests = await readVerified(request, limit, declared, computed, (chunk) => file.write(chunk));
    await file.finish();
    return { ...digests, blob: file.id };
  } catch (error) {
    await file.discard();
    throw error;
  }
}

/** Streams bytes that come from elsewhere (another object, a form) into a blob. */
export async function receiveBytes(
  source: AsyncIterable<Buffer>,
  blobs: Blobs,
  algorithm: Algorithm,
): Promise<Received> {
  const file = blobs.create();
  try {
    const digests = await digest(source, algorithm, (chunk) => file.write(chunk));
    await file.finish();
    return { ...digests, blob: file.id };
  } catch (error) {
    await file.discard();
    throw error;
  }
}

/** Reads a small document (a list of parts, keys or tags) whole, and checks what was declared of it. */
export async function readDocument(
  request: S3Request,
  limit: number,
  declared: DeclaredChecksum | undefined,
): Promise<Buffer> {
  const chunks: Buffer[] = [];
  await readVerified(request, limit, declared, declared?.algorithm ?? "CRC32", (chunk) => {
    chunks.push(chunk);
    return undefined;
  });
  return Buffer.concat(chunks);
}
