import type { Deps } from "#core/kernel/deps.ts";
import type { Intent, UploadRecord } from "./records.ts";
import { withdrawIntent } from "./withdraw-intent.ts";

/**
 * Reopens a session whose finalize was refused after S3 was asked for the object. Where the object is there, the
 * session says so; where it isn't, S3 may still be making it.
 */
export async function reopenUpload(
  deps: Pick<Deps, "table" | "objects">,
  upload: UploadRecord,
  intent: Intent,
): Promise<void> {
  const there = upload.assembled ?? (await wholeOf(deps, upload));
  await withdrawIntent(deps, upload, intent, { assembled: there, settled: there !== undefined });
}

/**
 * Only what was seen is recorded: S3's own word of having made it may be lost, or wrong. An empty object is no whole:
 * parts may come still.
 */
async function wholeOf({ objects }: Pick<Deps, "objects">, { object_key, part_count }: UploadRecord) {
  const facts = await objects.head(object_key);
  return facts && facts.size > 0 ? { parts: part_count ?? 1, size: facts.size } : undefined;
}
