/** Byte ranges of GetObject and HeadObject (RFC 9110 §14). */
import { s3Error } from "./errors.ts";

export interface ByteRange {
  from: number;
  /** Exclusive. */
  to: number;
}

/**
 * The range that a `Range` header asks for; `undefined` means the whole object.
 * S3 serves one range at a time: several, and what isn't a range at all, get the whole object.
 * @throws AwsError `InvalidRange`
 */
export function parseRange(header: string | undefined, size: number): ByteRange | undefined {
  const match = header === undefined ? null : /^bytes=(\d*)-(\d*)$/.exec(header.trim());
  if (!match) return undefined;
  const [, first = "", last = ""] = match;
  if (first === "" && last === "") return undefined;
  const unsatisfiable = s3Error("InvalidRange", { RangeRequested: header, ActualObjectSize: size });
  if (first === "") {
    const suffix = Math.min(Number(last), size);
    if (suffix === 0) throw unsatisfiable;
    return { from: size - suffix, to: size };
  }
  const from = Number(first);
  if (last !== "" && Number(last) < from) return undefined;
  if (from >= size) throw unsatisfiable;
  return { from, to: last === "" ? size : Math.min(Number(last) + 1, size) };
}
