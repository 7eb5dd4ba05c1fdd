import { due, keys } from "#aws/keys.ts";
import { ConditionFailed } from "#aws/table.ts";
import type { Deps } from "./deps.ts";
import type { Intent, UploadRecord } from "./upload-record.ts";

/**
 * Reopens a session whose finalize was refused, so that nobody carries out later what its caller was told would not
 * happen. Another call's intent stays.
 *
 * `assembled` is what S3 holds as a whole by now. `settled` says that no call of S3's for this session is under way.
 */
export async function withdrawIntent(
  { table }: Pick<Deps, "table">,
  { upload_id, expires_ms }: UploadRecord,
  { attempt }: Intent,
  { assembled, settled }: { assembled?: UploadRecord["assembled"]; settled: boolean },
): Promise<void> {
  const { due_pk, due_sk } = due("upload", expires_ms, upload_id);
  try {
    await table.update({
      key: keys.upload(upload_id),
      update: `SET #state = :open, #due_pk = :due_pk, #due_sk = :due_sk${assembled === undefined ? "" : ", #assembled = :assembled"} REMOVE #intent${settled ? ", #assembling" : ""}`,
      condition: "#state = :finalizing AND #intent.#attempt = :attempt",
      values: { open: "open", finalizing: "finalizing", due_pk, due_sk, attempt, assembled },
    });
  } catch (error) {
    if (!(error instanceof ConditionFailed)) throw error;
  }
}
