import type { Item } from "#aws/table.ts";
import type { FinalizeAnswer } from "#contract/uploads.ts";
import type { Deps } from "./deps.ts";
import { WharfError } from "./error.ts";
import { closedFor, uploadExpired } from "./require-open.ts";
import { shareUrl } from "./share.ts";
import { type Outcome, type Rejection, type UploadRecord, uploadRecord } from "./upload-record.ts";

/**
 * How a session ended, as its client is told each time: the answer, or the refusal thrown; `undefined` while it hasn't.
 *
 * @throws WharfError type_mismatch, checksum_mismatch, upload_closed.
 */
export async function endOf(deps: Deps, item: Item | undefined): Promise<FinalizeAnswer | undefined> {
  const parsed = uploadRecord.safeParse(item);
  if (!parsed.success)
    throw new WharfError("upload_closed", "The upload session is gone. Start a new upload.");
  const upload = parsed.data;
  if (upload.outcome !== undefined) return answerOf(deps, upload, upload.outcome);
  if (upload.rejection !== undefined) throw rejected(upload.rejection);
  if (upload.state === "aborted") throw closedFor(upload);
  if (upload.state === "expired") throw uploadExpired(upload);
  return undefined;
}

/** The answer of a finalized upload; the link is the same each time, since it derives from the share's id. */
export async function answerOf(deps: Deps, upload: UploadRecord, outcome: Outcome): Promise<FinalizeAnswer> {
  const { share_id } = outcome;
  return {
    upload_id: upload.upload_id,
    status: "ready",
    workspace_id: upload.workspace_id,
    ...outcome,
    share_url: share_id === null ? null : await shareUrl(deps, share_id),
  };
}

/** The refusal of an upload whose content was not what it should be. */
export function rejected({ code, detail, facts }: Rejection): WharfError {
  return new WharfError(code, detail, facts);
}
