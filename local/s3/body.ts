/** Request bodies: unframed, hashed while they stream, and checked against everything that the client promised. */
import { createHash } from "node:crypto";
import { decodeChunked } from "./aws-chunked.ts";
import type { Blobs } from "./blobs.ts";
import { type Algorithm, createHasher } from "./checksum.ts";
import { checkDeclared, type DeclaredChecksum } from "./checksum-headers.ts";
import { notHere, s3Error } from "./errors.ts";
import type { S3Request } from "./request.ts";

/**
 * Throws unless the request declares how long its payload is, at most `limit` bytes; returns the length.
 * S3 takes HTTP's chunks around its own alone (aws/aws-sdk-go#4944), and a body without a length not even when it is
 * empty: `curl -X PUT` sends none.
 */
export function payloadLength(request: S3Request, limit: number): number {
  const { headers } = request.call.req;
  const framed = request.call.payload.kind === "chunked";
  const decoded = headers["x-amz-decoded-content-length"];
  if (headers["transfer-encoding"] !== undefined && !(framed && decoded !== undefined)) {
    throw notHere("Header", "Transfer-Encoding");
  }
  const text = framed ? decoded : headers["content-length"];
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

interface Digests {
  size: number;
  /** Hex. */
  md5: string;
  /** base64 */
  checksums: ReadonlyMap<Algorithm, string>;
}

type Sink = (chunk: Buffer) => Promise<void> | undefined;

/** Hashes `source` on its way into `sink`; more bytes than `limit` are `IncompleteBody`. */
async function digest(
  source: AsyncIterable<Buffer>,
  algorithms: Iterable<Algorithm>,
  sink: Sink,
  limit = Number.POSITIVE_INFINITY,
): Promise<Digests> {
  const md5 = createHash("md5");
  const hashers = [...new Set(algorithms)].map((name) => [name, createHasher(name)] as const);
  let size = 0;
  for await (const chunk of source) {
    size += chunk.length;
    if (size > limit) throw s3Error("IncompleteBody");
    const ready = sink(chunk); // the file takes the chunk while this thread hashes it
    md5.update(chunk);
    for (const [, hasher] of hashers) hasher.update(chunk);
    if (ready) await ready;
  }
  const checksums = new Map(hashers.map(([name, hasher]) => [name, hasher.digest().toString("base64")]));
  return { size, md5: md5.digest("hex"), checksums };
}

/** The request's bytes; a client that goes away mid-body is `IncompleteBody`. */
async function* requestBytes(request: S3Request): AsyncGenerator<Buffer> {
  request.call.proceed();
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

export interface BodyOptions {
  /** What the client says of the body. */
  declared: DeclaredChecksum | undefined;
  /** What to compute whatever the client says. */
  algorithm: Algorithm;
  /** Bytes at most. */
  limit: number;
}

async function readVerified(request: S3Request, options: BodyOptions, sink: Sink): Promise<Digests> {
  const { declared, algorithm, limit } = options;
  const { payload } = request.call;
  const expectedMd5 = contentMd5(request);
  const length = payloadLength(request, limit);
  const trailers = new Map<string, string>();
  let source = requestBytes(request);
  if (payload.kind === "chunked") {
    source = decodeChunked(source, { signed: payload.signed, verify: payload.verifyChunk, trailers });
  }
  if (payload.kind === "hash") source = checkedPayload(source, payload.sha256);
  const digests = await digest(
    source,
    declared ? [algorithm, declared.algorithm] : [algorithm],
    sink,
    length,
  );

  if (digests.size < length) throw s3Error("IncompleteBody");
  const actualMd5 = Buffer.from(digests.md5, "hex").toString("base64");
  if (expectedMd5 !== undefined && expectedMd5 !== actualMd5) {
    throw s3Error("BadDigest", { ExpectedDigest: expectedMd5, CalculatedDigest: actualMd5 });
  }
  if (declared) checkDeclared(declared, trailers, digests.checksums.get(declared.algorithm));
  return digests;
}

export interface Received {
  blob: string;
  size: number;
  /** Hex. */
  md5: string;
  algorithm: Algorithm;
  /** base64, by `algorithm`. */
  checksum: string;
}

/** Gives `read` a new file; it stays only if `read` succeeds. */
async function intoBlob(
  blobs: Blobs,
  algorithm: Algorithm,
  read: (sink: Sink) => Promise<Digests>,
): Promise<Received> {
  const file = blobs.create();
  try {
    const { size, md5, checksums } = await read(file.write);
    await file.finish();
    return { blob: file.id, size, md5, algorithm, checksum: checksums.get(algorithm) ?? "" };
  } catch (error) {
    await file.discard();
    throw error;
  }
}

/** Streams the body into a blob of its own, which stays only if everything that was declared holds. */
export function receiveBody(request: S3Request, blobs: Blobs, options: BodyOptions): Promise<Received> {
  return intoBlob(blobs, options.algorithm, (sink) => readVerified(request, options, sink));
}

/** Streams bytes that come from elsewhere (another object, a form) into a blob. */
export function receiveBytes(
  source: AsyncIterable<Buffer>,
  blobs: Blobs,
  algorithm: Algorithm,
): Promise<Received> {
  return intoBlob(blobs, algorithm, (sink) => digest(source, [algorithm], sink));
}

/** Reads a small document (a list of parts, keys or tags) whole, and checks what was declared of it. */
export async function readDocument(
  request: S3Request,
  limit: number,
  declared: DeclaredChecksum | undefined,
): Promise<Buffer> {
  const chunks: Buffer[] = [];
  await readVerified(request, { declared, algorithm: "CRC32", limit }, (chunk) => {
    chunks.push(chunk);
    return undefined;
  });
  return Buffer.concat(chunks);
}
