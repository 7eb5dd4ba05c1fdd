import { due, keys } from "#aws/keys.ts";
import { ConditionFailed } from "#aws/table.ts";
import type { Call } from "./call.ts";
import { cleanUpload } from "./clean-upload.ts";
import type { Deps } from "./deps.ts";
import { requireOpen } from "./require-open.ts";
import { findUpload, type UploadRecord } from "./upload-record.ts";

/** Gives an upload up and removes its bytes. Idempotent. @throws WharfError upload_closed where it is a file already. */
export async function abortUpload(
  deps: Pick<Deps, "table" | "objects" | "now">,
  call: Call,
  uploadId: string,
): Promise<void> {
  const upload = await findUpload(deps, call.caller, uploadId);
  // Its file is there: deleting that is another thing, with its own rules.
  if (upload.state === "completed") requireOpen(upload, deps.now());
  const over = upload.state === "rejected" || upload.state === "expired";
  // Where the session has ended beside this call, the second look tells how.
  if (!over && !(await endUpload(deps, upload, "aborted"))) return abortUpload(deps, call, uploadId);
  await cleanUpload(deps, upload);
}

/**
 * Ends a session without a file, and makes it due for the sweep to remove the bytes where this function doesn't live
 * to do it. False where it has ended otherwise, or has not expired.
 */
export async function endUpload(
  deps: Pick<Deps, "table" | "now">,
  { upload_id }: UploadRecord,
  state: "aborted" | "expired",
): Promise<boolean> {
  const now = deps.now();
  const aborted = {
    condition: "#state IN (:open, :finalizing, :state)",
    values: { finalizing: "finalizing" },
  };
  const expired = { condition: "#state = :open AND #expires_ms <= :now", values: { now } };
  const { condition, values } = state === "aborted" ? aborted : expired;
  try {
    await deps.table.update({
      key: keys.upload(upload_id),
      update: "SET #state = :state, #due_pk = :due_pk, #due_sk = :due_sk REMOVE #intent",
      condition,
      values: { open: "open", state, ...values, ...due("upload", now, upload_id) },
    });
    return true;
  } catch (error) {
    if (error instanceof ConditionFailed) return false;
    throw error;
  }
}
