/** What answers say of a file's bytes. */
import * as z from "zod";

/** The media type that downloads carry. */
export const declaredType = z.string().meta({
  description:
    "Media type: the declared one, else what name or bytes say. Downloads carry it, of its parameters `charset` alone, where browsers take it for data, else `application/octet-stream`.",
});

const hex = (bytes: number, what: string) =>
  z.string().meta({ description: `${what} of the whole file: ${bytes * 2} lower-case hex characters.` });

const digests = { crc32: hex(4, "CRC-32"), crc32c: hex(4, "CRC-32C"), sha256: hex(32, "SHA-256") };

/** Those that are known. */
export const checksums = {
  crc32: digests.crc32.optional(),
  crc32c: digests.crc32c.optional(),
  sha256: digests.sha256.optional(),
};

/** The same where `null` may stand for what isn't known. */
export const nullableChecksums = {
  crc32: digests.crc32.nullish(),
  crc32c: digests.crc32c.nullish(),
  sha256: digests.sha256.nullish(),
};

/** What the uploader attached. */
export const kept = z
  .record(z.string(), z.string())
  .meta({ description: "What the uploader attached, as it was sent." });
