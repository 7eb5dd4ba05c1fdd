/** The bytes of base64, or `undefined` where it is none: RFC 4648, 4, with its padding and nothing after it. */
export function decodeBase64(text: string): Buffer | undefined {
  // Node skips what isn't base64, and stops at the padding: what it made tells whether there was any such.
  const bytes = Buffer.from(text, "base64");
  return bytes.toString("base64") === text ? bytes : undefined;
}
