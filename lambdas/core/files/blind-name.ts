import { randomBytes } from "node:crypto";

/** Of its own, so that no two files that were sent under one name meet: 50 bits. */
const SUFFIX_BYTES = 10;
const MAX_BYTES = 255;
const LETTERS = "abcdefghjkmnpqrstvwxyz0123456789";

/**
 * The name under which a file lies whose sender may not learn what else there is: `q3.pdf` → `q3-k7m2p9x4tb.pdf`. It is
 * taken by nothing, so that the sender is told the same whatever stands there.
 */
export function blindName(asked: string): string {
  const suffix = [...randomBytes(SUFFIX_BYTES)].map((byte) => LETTERS[byte % LETTERS.length]).join("");
  const dot = asked.lastIndexOf(".");
  const cut = dot > 0 && asked.length - dot <= 20 ? dot : asked.length;
  const room = MAX_BYTES - SUFFIX_BYTES - 1 - Buffer.byteLength(asked.slice(cut));
  let stem = [...asked.slice(0, cut)];
  while (Buffer.byteLength(stem.join("")) > room) stem = stem.slice(0, -1);
  return `${stem.join("").trimEnd()}-${suffix}${asked.slice(cut)}`;
}
