import type { Deps } from "#core/kernel/deps.ts";
import { uploadOfKey, uploadOfPosted } from "#core/uploads/object-key.ts";
import { finishUpload } from "./finish-upload.ts";
import { takePosted } from "./take-posted.ts";

/**
 * What follows when S3 has made an object: what was posted to a form becomes a file, and a finalize that didn't live to
 * end is finished. `undefined` for a key that is neither's.
 */
export async function objectCreated(
  deps: Deps,
  key: string,
): Promise<Awaited<ReturnType<typeof takePosted>> | undefined> {
  const posted = uploadOfPosted(key);
  if (posted !== undefined) return takePosted(deps, posted);
  const uploadId = uploadOfKey(key);
  return uploadId === undefined ? undefined : finishUpload(deps, uploadId);
}
