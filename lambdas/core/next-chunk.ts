import type { Part } from "#aws/objects.ts";
import { MAX_PARTS, MIN_PART_SIZE } from "#contract/uploads.ts";
import type { Call } from "./call.ts";
import { type ContentRange, parseContentRange } from "./content-range.ts";
import type { Deps } from "./deps.ts";
import { WharfError } from "./error.ts";
import { requireOpen } from "./require-open.ts";
import { signWindow } from "./sign-parts.ts";
import { findUpload, type UploadRecord } from "./upload-record.ts";

export interface Chunk {
  uploadId: string;
  /** `?part=n` */
  part?: number | undefined;
  /** The header, e.g. `bytes 0-5242879/20000000`. */
  contentRange?: string | undefined;
  /** Bytes of the chunk, where the client said so. */
  contentLength?: number | undefined;
}

/**
 * The part that a chunk is, and the URL where its bytes go.
 *
 * Nothing is written: the number follows from what the caller says and from S3's list of what has arrived, so asking
 * again for a chunk that didn't arrive gives the same part. Without a number or range the caller must send one chunk
 * after another; a chunk that arrived although its answer was lost would then count twice, which a declared size
 * reveals when the upload is finalized.
 *
 * @throws WharfError not_found, upload_closed, upload_expired, chunk_too_small, conflict, invalid_request.
 */
export async function chunkTarget(
  deps: Pick<Deps, "table" | "objects" | "now">,
  call: Call,
  { uploadId, part, contentRange, contentLength }: Chunk,
): Promise<{ part: number; url: string }> {
  const upload = await findUpload(deps, call.caller, uploadId);
  requireOpen(upload, deps.now());
  refuseSha256(upload);
  const range =
    contentRange === undefined ? undefined : parseContentRange(contentRange, { upload, contentLength });
  const length = range?.length ?? contentLength;
  const small = length !== undefined && length < MIN_PART_SIZE;
  // A number that the caller gives needs S3's list only to judge a small chunk.
  const parts = part === undefined || small ? await arrived(deps, upload) : [];
  const number = part ?? (range === undefined ? nextNumber(parts) : numberAt(range, parts, upload));
  if (number > MAX_PARTS) {
    throw new WharfError(
      "invalid_request",
      `This would be part ${number}; S3 takes ${MAX_PARTS}. Send larger chunks.`,
    );
  }
  if (small && !canBeLast({ number, length, range, sequential: part === undefined }, parts, upload)) {
    throw new WharfError(
      "chunk_too_small",
      `Part ${number} has ${length} bytes and more follows. S3 takes ${MIN_PART_SIZE} at least of all but the last.`,
      { part_number: number, size: length, min_bytes: MIN_PART_SIZE },
    );
  }
  const { parts: signed } = await signWindow(deps, upload, { first: number, count: 1 });
  return { part: number, url: signed[0]?.url ?? "" };
}

/** The checksum is a header that goes with the URL, and a redirect can't add one. @throws WharfError checksum_unsupported */
function refuseSha256({ checksum }: UploadRecord): void {
  if (checksum?.sha256 === undefined) return;
  throw new WharfError(
    "checksum_unsupported",
    "This upload declared a SHA-256, which S3 takes only as a header beside the part's URL; a redirect can't carry it. PUT the file to the URL of POST …/parts with its headers, or start anew with crc32 or crc32c to send chunks.",
    { supported: ["crc32", "crc32c"] },
  );
}

async function arrived({ objects }: Pick<Deps, "objects">, upload: UploadRecord): Promise<Part[]> {
  const { object_key, s3_upload_id } = upload;
  return (s3_upload_id === undefined ? undefined : await objects.listParts(object_key, s3_upload_id)) ?? [];
}

/** The parts from 1 on that have arrived without a gap. */
function leading(parts: readonly Part[]): readonly Part[] {
  const gap = parts.findIndex(({ part_number }, index) => part_number !== index + 1);
  return gap === -1 ? parts : parts.slice(0, gap);
}

function nextNumber(parts: readonly Part[]): number {
  return leading(parts).length + 1;
}

/**
 * The part that begins at a range's first byte: one that has arrived already, the next, or, where all chunks have
 * `part_size`, any, so that they may come in any order.
 */
function numberAt(
  { start }: ContentRange,
  parts: readonly Part[],
  { part_size, part_count }: UploadRecord,
): number {
  let offset = 0;
  for (const { part_number, size } of leading(parts)) {
    if (offset === start) return part_number;
    offset += size;
  }
  if (offset === start) return nextNumber(parts);
  const regular = parts.every(({ part_number, size }) => size === part_size || part_number === part_count);
  if (regular && start % part_size === 0) return start / part_size + 1;
  throw new WharfError(
    "conflict",
    `The chunk begins at byte ${start}, but the bytes before it have arrived only up to ${offset}. Send the one at ${offset} next, or chunks of ${part_size} bytes in any order, or say ?part=n.`,
    { expected_start: offset, part_size },
  );
}

interface Placed {
  number: number;
  length: number;
  range: ContentRange | undefined;
  /** Everything before it has arrived. */
  sequential: boolean;
}

function canBeLast(
  { number, length, range, sequential }: Placed,
  parts: readonly Part[],
  { size }: UploadRecord,
): boolean {
  if (parts.some(({ part_number }) => part_number > number)) return false;
  const total = range?.total ?? size;
  if (total === undefined) return true;
  if (range !== undefined) return range.start + range.length === total;
  // What comes before one that the caller numbers may still be on its way; before the first comes nothing.
  if (!sequential && number > 1) return true;
  const before = leading(parts)
    .slice(0, number - 1)
    .reduce((sum, part) => sum + part.size, 0);
  return before + length >= total;
}
