/**
 * User metadata beyond ASCII: kept as text, answered as RFC 2047 writes it.
 * Sources: Amazon S3 User Guide, "Working with object metadata"; localstack/localstack, its S3 headers validated on AWS
 * (quoted-printable, base64 where something can't be printed).
 */

/** What a header's bytes say; node gives each byte as one character. */
export function textOfHeader(value: string): string {
  if (/[^\0-\xff]/.test(value)) return value; // from a query, which is text already
  try {
    return new TextDecoder("utf-8", { fatal: true }).decode(Buffer.from(value, "latin1"));
  } catch {
    return value;
  }
}

/** Reads the encoded words of a value. */
export function decodeWords(value: string): string {
  return value
    .replace(/\?=\s+(?==\?)/g, "?=") // RFC 2047 §6.2: space between two encoded words is none
    .replace(/=\?utf-8\?([bq])\?([^?]*)\?=/gi, (_word, kind: string, text: string) =>
      kind.toLowerCase() === "b"
        ? Buffer.from(text, "base64").toString()
        : Buffer.from(unquote(text), "latin1").toString(),
    );
}

function unquote(text: string): string {
  return text
    .replaceAll("_", " ")
    .replace(/=([0-9a-f]{2})/gi, (_all, hex: string) => String.fromCharCode(Number.parseInt(hex, 16)));
}

/** ASCII as it is; anything else as one encoded word. */
export function encodeWords(value: string): string {
  if (/^[\x20-\x7e\t]*$/.test(value)) return value;
  const bytes = Buffer.from(value);
  if (/[^\P{C}\t]/u.test(value)) return `=?UTF-8?B?${bytes.toString("base64")}?=`;
  const quoted = bytes
    .toString("latin1")
    .replace(
      /[^\t\x20-\x7e]|[=?_]/g,
      (byte) => `=${byte.charCodeAt(0).toString(16).toUpperCase().padStart(2, "0")}`,
    )
    .replaceAll(" ", "_");
  return `=?UTF-8?Q?${quoted}?=`;
}
