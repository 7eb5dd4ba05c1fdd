import { due, keys } from "#aws/keys.ts";
import { ConditionFailed } from "#aws/table.ts";
import type { Call } from "#core/kernel/call.ts";
import type { Deps, TableDeps } from "#core/kernel/deps.ts";
import { cleanUpload } from "./clean-upload.ts";
import { findUpload } from "./find-upload.ts";
import { type UploadRecord, uploadRecord } from "./records.ts";
import { requireOpen } from "./require-open.ts";

/** Gives an upload up and removes its bytes. Idempotent. @throws WharfError upload_closed where it is a file already. */
export async function abortUpload(
  deps: Pick<Deps, "table" | "objects" | "now">,
  call: Call,
  uploadId: string,
): Promise<void> {
  const upload = await findUpload(deps, uploadId, call.ahead);
  // Its file is there: deleting that is another thing, with its own rules.
  if (upload.state === "completed") requireOpen(upload, deps.now());
  const over = upload.state === "rejected" || upload.state === "expired";
  const ended = over ? upload : await endUpload(deps, upload, "aborted");
  // Where the session has ended beside this call, the second look tells how.
  if (ended === undefined) return abortUpload(deps, { ...call, ahead: [] }, uploadId);
  await cleanUpload(deps, ended);
}

/**
 * Ends a session without a file, and makes it due for the sweep to remove the bytes where this function doesn't live
 * to do it. Returns it as it ended: S3 may have been asked for the object since it was read. `undefined` where it has
 * ended otherwise, or has not expired.
 */
export async function endUpload(
  deps: TableDeps,
  { upload_id }: UploadRecord,
  state: "aborted" | "expired",
): Promise<UploadRecord | undefined> {
  const now = deps.now();
  const aborted = {
    condition: "#state IN (:open, :finalizing, :state)",
    values: { finalizing: "finalizing" },
  };
  const expired = { condition: "#state = :open AND #expires_ms <= :now", values: { now } };
  const { condition, values } = state === "aborted" ? aborted : expired;
  try {
    const ended = await deps.table.update({
      key: keys.upload(upload_id),
      update: { set: { state, ...due("upload", now, upload_id) }, remove: ["intent", "open_pk"] },
      condition,
      values: { open: "open", ...values },
    });
    return uploadRecord.parse(ended);
  } catch (error) {
    if (error instanceof ConditionFailed) return undefined;
    throw error;
  }
}
