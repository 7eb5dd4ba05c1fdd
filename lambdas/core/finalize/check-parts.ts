import type { Part } from "#aws/objects.ts";
import { WharfError } from "#core/kernel/error.ts";
import { MIN_PART_SIZE } from "#core/uploads/limits.ts";
import type { UploadRecord } from "#core/uploads/records.ts";
import { ranges } from "#core/uploads/view-upload.ts";
import type { FinalizeRequest } from "./contract.ts";

/**
 * The bytes that S3's parts make together: parts 1..n without a gap, all but the last of 5 MiB or more, the declared
 * size, and what the client says it sent.
 *
 * @throws WharfError parts_missing, size_mismatch, chunk_too_small, each with the numbers.
 */
export function checkParts(
  upload: Pick<UploadRecord, "size" | "part_size" | "part_count">,
  parts: readonly Part[],
  claimed: FinalizeRequest["parts"],
): number {
  const actual = parts.reduce((sum, { size }) => sum + size, 0);
  const missing = missingParts(upload, parts, actual);
  const different = differing(parts, claimed);
  if (missing.length > 0 || different.length > 0) {
    throw new WharfError("parts_missing", describeParts(missing, different), {
      missing_parts: ranges(missing),
      ...(different.length === 0 ? {} : { different_parts: ranges(different) }),
      received: ranges(parts.map(({ part_number }) => part_number)),
      bytes_received: actual,
    });
  }
  const small = parts.slice(0, -1).find(({ size }) => size < MIN_PART_SIZE);
  if (small !== undefined) {
    throw new WharfError(
      "chunk_too_small",
      `Part ${small.part_number} has ${small.size} bytes and is not the last; S3 takes ${MIN_PART_SIZE} at least. Send it again together with what follows it, or start anew with larger chunks.`,
      { part_number: small.part_number, size: small.size, min_bytes: MIN_PART_SIZE },
    );
  }
  if (upload.size !== undefined && upload.size !== actual) {
    throw new WharfError(
      "size_mismatch",
      `${actual} bytes have arrived; the upload was started with ${upload.size}. Send what is missing, or start anew with the right size.`,
      { expected: upload.size, actual, received: ranges(parts.map(({ part_number }) => part_number)) },
    );
  }
  return actual;
}

/** Gaps in the numbers, and the tail where all that has arrived is cut as planned. */
function missingParts(
  { size, part_size, part_count }: Pick<UploadRecord, "size" | "part_size" | "part_count">,
  parts: readonly Part[],
  actual: number,
): number[] {
  const numbers = new Set(parts.map(({ part_number }) => part_number));
  const highest = parts.at(-1)?.part_number ?? 0;
  const asPlanned = parts.every((part) => part.size === part_size || part.part_number === part_count);
  const incomplete = size !== undefined && actual < size;
  const last = incomplete && asPlanned && part_count !== undefined ? Math.max(highest, part_count) : highest;
  return Array.from({ length: last }, (_, index) => index + 1).filter((number) => !numbers.has(number));
}

/** Numbers where the client's list and S3's differ: another ETag, or in one of them only. */
function differing(parts: readonly Part[], claimed: FinalizeRequest["parts"]): number[] {
  if (claimed === undefined) return [];
  const held = new Map(parts.map(({ part_number, etag }) => [part_number, etag]));
  const said = new Map(claimed.map(({ part_number, etag }) => [part_number, etag.replaceAll('"', "")]));
  const numbers = new Set([...held.keys(), ...said.keys()]);
  return [...numbers].filter((number) => held.get(number) !== said.get(number)).sort((a, b) => a - b);
}

function describeParts(missing: readonly number[], different: readonly number[]): string {
  const list = (numbers: readonly number[]) =>
    `part${numbers.length === 1 ? "" : "s"} ${ranges(numbers)
      .map(([from, to]) => (from === to ? `${from}` : `${from}–${to}`))
      .join(", ")}`;
  const first = missing.length === 0 ? "" : `Missing: ${list(missing)}. `;
  const second = different.length === 0 ? "" : `Not as you list them: ${list(different)}. `;
  return `${first}${second}Send them to the URLs of POST …/parts and finalize again.`;
}
