import { due } from "#aws/keys.ts";
import type { TableDeps } from "#core/kernel/deps.ts";
import { assembledBy } from "#core/uploads/assembly.ts";
import type { Intent, UploadRecord } from "#core/uploads/records.ts";
import { whileHeld } from "#core/uploads/while-held.ts";

/**
 * Ends a session of which S3 holds nothing any more, as its client has been told. What S3 should make of it all the
 * same is removed, so that what was told stays true. Another call's intent stays.
 */
export async function endLost(deps: TableDeps, upload: UploadRecord, intent: Intent): Promise<void> {
  const again = due("upload", Math.max(deps.now(), assembledBy(upload)), upload.upload_id);
  await whileHeld(deps, upload, intent, {
    set: { state: "expired", lost: true, ...again },
    remove: ["intent", "open_pk"],
  });
}
