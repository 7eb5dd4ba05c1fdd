import type { Deps } from "./deps.ts";
import type { FileRecord } from "./records.ts";

export interface SignOptions {
  /** The only one that the URL works for. */
  method: "GET" | "HEAD";
  seconds: number;
}

/**
 * A presigned URL of a file's bytes, which S3 serves as an attachment under the file's name.
 *
 * @param seconds that it works; `expiresAt` (ms) says until when, which is sooner where the credentials end before.
 */
export function signDownload(
  { objects }: Pick<Deps, "objects">,
  file: FileRecord,
  { method, seconds }: SignOptions,
): Promise<{ url: string; expiresAt: number }> {
  return objects.signGet(file.object_key, {
    method,
    filename: file.name,
    contentType: file.content_type,
    expiresIn: seconds,
  });
}
