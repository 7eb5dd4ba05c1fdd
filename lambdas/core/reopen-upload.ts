import type { Deps } from "./deps.ts";
import type { WharfError } from "./error.ts";
import type { Intent, UploadRecord } from "./upload-record.ts";
import { withdrawIntent } from "./withdraw-intent.ts";

/**
 * Reopens a session whose finalize was refused after S3 was asked for the object. Where the object is there, the
 * session says so; where it isn't, S3 may still be making it, unless the refusal says that it never will.
 */
export async function reopenUpload(
  deps: Pick<Deps, "table" | "objects">,
  upload: UploadRecord,
  intent: Intent,
  { code }: WharfError,
): Promise<void> {
  const there = upload.assembled ?? (await wholeOf(deps, upload));
  const settled = there !== undefined || code === "upload_expired";
  await withdrawIntent(deps, upload, intent, { assembled: there, settled });
}

/** Only what was seen is recorded: S3's own word of having made it may be lost, or wrong. */
async function wholeOf({ objects }: Pick<Deps, "objects">, { object_key, part_count }: UploadRecord) {
  const facts = await objects.head(object_key);
  return facts && { parts: part_count ?? 1, size: facts.size };
}
