/**
 * `Content-Disposition` that saves a download as `filename` in every browser and renders nothing.
 *
 * RFC 6266: a plain ASCII `filename` for old agents, and `filename*` (RFC 8187) that says it exactly. Whatever the
 * name holds, neither leaves its place: the first has no quotes, backslashes or controls, the second is
 * percent-encoded.
 */
export function attachment(filename: string): string {
  const name = filename.toWellFormed();
  // `%` too: some agents decode it in the plain form.
  const ascii = name.replaceAll(/[^\x20-\x7e]|["\\%]/gu, "_");
  return `attachment; filename="${ascii}"; filename*=UTF-8''${extended(name)}`;
}

/** RFC 8187's attr-char is narrower than what `encodeURIComponent` leaves. */
function extended(text: string): string {
  return encodeURIComponent(text).replaceAll(
    /['()*]/g,
    (char) => `%${char.charCodeAt(0).toString(16).toUpperCase()}`,
  );
}

/** Types that a browser would run or style; they travel as plain bytes. */
const ACTIVE = /html|xml|svg|script|css|multipart/i;

/** The type under which a download is served: the stored one where it is harmless, else plain bytes. */
export function downloadType(stored: string): string {
  const harmless = /^[a-z0-9][\w.+-]*\/[a-z0-9][\w.+-]*$/i.test(stored) && !ACTIVE.test(stored);
  return harmless ? stored : "application/octet-stream";
}
