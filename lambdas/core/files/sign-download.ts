import type { SignedUrl } from "#aws/signer.ts";
import type { Deps } from "#core/kernel/deps.ts";
import type { FileRecord } from "./records.ts";

export interface SignOptions {
  /** The only one that the URL works for. */
  method: "GET" | "HEAD";
  seconds: number;
  /** Headers that it works with alone, by lower-case name. @default none */
  headers?: Readonly<Record<string, string>>;
}

/**
 * A presigned URL of a file's bytes, which S3 serves as an attachment under the file's name.
 *
 * @param seconds that it works; the answer says until when, which is sooner where the credentials end before.
 */
export function signDownload(
  { objects }: Pick<Deps, "objects">,
  file: FileRecord,
  { method, seconds, headers = {} }: SignOptions,
): Promise<SignedUrl> {
  return objects.signGet(file.object_key, {
    method,
    headers,
    filename: file.name,
    contentType: file.content_type,
    expiresIn: seconds,
  });
}
