import { WharfError } from "#core/kernel/error.ts";
import { iso } from "#core/kernel/time.ts";
import type { UploadRecord } from "./records.ts";

/** Refuses where no more bytes can come. @throws WharfError upload_closed, upload_expired, finalizing. */
export function requireOpen(upload: UploadRecord, now: number): void {
  const { state, upload_id } = upload;
  if (state === "completed") {
    throw new WharfError(
      "upload_closed",
      `${upload_id} is completed. Start a new upload for a new version.`,
      {
        state,
        file_id: upload.outcome?.file_id,
        version_id: upload.outcome?.version_id,
      },
    );
  }
  if (state === "rejected" || state === "aborted") throw closedFor(upload);
  if (state === "expired" || upload.expires_ms <= now) throw uploadExpired(upload);
  if (upload.assembled !== undefined) {
    throw new WharfError(
      "upload_closed",
      `All parts of ${upload_id} are put together already. Finalize it again.`,
      {
        state,
      },
    );
  }
  // Another finalize may have S3 put the parts together, which takes no more of them: asking again tells.
  if (state === "finalizing") throw stillFinalizing();
}

/** Refuses parts where the bytes come by a form. @throws WharfError invalid_request */
export function requireNoForm({ upload_id, form }: UploadRecord): void {
  if (form === undefined) return;
  throw new WharfError(
    "invalid_request",
    `${upload_id} takes one POST of its form, and no parts: send the file with the url and fields that its start answered, or start an upload without form.`,
  );
}

/** What a client is told whose upload S3 may be putting together still; the intent stays. */
export function stillFinalizing(): WharfError {
  return new WharfError(
    "finalizing",
    "S3 is putting the parts together, which takes minutes where they are many or S3 is busy. Nothing is lost: send the same finalize again.",
    { retry_after_seconds: 5 },
  );
}

/** What is told of a session that has ended without a file. */
export function closedFor({ upload_id, state }: UploadRecord): WharfError {
  return new WharfError("upload_closed", `${upload_id} was ${state}. Start a new upload.`, { state });
}

/** What is told of a session that is over: by its time, or since S3 has lost its parts. */
export function uploadExpired({ upload_id, expires_ms, lost }: UploadRecord): WharfError {
  if (lost) return uploadLost(upload_id);
  return new WharfError("upload_expired", `${upload_id} expired at ${iso(expires_ms)}. Start a new upload.`, {
    expires_at: iso(expires_ms),
  });
}

/** S3 has forgotten the upload, and made nothing of it: an administrator or a lifecycle rule has aborted it. */
export function uploadLost(uploadId: string): WharfError {
  return new WharfError(
    "upload_expired",
    `S3 holds nothing of ${uploadId} any more. Start a new upload and send the file again.`,
  );
}
