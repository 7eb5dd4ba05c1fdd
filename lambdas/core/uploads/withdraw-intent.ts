import { due } from "#aws/keys.ts";
import type { Deps } from "#core/kernel/deps.ts";
import type { Intent, UploadRecord } from "./records.ts";
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
  await whileHeld(deps, upload, intent, {
    set: { state: "open", ...due("upload", upload.expires_ms, upload.upload_id), assembled },
    remove: ["intent", ...(settled ? ["assembling"] : [])],
  });
}
