import { WharfError } from "./error.ts";
import type { UploadRecord } from "./upload-record.ts";

export interface ContentRange {
  /** Offset of the first byte. */
  start: number;
  length: number;
  /** Bytes of the whole file, where the client says. */
  total: number | undefined;
}

/**
 * Reads `bytes a-b/total` or `bytes a-b/*` (RFC 9110, 14.4), and compares it with the body and the upload.
 *
 * @throws WharfError invalid_request where it isn't one, or contradicts what is known.
 */
export function parseContentRange(
  header: string,
  { upload, contentLength }: { upload: Pick<UploadRecord, "size">; contentLength?: number | undefined },
): ContentRange {
  const [, first, last, complete] = /^bytes (\d{1,15})-(\d{1,15})\/(\d{1,15}|\*)$/i.exec(header.trim()) ?? [];
  const start = Number(first);
  const length = Number(last) - start + 1;
  const total = complete === "*" ? undefined : Number(complete);
  if (first === undefined || length < 1 || (total !== undefined && start + length > total)) {
    throw refused(`Content-Range is ${JSON.stringify(header)}; it must be like "bytes 0-5242879/20000000".`);
  }
  if (contentLength !== undefined && contentLength !== length)
    throw refused(`Content-Range covers ${length} bytes, but the body has ${contentLength}.`);
  if (upload.size !== undefined && total !== undefined && total !== upload.size)
    throw refused(
      `Content-Range says ${total} bytes in all, but the upload was started with ${upload.size}.`,
    );
  if (upload.size !== undefined && start + length > upload.size)
    throw refused(
      `Content-Range ends at ${start + length}, but the upload was started with ${upload.size} bytes.`,
    );
  return { start, length, total };
}

function refused(detail: string): WharfError {
  return new WharfError("invalid_request", detail);
}
