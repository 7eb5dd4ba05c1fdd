import { keys } from "#aws/keys.ts";
import { note } from "#aws/log.ts";
import { cleanUpload } from "./clean-upload.ts";
import { completeUpload } from "./complete-upload.ts";
import type { Deps } from "./deps.ts";
import { isWharfError } from "./error.ts";
import { uploadRecord } from "./upload-record.ts";
import { withdrawIntent } from "./withdraw-intent.ts";

/**
 * Finishes what a finalize has begun and perhaps did not live to end; the object of an upload that was given up goes.
 *
 * Idempotent, and safe beside the finalize itself: whoever commits first wins. Without an intent nothing happens, since
 * only its client may say that an upload is whole.
 */
export async function finishUpload(
  deps: Deps,
  uploadId: string,
): Promise<"completed" | "refused" | "removed" | "left"> {
  const upload = await deps.table.get(uploadRecord, keys.upload(uploadId));
  if (upload !== undefined) {
    note({ request_id: upload.intent?.request_id ?? upload.request_id, client: upload.client_id });
  }
  // Without a session nothing says whose the object is; a completed one's is a file.
  if (upload === undefined || upload.state === "completed" || upload.state === "open") return "left";
  if (upload.state !== "finalizing" || upload.intent === undefined) {
    await cleanUpload(deps, upload);
    return "removed";
  }
  const { intent } = upload;
  try {
    await completeUpload(deps, { upload, intent, from: "ours" });
    return "completed";
  } catch (error) {
    // A refusal: trying again would give the same. The client may still finalize in another way.
    if (!isWharfError(error)) throw error;
    note({ refused: error.code });
    const there = await deps.objects.head(upload.object_key);
    await withdrawIntent(deps, upload, intent, there && { parts: upload.part_count ?? 1, size: there.size });
    return "refused";
  }
}
