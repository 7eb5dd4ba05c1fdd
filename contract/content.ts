/** What answers say of a file's bytes. */
import * as z from "zod";

/** The media type that downloads carry. */
export const declaredType = z.string().meta({
  description:
    "Media type: the declared one, else what name or bytes say. Downloads carry it, of its parameters `charset` alone, where browsers take it for data, else `application/octet-stream`.",
});

/** A declared media type without its parameters, in lower case. */
export function essenceOf(declared: string | undefined): string | undefined {
  return declared?.split(";")[0]?.trim().toLowerCase();
}

/** Whether a media type is one of these, each a type or all of a kind (`image/*`). */
export function isAllowed(type: string, allowed: readonly string[]): boolean {
  const essence = essenceOf(type) ?? "";
  const [kind] = essence.split("/");
  return allowed.includes(essence) || allowed.includes(`${kind}/*`);
}

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

/** Of one version: keys and values together, and how many of them. */
const METADATA = { bytes: 2_048, entries: 32 };

export const MAX_METADATA_BYTES = METADATA.bytes;

const metadataKey = z
  .string()
  .regex(/^[\w.-]{1,64}$/, { message: "must be 1–64 characters of A-Za-z0-9_.-" });

const metadataValue = z.string().max(512);

const byteLength = (text: string) => new TextEncoder().encode(text).length;

/** What is wrong with metadata as a whole, if anything is: too much of it. */
export function metadataProblem(given: Readonly<Record<string, string>>): string | undefined {
  if (Object.keys(given).length > METADATA.entries) return `has more than ${METADATA.entries} entries`;
  if (byteLength(Object.entries(given).flat().join("")) > METADATA.bytes)
    return `has more than ${METADATA.bytes} bytes of keys and values together`;
  return undefined;
}

const METADATA_LIMITS = `keys of 1–64 characters of \`A-Za-z0-9_.-\`, values of 512 at most, ${METADATA.entries} of them at most, ${METADATA.bytes.toLocaleString("en-US")} bytes of UTF-8 together`;

/** What an upload attaches to its version. */
export const metadata = z
  .record(metadataKey, metadataValue)
  .superRefine((given, context) => {
    const problem = metadataProblem(given);
    if (problem !== undefined) context.addIssue({ code: "custom", message: problem });
  })
  .meta({
    maxProperties: METADATA.entries,
    description: `What you want to find again with the file: ${METADATA_LIMITS}.`,
  });

/** What is to change of metadata, key by key. */
export const metadataChange = z.record(metadataKey, metadataValue.nullable()).meta({
  description: `What is to change of the current version's metadata: keys that are named here get their values, or go where that is \`null\` or nothing (\`""\`); all others stay. What comes of it is held to the rule of uploads: ${METADATA_LIMITS}.`,
});

/** What is attached to a version. */
export const kept = z
  .record(z.string(), z.string())
  .meta({ description: "What the uploader attached, as it was sent or changed since." });
