/**
 * Whether a `Range` asks for a part that begins past the file's first byte, as a download that goes on does.
 *
 * RFC 9110, 14.2: what isn't understood is ignored, and the answer is the whole file. S3 takes one range alone
 * (GetObject), so several are the whole too.
 *
 * @param size bytes of the file, from whose end `bytes=-500` counts.
 */
export function beginsLater(range: string | undefined, size: number): boolean {
  const parsed = /^bytes=(\d{0,15})-(\d{0,15})$/i.exec(range?.trim() ?? "");
  if (parsed === null) return false;
  const [, first = "", last = ""] = parsed;
  if (first === "") return last !== "" && Number(last) > 0 && Number(last) < size;
  return Number(first) > 0 && (last === "" || Number(first) <= Number(last));
}
