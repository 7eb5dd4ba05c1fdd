/** S3's checksum algorithms, and how the checksum of a multipart object comes from its parts. */
import { createHash } from "node:crypto";
import { crc32 } from "node:zlib";
import { z } from "zod";
import { combineCrc } from "./crc-combine.ts";
import { crc32c, crc64nvme } from "./crc-wasm.ts";

export const ALGORITHMS = ["CRC32", "CRC32C", "CRC64NVME", "SHA1", "SHA256"] as const;
export const algorithmSchema = z.enum(ALGORITHMS);
export type Algorithm = (typeof ALGORITHMS)[number];

/** What S3 computes if the client names no algorithm. */
export const DEFAULT_ALGORITHM: Algorithm = "CRC64NVME";

export const checksumTypeSchema = z.enum(["FULL_OBJECT", "COMPOSITE"]);
export type ChecksumType = z.infer<typeof checksumTypeSchema>;

/** What S3 shows of an object's checksum; `value` is base64, with `-<parts>` after it if composite. */
export interface Checksum {
  algorithm: Algorithm;
  type: ChecksumType;
  value: string;
}

export interface Hasher {
  update(chunk: Uint8Array): void;
  digest(): Buffer;
}

/** Digest sizes in bytes. */
export const DIGEST_BYTES: Record<Algorithm, number> = {
  CRC32: 4,
  CRC32C: 4,
  CRC64NVME: 8,
  SHA1: 20,
  SHA256: 32,
};

function bigEndian(value: bigint, bytes: number): Buffer {
  return Buffer.from(value.toString(16).padStart(bytes * 2, "0"), "hex");
}

function crcHasher(next: (chunk: Uint8Array, state: bigint) => bigint, bytes: number): Hasher {
  let state = 0n;
  return {
    update(chunk) {
      state = next(chunk, state);
    },
    digest: () => bigEndian(state, bytes),
  };
}

/** A running checksum. */
export function createHasher(algorithm: Algorithm): Hasher {
  switch (algorithm) {
    case "CRC32":
      return crcHasher((chunk, state) => BigInt(crc32(chunk, Number(state))), 4);
    case "CRC32C":
      return crcHasher(crc32c, 4);
    case "CRC64NVME":
      return crcHasher(crc64nvme, 8);
    case "SHA1":
      return createHash("sha1");
    case "SHA256":
      return createHash("sha256");
  }
}

export interface PartChecksum {
  size: number;
  /** base64 */
  checksum: string;
}

/** The object's checksum of a completed multipart upload. */
export function checksumOfParts(
  algorithm: Algorithm,
  type: ChecksumType,
  parts: readonly PartChecksum[],
): Checksum {
  if (type === "COMPOSITE") {
    const hasher = createHasher(algorithm);
    for (const part of parts) hasher.update(Buffer.from(part.checksum, "base64"));
    return { algorithm, type, value: `${hasher.digest().toString("base64")}-${parts.length}` };
  }
  if (algorithm === "SHA1" || algorithm === "SHA256") {
    throw new TypeError(`${algorithm} of a whole object can't come from its parts`);
  }
  const whole = parts.reduce((crc, part) => {
    const next = BigInt(`0x${Buffer.from(part.checksum, "base64").toString("hex")}`);
    return combineCrc(algorithm, crc, next, part.size);
  }, 0n);
  return { algorithm, type, value: bigEndian(whole, DIGEST_BYTES[algorithm]).toString("base64") };
}
