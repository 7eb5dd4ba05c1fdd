import { due, keys } from "#aws/keys.ts";
import { happened } from "#aws/table.ts";
import type { Deps } from "#core/kernel/deps.ts";
import { assembledBy } from "./assembly.ts";
import { postedKey } from "./object-key.ts";
import type { UploadRecord } from "./records.ts";

/**
 * Removes what an aborted, expired or rejected upload left in S3, then takes it out of the sweep's sight. Idempotent; the
 * caller has ended the session already, so that nothing can become a file while its bytes go.
 *
 * Where S3 may be making the object still, the sweep comes again when it has.
 */
export async function cleanUpload(
  deps: Pick<Deps, "table" | "objects" | "now">,
  upload: UploadRecord,
): Promise<void> {
  const { upload_id, object_key, s3_upload_id } = upload;
  // An object can only come from an upload that was not aborted, so this order leaves none.
  if (s3_upload_id !== undefined) await deps.objects.abort(object_key, s3_upload_id);
  await deps.objects.remove(object_key);
  if (upload.form) await deps.objects.remove(postedKey(upload));
  // What was rejected had been seen: S3 makes nothing of it any more.
  const again = upload.state === "rejected" ? 0 : assembledBy(upload);
  const later = again > deps.now();
  await happened(
    deps.table.update({
      key: keys.upload(upload_id),
      update: later ? { set: due("upload", again, upload_id) } : { remove: ["due_pk", "due_sk"] },
      condition: "#state IN (:aborted, :expired, :rejected)",
      values: { aborted: "aborted", expired: "expired", rejected: "rejected" },
    }),
  );
}
