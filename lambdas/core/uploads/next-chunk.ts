import type { Part } from "#aws/objects.ts";
import type { Call } from "#core/kernel/call.ts";
import type { Deps } from "#core/kernel/deps.ts";
import { WharfError } from "#core/kernel/error.ts";
import { findUpload } from "./find-upload.ts";
import { MAX_PARTS, MIN_PART_SIZE } from "./limits.ts";
import type { UploadRecord } from "./records.ts";
import { requireNoForm, requireOpen, uploadLost } from "./require-open.ts";
import { keepReserved } from "./reserve-name.ts";
import { signPart } from "./sign-parts.ts";

export interface Chunk {
  uploadId: string;
  /** `?part=n` */
  part?: number | undefined;
  /** `?offset=n`: the byte of the file at which the chunk begins. */
  offset?: number | undefined;
}

/**
 * The part that a chunk is, and the URL where its bytes go.
 *
 * Nothing is written: the number follows from what the caller says and from S3's list of what has arrived, so asking
 * again for a chunk that didn't arrive gives the same part. Without a number or offset the caller must send one chunk
 * after another; a chunk that arrived although its answer was lost would then count twice, which a declared size
 * reveals. How long the chunk is nobody knows here: API Gateway drops `Content-Length` before any mapping. But S3 does:
 * one that is sent by its offset in front of others that have arrived has the length that leaves them where they are.
 *
 * @throws WharfError not_found, upload_closed, upload_expired, checksum_unsupported, chunk_too_small, conflict,
 * invalid_request.
 */
export async function chunkTarget(
  deps: Pick<Deps, "table" | "objects" | "now">,
  call: Call,
  { uploadId, part, offset }: Chunk,
): Promise<{ part: number; url: string }> {
  if (part !== undefined && offset !== undefined)
    throw new WharfError("invalid_request", "Say ?part or ?offset; both are here, and one would be ignored.");
  const upload = await findUpload(deps, uploadId, call.ahead);
  requireNoForm(upload);
  requireOpen(upload, deps.now());
  await keepReserved(deps, upload);
  refuseSha256(upload);
  const parts = part === undefined ? await arrived(deps, upload) : [];
  const number = part ?? numberFor(offset, parts, upload);
  if (number > MAX_PARTS) {
    throw new WharfError(
      "invalid_request",
      `This would be part ${number}; S3 takes ${MAX_PARTS}. Send larger chunks.`,
    );
  }
  requireRoom(upload, number);
  const length = offset === undefined ? undefined : lengthBefore(parts, number, upload);
  return { part: number, url: await signPart(deps, upload, number, length) };
}

/**
 * Chunks may be smaller than `part_size`, so there may be more than `part_count`.
 *
 * @throws WharfError invalid_request for a part that no file of the declared size has: all but the last have 5 MiB.
 */
function requireRoom({ size }: UploadRecord, number: number): void {
  const last = size === undefined ? MAX_PARTS : Math.max(1, Math.ceil(size / MIN_PART_SIZE));
  if (number <= last) return;
  throw new WharfError(
    "invalid_request",
    `This would be part ${number}; the upload was started with ${size} bytes, which are ${last} parts at most, since all but the last have ${MIN_PART_SIZE} bytes or more.`,
    { size, last_part: last },
  );
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

/** @throws WharfError finalizing, upload_closed where another call is ending the session, upload_expired where S3 has lost it. */
async function arrived(
  deps: Pick<Deps, "table" | "objects" | "now">,
  { upload_id, object_key, s3_upload_id }: UploadRecord,
): Promise<Part[]> {
  if (s3_upload_id === undefined) return [];
  const parts = await deps.objects.listParts(object_key, s3_upload_id);
  if (parts !== undefined) return parts;
  requireOpen(await findUpload(deps, upload_id), deps.now());
  throw uploadLost(upload_id);
}

/** The part that begins at the offset, or the next in order; nothing before it may be too small for good. */
function numberFor(offset: number | undefined, parts: readonly Part[], upload: UploadRecord): number {
  const number = offset === undefined ? nextNumber(parts, upload) : numberAt(offset, parts, upload);
  const small = parts.find(({ part_number, size }) => part_number < number && size < MIN_PART_SIZE);
  if (small === undefined) return number;
  throw new WharfError(
    "chunk_too_small",
    `Part ${small.part_number} has arrived with ${small.size} bytes, and S3 takes ${MIN_PART_SIZE} at least of all but the last, so nothing can follow it. Finalize if it is the last; else send it again, together with what follows, as ?part=${small.part_number}.`,
    { part_number: small.part_number, size: small.size, min_bytes: MIN_PART_SIZE },
  );
}

/** The parts from 1 on that have arrived without a gap. */
function leading(parts: readonly Part[]): readonly Part[] {
  const gap = parts.findIndex(({ part_number }, index) => part_number !== index + 1);
  return gap === -1 ? parts : parts.slice(0, gap);
}

/** How long a chunk must be behind which others have arrived, whose offsets were said; `undefined` where none have. */
function lengthBefore(parts: readonly Part[], number: number, upload: UploadRecord): number | undefined {
  if (!parts.some(({ part_number }) => part_number > number)) return undefined;
  const before = parts.find(({ part_number }) => part_number === number);
  return before?.size ?? (isRegular(parts, upload) ? upload.part_size : undefined);
}

/** Whether all that has arrived is cut as planned. */
function isRegular(parts: readonly Part[], { part_size, part_count }: UploadRecord): boolean {
  return parts.every((part) => part.size === part_size || part.part_number === part_count);
}

/** The one after those that have arrived. @throws WharfError conflict where the declared size has. */
function nextNumber(parts: readonly Part[], { size }: UploadRecord): number {
  const before = leading(parts);
  const bytes = before.reduce((sum, part) => sum + part.size, 0);
  if (size === undefined || before.length === 0 || bytes < size) return before.length + 1;
  throw new WharfError(
    "conflict",
    `${bytes} bytes have arrived, and the upload was started with ${size}: nothing is left to send. Finalize it; a chunk that is to be replaced goes as ?part=n.`,
    { bytes_received: bytes, size },
  );
}

/**
 * The part that begins at a byte: one that has arrived already, the next, or, where all chunks have `part_size`, any,
 * so that they may come in any order.
 */
function numberAt(offset: number, parts: readonly Part[], upload: UploadRecord): number {
  const { size, part_size } = upload;
  if (size !== undefined && offset > 0 && offset >= size) {
    throw new WharfError(
      "invalid_request",
      `offset is ${offset}, but the upload was started with ${size} bytes, so its last is at ${size - 1}.`,
    );
  }
  const before = leading(parts);
  let end = 0;
  for (const part of before) {
    if (end === offset) return part.part_number;
    end += part.size;
  }
  if (end === offset) return before.length + 1;
  if (isRegular(parts, upload) && offset % part_size === 0) return offset / part_size + 1;
  throw new WharfError(
    "conflict",
    `The chunk begins at byte ${offset}, but the bytes before it have arrived only up to ${end}. Send the one at ${end} next, or chunks of ${part_size} bytes in any order, or say ?part=n.`,
    { expected_offset: end, part_size },
  );
}
