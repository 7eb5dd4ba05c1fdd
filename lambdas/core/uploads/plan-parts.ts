import type { Checksum } from "#core/content/contract.ts";
import { WharfError } from "#core/kernel/error.ts";
import { GIB, MAX_PART_SIZE, MAX_PARTS, MIB } from "./limits.ts";
import type { UploadRecord } from "./records.ts";

export interface PartPlan {
  /** Bytes of every part but the last. */
  part_size: number;
  /** Unknown where the size is. */
  part_count?: number;
}

/**
 * How an upload is cut: 16 MiB parts up to 16 GiB, 32 MiB up to 300 GiB, then as small as 10,000 parts allow, in whole
 * MiB. An upload with a SHA-256 is one part, since S3 can't combine those of several.
 *
 * @throws WharfError invalid_request, checksum_unsupported.
 */
export function planParts({
  size,
  part_size,
  checksum,
}: {
  size?: number | undefined;
  part_size?: number | undefined;
  checksum?: Checksum | undefined;
}): PartPlan {
  if (checksum?.sha256 !== undefined) return onePart(size, part_size);
  const chosen = part_size ?? defaultPartSize(size);
  if (size === undefined) return { part_size: chosen };
  const part_count = Math.max(1, Math.ceil(size / chosen));
  if (part_count > MAX_PARTS) {
    throw new WharfError(
      "invalid_request",
      `${size} bytes in parts of ${chosen} are ${part_count} parts; S3 takes ${MAX_PARTS}. Use a part_size of ${wholeMib(size / MAX_PARTS)} or more, or leave it out.`,
      { min_part_size: wholeMib(size / MAX_PARTS) },
    );
  }
  return { part_size: chosen, part_count };
}

/** Bytes of a part as planned; of an upload whose size is known. */
export function plannedLength(
  { size = 0, part_size, part_count = 1 }: Pick<UploadRecord, "size" | "part_size" | "part_count">,
  part: number,
): number {
  return part < part_count ? part_size : size - part_size * (part_count - 1);
}

function defaultPartSize(size: number | undefined): number {
  if (size === undefined || size <= 16 * GIB) return 16 * MIB;
  if (size <= 300 * GIB) return 32 * MIB;
  return wholeMib(size / MAX_PARTS);
}

function wholeMib(bytes: number): number {
  return Math.ceil(bytes / MIB) * MIB;
}

function onePart(size: number | undefined, part_size: number | undefined): PartPlan {
  const bytes = size ?? part_size ?? MAX_PART_SIZE;
  if (bytes > MAX_PART_SIZE || (part_size !== undefined && part_size < bytes)) {
    throw new WharfError(
      "checksum_unsupported",
      `S3 verifies a SHA-256 only of an upload in one part, which holds ${MAX_PART_SIZE} bytes at most. Send crc32 or crc32c instead, or leave part_size out.`,
      { supported: ["crc32", "crc32c"] },
    );
  }
  return { part_size: Math.max(bytes, 1), part_count: 1 };
}
