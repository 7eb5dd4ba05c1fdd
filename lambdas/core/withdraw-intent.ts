import { due } from "#aws/keys.ts";
import type { Deps } from "./deps.ts";
import type { Intent, UploadRecord } from "./upload-record.ts";
import { whileHeld } from "./while-held.ts";

/**
 * Reopens a session whose finalize was refused, so that nobody carries out later what its caller was told would not
 * happen. Another call's intent stays.
 *
 * `assembled` is what S3 holds as a whole by now. `settled` says that no call of S3's for this session is under way.
 */
export async function withdrawIntent(
  deps: Pick<Deps, "table">,
  upload: UploadRecord,
  intent: Intent,
  { assembled, settled }: { assembled?: UploadRecord["assembled"]; settled: boolean },
): Promise<void> {
  const { due_pk, due_sk } = due("upload", upload.expires_ms, upload.upload_id);
  await whileHeld(deps, upload, intent, {
    update: `SET #state = :open, #due_pk = :due_pk, #due_sk = :due_sk${assembled === undefined ? "" : ", #assembled = :assembled"} REMOVE #intent${settled ? ", #assembling" : ""}`,
    values: { open: "open", due_pk, due_sk, assembled },
  });
}
