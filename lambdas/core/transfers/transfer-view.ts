import { iso } from "#core/kernel/time.ts";
import type { Transfer } from "./contract.ts";
import type { TransferRecord } from "./records.ts";

/** Where what a transfer is of stands now. */
export interface StandsNow {
  /** Of its workspace, or of the organization: `undefined` where that is gone. */
  epoch: number | undefined;
  /** The workspace that a file or folder is in by now; `undefined` of anything else, and where it is gone. */
  workspace_id?: string | undefined;
}

/** What has become of a transfer. Its end is the first moment at which it can't be claimed. */
export function stateOf(
  now: number,
  { end_reason, expires_ms }: Pick<TransferRecord, "end_reason" | "expires_ms">,
): Transfer["state"] {
  return end_reason ?? (expires_ms <= now ? "expired" : "pending");
}

/**
 * A transfer as the API shows it: never its token, nor the hash of that. What has another owner by now, or went to another
 * workspace, is not to be claimed.
 */
export function transferView(now: number, record: TransferRecord, stands: StandsNow): Transfer {
  const { transfer_id, type, resource_id, residual_role, message, created_at, made_by, expires_ms } = record;
  const { claimed_by, claimed_for, ended_at, keep } = record;
  const { email, organization } = record.to ?? {};
  const said = stateOf(now, record);
  const { epoch = record.epoch, workspace_id = record.workspace_id } = stands;
  const isAnothers = epoch !== record.epoch || workspace_id !== record.workspace_id;
  const state = said === "pending" && isAnothers ? "withdrawn" : said;
  const to = email === undefined ? { organization } : { email };
  return {
    ...{ transfer_id, resource: { type, id: resource_id }, state },
    ...(record.to === undefined ? {} : { to }),
    ...{ residual_role, keep },
    ...(message === undefined ? {} : { message }),
    ...{ created_at, created_by: made_by.principal_id, expires_at: iso(expires_ms) },
    ...(claimed_by === undefined ? {} : { claimed_by }),
    ...(claimed_for === undefined ? {} : { claimed_for }),
    ended_at: ended_at ?? (state === "expired" ? iso(expires_ms) : null),
  };
}
