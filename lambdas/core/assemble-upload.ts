/** What finalize has S3 do: put the parts together, which may take longer than anybody waits. */
import { keys, sha256 } from "#aws/keys.ts";
import type { Part } from "#aws/objects.ts";
import { ConditionFailed } from "#aws/table.ts";
import type { Deps } from "./deps.ts";
import { WharfError } from "./error.ts";
import { stillFinalizing } from "./require-open.ts";
import type { Intent, UploadRecord } from "./upload-record.ts";

/** What an earlier call began longer ago than this no longer says since when S3 is at work. */
const RECENT_MS = 60_000;

/** S3's list; `undefined` where S3 puts the parts together, has done so, or has forgotten them: the object tells. */
export async function listParts(
  deps: Pick<Deps, "objects">,
  { object_key, s3_upload_id, part_count }: UploadRecord,
): Promise<Part[] | undefined> {
  return s3_upload_id === undefined
    ? undefined
    : deps.objects.listParts(object_key, s3_upload_id, part_count);
}

/** The session with this call's own beginning; written anew only where the record has one that is long over. */
export async function beginAssembly(
  deps: Pick<Deps, "table" | "now">,
  upload: UploadRecord,
  { attempt }: Intent,
): Promise<UploadRecord> {
  const assembling = { attempt, since_ms: deps.now() };
  const earlier = upload.assembling?.since_ms ?? assembling.since_ms;
  if (earlier + RECENT_MS < assembling.since_ms) {
    try {
      await deps.table.update({
        key: keys.upload(upload.upload_id),
        update: "SET #assembling = :assembling",
        condition: "#state = :finalizing AND #intent.#attempt = :attempt",
        values: { finalizing: "finalizing", assembling, attempt },
      });
    } catch (error) {
      // Another call has taken over, or ended it: this one finds out at its commit.
      if (!(error instanceof ConditionFailed)) throw error;
    }
  }
  return { ...upload, assembling };
}

/**
 * Has S3 make the object, for `patience` ms at most. Repeating is safe, whatever became of the first try; only the
 * object itself says that it was made.
 *
 * @throws WharfError finalizing where S3 didn't say in time, parts_missing where parts were replaced meanwhile.
 */
export async function assemble(
  deps: Pick<Deps, "objects">,
  { object_key, s3_upload_id = "" }: UploadRecord,
  { parts, size, patience }: { parts: readonly Part[]; size: number; patience: number },
): Promise<void> {
  if (parts.length === 0) {
    // S3: a multipart upload has one part at least, so an empty file is put as a whole.
    await deps.objects.put(object_key, new Uint8Array(), { sha256: sha256("") });
    return;
  }
  const result = await deps.objects.complete(object_key, s3_upload_id, {
    ...{ parts, size },
    patience: Math.max(patience, MIN_PATIENCE_MS),
  });
  if (result === "unknown") throw stillFinalizing();
  if (result === "changed") {
    throw new WharfError(
      "parts_missing",
      "Parts were replaced while they were put together. Finalize again.",
      {
        retry_after_seconds: 1,
      },
    );
  }
}

/** However long the list took, S3 gets this much time (ms): a call that is given up at once begins nothing. */
const MIN_PATIENCE_MS = 2_000;
