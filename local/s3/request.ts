/** One S3 request: which bucket and key it means, and where its parameters are. */
import type { AwsCall, ConditionContext } from "../types.ts";
import type { Bucket } from "./buckets.ts";
import { s3Error } from "./errors.ts";

export interface S3Target {
  /** Empty for the service itself. */
  bucket: string;
  /** Empty for the bucket itself. */
  key: string;
}

export interface S3Request extends Unrouted {
  settings: Bucket;
}

/** A request whose bucket hasn't been looked up. */
export interface Unrouted extends S3Target {
  call: AwsCall;
  /** A query parameter. */
  query(name: string): string | undefined;
  /** A header; a presigned URL may carry `x-amz-*` headers in its query instead, but for checksums. */
  header(name: string): string | undefined;
}

const MAX_KEY_BYTES = 1024;

/**
 * Bucket and key of a request.
 * @param path as sent, but percent-decoded
 * @param host the `Host` header, which may name the bucket; `undefined` for path style
 * @throws AwsError `KeyTooLongError`
 */
export function parseTarget(path: string, host: string | undefined): S3Target {
  const decoded = path.slice(1);
  const hostname = (host ?? "").replace(/:\d+$/, "").toLowerCase();
  const virtual = bucketOfHost(hostname);
  const slash = decoded.indexOf("/");
  const target =
    virtual !== undefined
      ? { bucket: virtual, key: decoded }
      : slash < 0
        ? { bucket: decoded, key: "" }
        : { bucket: decoded.slice(0, slash), key: decoded.slice(slash + 1) };
  assertKeyLength(target.key);
  return target;
}

/** `bucket.localhost`, `bucket.s3.localhost`, `bucket.s3.us-east-1.localhost`; `s3.….localhost` alone is path style. */
function bucketOfHost(hostname: string): string | undefined {
  const labels = hostname.split(".");
  if (labels.length < 2 || labels.pop() !== "localhost" || /^s3(?:-|$)/.test(labels[0] ?? ""))
    return undefined;
  if (labels.length > 2 && labels.at(-2) === "s3") return labels.slice(0, -2).join(".");
  return /^s3(?:-[a-z0-9-]+)?$/.test(labels.at(-1) ?? "") ? labels.slice(0, -1).join(".") : labels.join(".");
}

/** S3: a key is at most 1,024 bytes of UTF-8. */
export function assertKeyLength(key: string): void {
  const size = Buffer.byteLength(key);
  if (size > MAX_KEY_BYTES) throw s3Error("KeyTooLongError", { Size: size, MaxSizeAllowed: MAX_KEY_BYTES });
}

/**
 * S3 takes these as headers alone; in a query they are signed and then ignored, `x-amz-checksum-mode` too.
 * Sources: aws/aws-sdk-go-v2#2610, localstack/localstack#12164, boto/boto3#3465.
 */
const HEADER_ONLY = /^x-amz-(checksum-|sdk-checksum-algorithm$)/;

/** Puts the pieces of a request together. */
export function createRequest(call: AwsCall, target: S3Target): Unrouted {
  const hoisted = new Map<string, string>();
  for (const [name, value] of call.url.searchParams) {
    const lower = name.toLowerCase();
    if (lower.startsWith("x-amz-") && !HEADER_ONLY.test(lower)) hoisted.set(lower, value);
  }
  return {
    ...target,
    call,
    query: (name) => call.url.searchParams.get(name) ?? undefined,
    header(name) {
      const value = call.req.headers[name];
      return (Array.isArray(value) ? value.join(",") : value) ?? hoisted.get(name);
    },
  };
}

// Headers that policies can compare, as `s3:<header>`. Source: Service Authorization Reference, Amazon S3.
const COMPARABLE = [
  ...["if-match", "if-none-match", "x-amz-acl", "x-amz-copy-source", "x-amz-metadata-directive"],
  ...["x-amz-server-side-encryption", "x-amz-storage-class", "x-amz-content-sha256"],
];

/**
 * What policies can read of a write.
 * @param creates whether the call makes the object itself, rather than a part of it
 */
export function writeContext(request: S3Request, { creates }: { creates: boolean }): ConditionContext {
  const context: ConditionContext = { "s3:objectcreationoperation": String(creates) };
  for (const name of COMPARABLE) {
    const value = request.header(name);
    if (value !== undefined) context[`s3:${name}`] = value;
  }
  return context;
}

export const bucketArn = (request: S3Target) => `arn:aws:s3:::${request.bucket}`;
export const objectArn = (request: S3Target) => `arn:aws:s3:::${request.bucket}/${request.key}`;

/** The first query parameter that is neither `known` nor part of a signature or of an SDK's habits. */
export function foreignParameter(request: Unrouted, known: readonly string[]): string | undefined {
  const names = [...request.call.url.searchParams.keys()];
  return names.find((name) => !known.includes(name) && name !== "x-id" && !/^x-amz-/i.test(name));
}
