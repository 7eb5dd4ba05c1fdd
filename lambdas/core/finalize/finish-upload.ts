import { due, keys } from "#aws/keys.ts";
import { note } from "#aws/log.ts";
import { ownedNow } from "#core/access/standing.ts";
import type { Deps } from "#core/kernel/deps.ts";
import { isWharfError } from "#core/kernel/error.ts";
import { assembledBy, attemptedAt } from "#core/uploads/assembly.ts";
import { cleanUpload } from "#core/uploads/clean-upload.ts";
import { type Intent, type UploadRecord, uploadRecord } from "#core/uploads/records.ts";
import { reopenUpload } from "#core/uploads/reopen-upload.ts";
import { whileHeld } from "#core/uploads/while-held.ts";
import { listParts } from "./assemble-upload.ts";
import { completeUpload } from "./complete-upload.ts";
import { endLost } from "./end-lost.ts";

/**
 * Finishes what a finalize has begun and perhaps did not live to end; the object of an upload that was given up goes.
 *
 * Idempotent, and safe beside the finalize itself: whoever commits first wins. Without an intent nothing happens, since
 * only its client may say that an upload is whole. What fails in passing is thrown, to be tried again.
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
  const begun = sinceIntent(upload, intent);
  const owned = await ownedNow(deps, upload.workspace_id);
  if (owned !== undefined && owned.epoch !== (intent.epoch ?? 0)) {
    // It has another owner than when its client finalized: what is begun by whoever had it then ends.
    await reopenUpload(deps, begun, intent);
    return "refused";
  }
  try {
    await completeUpload(deps, {
      ...{ upload: begun, intent, policy: owned?.policy },
      ...{ from: "ours", record: unrecorded },
    });
    return "completed";
  } catch (error) {
    // Others were at the same name or file: the next try may find it otherwise.
    if (!isWharfError(error) || error.code === "conflict") throw error;
    note({ refused: error.code });
    if (error.code === "finalizing") {
      await postpone(deps, begun, intent);
      return "left";
    }
    // A refusal: trying again would give the same. The client may still finalize in another way, and does where S3 was
    // never asked and has the parts.
    const isLost = error.code === "upload_expired" && (await listParts(deps, begun)) === undefined;
    if (isLost) await endLost(deps, begun, intent);
    else await reopenUpload(deps, begun, intent);
    return "refused";
  }
}

/** Nobody waits for the answer: who sends the request again finds the session ended. */
const unrecorded = () => [];

/** Where earlier calls had S3 begin long ago, the latest may be about to: it isn't judged before its own time is over. */
function sinceIntent(upload: UploadRecord, { attempt }: Intent): UploadRecord {
  const since_ms = Math.max(attemptedAt(attempt), upload.assembling?.since_ms ?? 0);
  return { ...upload, assembling: { attempt, since_ms } };
}

/** S3 may be making the object still: the sweep looks again when it has, or never will. Its event may come before. */
async function postpone(deps: Deps, upload: UploadRecord, intent: Intent): Promise<void> {
  await whileHeld(deps, upload, intent, { set: due("upload", assembledBy(upload), upload.upload_id) });
}
