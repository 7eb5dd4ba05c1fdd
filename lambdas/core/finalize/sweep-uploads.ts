import { due, keys } from "#aws/keys.ts";
import { describe, say } from "#aws/log.ts";
import { happened } from "#aws/table.ts";
import type { Deps, DueDeps } from "#core/kernel/deps.ts";
import { type Chance, eachDue } from "#core/kernel/each-due.ts";
import { endUpload } from "#core/uploads/abort-upload.ts";
import { ASSEMBLY_MS, attemptedAt } from "#core/uploads/assembly.ts";
import { cleanUpload } from "#core/uploads/clean-upload.ts";
import { type UploadRecord, uploadRecord } from "#core/uploads/records.ts";
import { withdrawIntent } from "#core/uploads/withdraw-intent.ts";
import { finishUpload } from "./finish-upload.ts";
import { takePosted } from "./take-posted.ts";

/** A session that couldn't be finished so often, for whatever reason, is its client's again. */
const MAX_TRIES = 3;

/**
 * Ends abandoned sessions with what they hold in S3, takes what a form has brought that S3 didn't tell of, and finishes or reopens those whose finalize never ended.
 *
 * Returns how many sessions have moved on.
 */
export function sweepUploads(deps: Deps & DueDeps): Promise<number> {
  return eachDue(deps, "upload", async (item, chance) => {
    const upload = uploadRecord.parse(item);
    if (upload.state === "open" && upload.form && upload.expires_ms > deps.now()) {
      await takePosted(deps, upload.upload_id);
      return endsThen(deps, upload);
    }
    if (upload.state === "open") {
      const ended = await endUpload(deps, upload, "expired");
      if (ended === undefined) return false;
      await cleanUpload(deps, ended);
      return true;
    }
    if (upload.state === "finalizing") return settle(deps, upload, chance);
    await cleanUpload(deps, upload);
    return true;
  });
}

/** A form's session that is open still has been looked at; it is due at its end. */
function endsThen({ table }: Pick<Deps, "table">, { upload_id, expires_ms }: UploadRecord): Promise<boolean> {
  return happened(
    table.update({
      key: keys.upload(upload_id),
      update: { set: due("upload", expires_ms, upload_id) },
      condition: "#state = :open",
      values: { open: "open" },
    }),
  );
}

/**
 * Finishes a finalize, or opens its session again where that fails: within 20 minutes of the client's latest call, its
 * session has ended or is open, whatever S3 or the content does.
 */
async function settle(deps: Deps, upload: UploadRecord, { failures }: Chance): Promise<boolean> {
  const { intent } = upload;
  // Looking at it once more may end this run as well.
  if (failures >= MAX_TRIES && intent !== undefined) {
    await withdrawIntent(deps, upload, intent, { settled: false });
    say("warn", "a finalize could not be finished; its upload is open again", {
      upload_id: upload.upload_id,
    });
    return true;
  }
  try {
    return (await finishUpload(deps, upload.upload_id)) !== "left";
  } catch (error) {
    if (intent === undefined || attemptedAt(intent.attempt) + ASSEMBLY_MS > deps.now()) throw error;
    await withdrawIntent(deps, upload, intent, { settled: false });
    const facts = { upload_id: upload.upload_id, error: describe(error) };
    say("warn", "a finalize could not be finished in time; its upload is open again", facts);
    return true;
  }
}
