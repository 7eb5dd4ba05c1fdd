/** What is declared of content: its type and checksums. */
import * as z from "zod";

const LENGTHS = { crc32: 4, crc32c: 4, sha256: 32 };

/** A checksum as hex or base64; lower-case hex inside and in every answer. */
export function digest(name: keyof typeof LENGTHS) {
  const bytes = LENGTHS[name];
  const padding = "=".repeat((3 - (bytes % 3)) % 3);
  const base64 = `[A-Za-z0-9+/]{${Math.ceil((bytes * 8) / 6)}}(?:${padding})?`;
  const pattern = `^(?:[0-9a-fA-F]{${bytes * 2}}|${base64})$`;
  return z
    .string()
    .regex(new RegExp(pattern), { message: `must be ${bytes} bytes as hex or base64` })
    .transform((value) => (isHex(value, bytes) ? value.toLowerCase() : hexOf(value)))
    .meta({ description: `${bytes} bytes as hex or base64.` });
}

/** Base64 of four bytes has eight characters too, with its padding. */
const isHex = (value: string, bytes: number) => value.length === bytes * 2 && !value.endsWith("=");

/** Base64 as hex. */
function hexOf(base64: string): string {
  return [...atob(base64)].map((char) => char.charCodeAt(0).toString(16).padStart(2, "0")).join("");
}

/** One checksum of the whole file. */
export const checksum = z
  .strictObject({
    crc32: digest("crc32").optional(),
    crc32c: digest("crc32c").optional(),
    sha256: digest("sha256").optional(),
  })
  .refine((given) => Object.values(given).filter((value) => value !== undefined).length === 1, {
    message: "needs exactly one of crc32, crc32c, sha256",
  })
  .meta({
    id: "Checksum",
    minProperties: 1,
    maxProperties: 1,
    description:
      "One checksum of the whole file; where the bytes have another, the file never appears (422).",
  });

export type Checksum = z.infer<typeof checksum>;

/** RFC 9110, 8.3.1, without parameters that hold quoted strings. */
export const mediaType = z
  .string()
  .max(255)
  .regex(/^[A-Za-z0-9][\w!#$&^.+-]*\/[A-Za-z0-9][\w!#$&^.+-]*(; ?[\w-]+=[\w.+-]+)*$/, {
    message: "must be a media type such as application/pdf",
  })
  .meta({ description: "A media type such as `application/pdf`." });
