import type { Deps } from "./deps.ts";
import type { FileRecord } from "./records.ts";

/** Headers of a download that say which part of the file it wants, as they came. */
export interface Ranged {
  range?: string | undefined;
  ifRange?: string | undefined;
}

/**
 * Whether S3 answers a request with a part that begins past the file's first byte, as a download that goes on wants.
 *
 * RFC 9110, 14.2: what isn't understood is ignored, and the answer is the whole file. S3 takes one range alone
 * (GetObject), so several are the whole too. Its unit has no case (RFC 9110, 14.1), but what S3 makes of `BYTES=` isn't
 * documented, so that counts as the whole. So does an `If-Range` that isn't the file's ETag, which S3 honours
 * (awslabs/aws-sdk-kotlin#1645), with a date too.
 */
export async function beginsLater(
  { objects }: Pick<Deps, "objects">,
  { range, ifRange }: Ranged,
  { size, object_key }: Pick<FileRecord, "size" | "object_key">,
): Promise<boolean> {
  if (!isLater(range, size)) return false;
  if (ifRange === undefined) return true;
  return ifRange.trim() === (await objects.head(object_key))?.etag;
}

/** @param size bytes of the file, from whose end `bytes=-500` counts. */
function isLater(range: string | undefined, size: number): boolean {
  const parsed = /^bytes=(\d{0,15})-(\d{0,15})$/.exec(range?.trim() ?? "");
  if (parsed === null) return false;
  const [, first = "", last = ""] = parsed;
  if (first === "") return last !== "" && Number(last) > 0 && Number(last) < size;
  return Number(first) > 0 && (last === "" || Number(first) <= Number(last));
}

/**
 * The headers that hold a URL to the part that was decided on: where a redirect leads, its client repeats them, and S3
 * refuses any other (403 SignatureDoesNotMatch). aws/aws-sdk-js#2471 tells of `Range` signed so.
 */
export function asDecided({ range, ifRange }: Ranged): Record<string, string> {
  return {
    ...(ifRange === undefined ? {} : { "if-range": ifRange.trim() }),
    ...(range === undefined ? {} : { range: range.trim() }),
  };
}
