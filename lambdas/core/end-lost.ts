import { due, keys } from "#aws/keys.ts";
import { ConditionFailed } from "#aws/table.ts";
import type { Deps } from "./deps.ts";
import { assembledBy, type Intent, type UploadRecord } from "./upload-record.ts";

/**
 * Ends a session of which S3 holds nothing any more, as its client has been told. What S3 should make of it all the
 * same is removed, so that what was told stays true. Another call's intent stays.
 */
export async function endLost(
  { table, now }: Pick<Deps, "table" | "now">,
  upload: UploadRecord,
  { attempt }: Intent,
): Promise<void> {
  const { due_pk, due_sk } = due("upload", Math.max(now(), assembledBy(upload)), upload.upload_id);
  try {
    await table.update({
      key: keys.upload(upload.upload_id),
      update: "SET #state = :expired, #lost = :lost, #due_pk = :due_pk, #due_sk = :due_sk REMOVE #intent",
      condition: "#state = :finalizing AND #intent.#attempt = :attempt",
      values: { expired: "expired", lost: true, finalizing: "finalizing", due_pk, due_sk, attempt },
    });
  } catch (error) {
    if (!(error instanceof ConditionFailed)) throw error;
  }
}
