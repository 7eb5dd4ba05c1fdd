import type { Item } from "#aws/table.ts";
import type { Deps } from "#core/kernel/deps.ts";
import { WharfError } from "#core/kernel/error.ts";
import { saidClamp } from "#core/links/link-terms.ts";
import { shareUrl } from "#core/links/share.ts";
import {
  type Intent,
  type Outcome,
  type Rejection,
  type UploadRecord,
  uploadRecord,
} from "#core/uploads/records.ts";
import { closedFor, uploadExpired } from "#core/uploads/require-open.ts";
import type { FinalizeAnswer } from "./contract.ts";
import { type AskedTerms, requireSameTerms } from "./same-terms.ts";

/**
 * How a session ended, as its client is told each time: the answer, or the refusal thrown; `undefined` while it hasn't.
 *
 * @throws WharfError type_mismatch, checksum_mismatch, upload_closed; terms_mismatch for another request.
 */
export async function endOf(
  deps: Deps,
  item: Item | undefined,
  asked: AskedEnd,
): Promise<FinalizeAnswer | undefined> {
  const parsed = uploadRecord.safeParse(item);
  if (!parsed.success)
    throw new WharfError("upload_closed", "The upload session is gone. Start a new upload.");
  const upload = parsed.data;
  if (upload.outcome !== undefined) {
    const { terms, reads_all } = asked;
    if (terms !== undefined) {
      const knows = terms.mayShare && leadsTo(upload, reads_all);
      await requireSameTerms(deps, upload, upload.outcome, { asked: terms, knows });
    }
    return answerOf(deps, upload, upload.outcome, asked);
  }
  if (upload.rejection !== undefined) throw rejected(upload.rejection);
  if (upload.state === "aborted") throw closedFor(upload);
  if (upload.state === "expired") throw uploadExpired(upload);
  return undefined;
}

/** Of the call that is answered: whether it asks for a link and may make one, and whether it reads all files. */
export type AskedEnd = Pick<Intent, "share" | "reads_all"> & {
  /** What its client asked for; none where nobody waits for the answer. */
  terms?: AskedTerms | undefined;
};

/**
 * The answer of a finalized upload, with the link where this call may know of it; it is the same each time, since it
 * derives from the share's id.
 */
export async function answerOf(
  deps: Deps,
  upload: Pick<UploadRecord, "upload_id" | "workspace_id" | "share_bound" | "asked_name">,
  outcome: Outcome,
  { share, reads_all }: AskedEnd,
): Promise<FinalizeAnswer> {
  const { share_id } = outcome;
  const { upload_id, workspace_id } = upload;
  const name = upload.asked_name ?? outcome.name;
  const { clamped_by, ...told } = outcome;
  const clamped = saidClamp(outcome.expires_at, clamped_by);
  const answer = { upload_id, status: "ready" as const, workspace_id, ...told, ...clamped, name };
  if (share_id === null || !share || !leadsTo(upload, reads_all)) return withoutLink(answer);
  return { ...answer, share_url: await shareUrl(deps, share_id) };
}

/** Whether what the link leads to is the caller's to see: one that leads to the current version may lead to another's. */
const leadsTo = ({ share_bound = false }: Pick<UploadRecord, "share_bound">, readsAll: boolean) =>
  readsAll || share_bound;

/** An answer as it is given to a token that may not know of the link. */
export function withoutLink<A extends Omit<FinalizeAnswer, "share_url">>({ clamped: _, ...answer }: A) {
  return { ...answer, share_url: null, share_id: null, expires_at: null };
}

/** The refusal of an upload whose content was not what it should be. */
export function rejected({ code, detail, facts }: Rejection): WharfError {
  return new WharfError(code, detail, facts);
}
