import { AwsError } from "../types.ts";
import { isDiskFull } from "./sqlite-error.ts";

/**
 * What services answer where the disk has no room.
 *
 * AWS has no such error; the code and 507 are WebDAV's (RFC 4918, 11.5), and SDKs don't repeat a 507 at once as they
 * do 500, 502, 503 and 504. Source: aws-sdk-js-v3, packages/service-error-classification/src/constants.ts
 */
export function storageFull(cause?: unknown): AwsError {
  const message = "The disk of this local cloud is full; free some space on it, or delete files.";
  return Object.assign(new AwsError("InsufficientStorage", message, 507), { cause });
}

/** Seconds after which trying again is worth while. */
const RETRY_AFTER = 30;

/** The error as it is answered: a full disk as `InsufficientStorage`, any other as it is. */
export function explainFull(error: unknown): unknown {
  return isDiskFull(error) ? storageFull(error) : error;
}

/** Headers that go with an error. */
export function headersOf({ code }: AwsError): Record<string, string> {
  return code === "InsufficientStorage" ? { "retry-after": String(RETRY_AFTER) } : {};
}
