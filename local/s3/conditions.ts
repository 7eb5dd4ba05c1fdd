/** `If-*` headers: of reads (RFC 9110 §13), of writes and of copy sources. */
import { notHere, s3Error } from "./errors.ts";
import type { S3Request } from "./request.ts";
import type { StoredObject } from "./schema.ts";

type ReadState = Pick<StoredObject, "etag" | "modified">;

function matches(list: string, etag: string): boolean {
  return list.split(",").some((entry) => {
    const tag = entry.trim().replace(/^W\//, "").replaceAll('"', "");
    return tag === "*" || tag === etag;
  });
}

const seconds = (ms: number) => Math.floor(ms / 1000) * 1000;

function since(value: string | undefined): number | undefined {
  const time = value === undefined ? Number.NaN : Date.parse(value);
  return Number.isNaN(time) ? undefined : time; // RFC 9110 §13.1.3: an invalid date is ignored
}

/**
 * Which status the conditions leave; the prefix is `if-` or `x-amz-copy-source-if-`.
 * @returns 200, 304 or 412, and the condition that failed
 */
function evaluate(
  request: S3Request,
  prefix: string,
  object: ReadState,
): { status: number; failed?: string } {
  const ifMatch = request.header(`${prefix}match`);
  const ifUnmodified = since(request.header(`${prefix}unmodified-since`));
  if (ifMatch !== undefined) {
    if (!matches(ifMatch, object.etag)) return { status: 412, failed: "If-Match" };
  } else if (ifUnmodified !== undefined && seconds(object.modified) > ifUnmodified) {
    return { status: 412, failed: "If-Unmodified-Since" };
  }
  const ifNoneMatch = request.header(`${prefix}none-match`);
  const ifModified = since(request.header(`${prefix}modified-since`));
  if (ifNoneMatch !== undefined) {
    if (matches(ifNoneMatch, object.etag)) return { status: 304, failed: "If-None-Match" };
  } else if (ifModified !== undefined && seconds(object.modified) <= ifModified) {
    return { status: 304, failed: "If-Modified-Since" };
  }
  return { status: 200 };
}

/**
 * Conditions of GetObject and HeadObject.
 * @returns true if the answer is 304
 * @throws AwsError `PreconditionFailed`
 */
export function isNotModified(request: S3Request, object: ReadState): boolean {
  const { status, failed } = evaluate(request, "if-", object);
  if (status === 412) throw s3Error("PreconditionFailed", { Condition: failed });
  return status === 304;
}

/** Conditions on a copy's source; both kinds fail with `PreconditionFailed`. */
export function checkCopySource(request: S3Request, source: ReadState): void {
  const { status, failed } = evaluate(request, "x-amz-copy-source-if-", source);
  if (status !== 200) throw s3Error("PreconditionFailed", { Condition: `x-amz-copy-source-${failed}` });
}

/** A write's condition on what has the key: `If-None-Match: *` or `If-Match: "<etag>"`. */
export interface WriteCondition {
  /**
   * Checks it against what is there now.
   * @throws AwsError `PreconditionFailed`, `NoSuchKey`, `ConditionalRequestConflict`
   */
  check(current: StoredObject | undefined): void;
  /** Says that the key was deleted while the write was under way. */
  conflict(): void;
}

/** The condition of a PUT, a copy or CompleteMultipartUpload; both headers at once are `NotImplemented`, as in S3. */
export function writeCondition(request: S3Request): WriteCondition | undefined {
  const { "if-match": ifMatch, "if-none-match": ifNoneMatch } = request.call.req.headers;
  if (ifMatch === undefined && ifNoneMatch === undefined) return undefined;
  if (ifNoneMatch !== undefined && (ifNoneMatch !== "*" || ifMatch !== undefined)) {
    throw notHere("Header", "If-None-Match");
  }
  let conflicting = false;
  return {
    conflict() {
      conflicting = true;
    },
    check(current) {
      const { key } = request;
      if (conflicting) throw s3Error("ConditionalRequestConflict", { Condition: "If-Match", Key: key });
      if (ifNoneMatch !== undefined && current) {
        throw s3Error("PreconditionFailed", { Condition: "If-None-Match" });
      }
      if (ifMatch === undefined) return;
      if (!current) throw s3Error("NoSuchKey", { Key: key });
      if (!matches(ifMatch, current.etag)) throw s3Error("PreconditionFailed", { Condition: "If-Match" });
    },
  };
}
