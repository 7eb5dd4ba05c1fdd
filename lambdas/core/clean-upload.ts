import { keys } from "#aws/keys.ts";
import { ConditionFailed } from "#aws/table.ts";
import type { Deps } from "./deps.ts";
import type { UploadRecord } from "./upload-record.ts";

/**
 * Removes what an aborted, expired or rejected upload left in S3, then takes it out of the sweep's sight. Idempotent; the
 * caller has ended the session already, so that nothing can become a file while its bytes go.
 */
export async function cleanUpload(
  deps: Pick<Deps, "table" | "objects">,
  { upload_id, object_key, s3_upload_id }: UploadRecord,
): Promise<void> {
  // An object can only come from an upload that was not aborted, so this order leaves none.
  if (s3_upload_id !== undefined) await deps.objects.abort(object_key, s3_upload_id);
  await deps.objects.remove(object_key);
  try {
    await deps.table.update({
      key: keys.upload(upload_id),
      update: "REMOVE #due_pk, #due_sk",
      condition: "#state IN (:aborted, :expired, :rejected)",
      values: { aborted: "aborted", expired: "expired", rejected: "rejected" },
    });
  } catch (error) {
    if (!(error instanceof ConditionFailed)) throw error;
  }
}
