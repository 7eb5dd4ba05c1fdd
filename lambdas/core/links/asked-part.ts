import type { FileRecord } from "#core/files/records.ts";
import type { Deps } from "#core/kernel/deps.ts";

/** Headers of a download that say which part of the file it wants, as they came. */
export interface Ranged {
  range?: string | undefined;
  ifRange?: string | undefined;
}

/** What a request wants of a file: all of it up to its end, a piece from the first byte, or one that begins past that. */
export type AskedPart = "whole" | "first" | "later";

/**
 * Which part S3 answers a request with.
 *
 * RFC 9110, 14.2: what isn't understood is ignored, and the answer is the whole file. S3 takes one range alone
 * (GetObject), so several are the whole too. Its unit has no case (RFC 9110, 14.1), but what S3 makes of `BYTES=` isn't
 * documented, so that counts as the whole. So does an `If-Range` that isn't the file's ETag, which S3 honours
 * (awslabs/aws-sdk-kotlin#1645), with a date too.
 */
export async function askedPart(
  { objects }: Pick<Deps, "objects">,
  { range, ifRange }: Ranged,
  { size, object_key }: Pick<FileRecord, "size" | "object_key">,
): Promise<AskedPart> {
  const part = partIn(range, size);
  if (part === "whole" || ifRange === undefined) return part;
  return ifRange.trim() === (await objects.head(object_key))?.etag ? part : "whole";
}

/** @param size bytes of the file, from whose end `bytes=-500` counts. */
function partIn(range: string | undefined, size: number): AskedPart {
  const [, first = "", last = ""] = /^bytes=(\d{0,15})-(\d{0,15})$/.exec(range?.trim() ?? "") ?? [];
  if (first === "") return last !== "" && Number(last) > 0 && Number(last) < size ? "later" : "whole";
  if (Number(first) > 0) return last === "" || Number(first) <= Number(last) ? "later" : "whole";
  return last !== "" && Number(last) < size - 1 ? "first" : "whole";
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
