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
  // Where the session has ended beside this call, the second look tells how.
  if (upload.state !== "rejected" && !(await endUpload(deps, upload)))
    return abortUpload(deps, call, uploadId);
  await cleanUpload(deps, upload);
}

/**
 * Turns a session to `aborted`; false where it has become a file.
 *
 * @param condition further, joined by AND.
 */
export async function endUpload(
  { table, now }: Pick<Deps, "table" | "now">,
  { upload_id }: UploadRecord,
  { condition, values = {} }: { condition?: string; values?: Record<string, unknown> } = {},
): Promise<boolean> {
  try {
    await table.update({
      key: keys.upload(upload_id),
      // Due at once, for the sweep to remove the bytes where this function doesn't live to do it.
      update: "SET #state = :aborted, #due_pk = :due_pk, #due_sk = :due_sk REMOVE #intent",
      condition: `#state IN (:open, :finalizing, :aborted)${condition === undefined ? "" : ` AND ${condition}`}`,
      values: {
        open: "open",
        finalizing: "finalizing",
        aborted: "aborted",
        ...due("upload", now(), upload_id),
        ...values,
      },
    });
    return true;
  } catch (error) {
    if (error instanceof ConditionFailed) return false;
    throw error;
  }
}
