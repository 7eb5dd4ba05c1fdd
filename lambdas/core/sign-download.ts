import type { Deps } from "./deps.ts";
import type { FileRecord } from "./records.ts";

/** A presigned URL of a file's bytes, which S3 serves as an attachment under the file's name. */
export function signDownload(
  { objects }: Pick<Deps, "objects">,
  file: FileRecord,
  { method, seconds }: { method: "GET" | "HEAD"; seconds: number },
): Promise<string> {
  return objects.signGet(file.object_key, {
    method,
    filename: file.name,
    contentType: file.content_type,
    expiresIn: seconds,
  });
}
