/** What finalize has S3 do: put the parts together, which may take longer than anybody waits. */
import { keys } from "#aws/keys.ts";
import type { Part } from "#aws/objects.ts";
import type { Deps, TableDeps } from "#core/kernel/deps.ts";
import { WharfError } from "#core/kernel/error.ts";
import { type Intent, multipartOf, type UploadRecord, uploadRecord } from "#core/uploads/records.ts";
import { stillFinalizing } from "#core/uploads/require-open.ts";
import { whileHeld } from "#core/uploads/while-held.ts";

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
  deps: TableDeps,
  upload: UploadRecord,
  intent: Intent,
): Promise<UploadRecord> {
  const assembling = { attempt: intent.attempt, since_ms: deps.now() };
  const earlier = upload.assembling?.since_ms ?? assembling.since_ms;
  if (earlier + RECENT_MS < assembling.since_ms) {
    // Where another call has taken over, or ended it, this one finds out at its commit.
    await whileHeld(deps, upload, intent, { set: { assembling } });
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
  deps: Pick<Deps, "objects" | "table">,
  upload: UploadRecord,
  intent: Intent,
  { parts, size, patience }: { parts: readonly Part[]; size: number; patience: number },
): Promise<void> {
  const { object_key } = upload;
  const s3_upload_id = multipartOf(upload);
  const whole = { parts, size, patience: Math.max(patience, MIN_PATIENCE_MS) };
  let result = await deps.objects.complete(object_key, s3_upload_id, whole);
  if (result === "taken") {
    const instead = await emptyInTheWay(deps, upload, intent);
    // What else stands there is what another call has made of the parts: whoever looks at it next compares its size.
    if (instead !== undefined)
      result = await deps.objects.complete(object_key, s3_upload_id, { ...whole, instead });
  }
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

/**
 * The ETag of the empty object that a finalize has put which found no parts yet; `undefined` where there is none.
 *
 * It is nobody's file and will be nobody's: that call may commit it only while its intent is the session's, and who
 * takes over from this call finds the parts that this one has found.
 *
 * @throws WharfError finalizing where another has taken over.
 */
async function emptyInTheWay(
  { objects, table }: Pick<Deps, "objects" | "table">,
  { upload_id, object_key }: UploadRecord,
  { attempt }: Intent,
): Promise<string | undefined> {
  const facts = await objects.head(object_key);
  const now = await table.get(uploadRecord, keys.upload(upload_id));
  if (now?.intent?.attempt !== attempt) throw stillFinalizing();
  return facts?.size === 0 ? facts.etag : undefined;
}

/** However long the list took, S3 gets this much time (ms): a call that is given up at once begins nothing. */
const MIN_PATIENCE_MS = 2_000;
