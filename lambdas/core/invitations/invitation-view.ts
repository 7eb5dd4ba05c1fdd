import { iso } from "#core/kernel/time.ts";
import type { Invitation } from "./contract.ts";
import type { InvitationRecord } from "./records.ts";

/** What has become of an invitation. Its end is the first moment at which it can't be accepted. */
export function stateOf(
  now: number,
  { end_reason, expires_ms }: Pick<InvitationRecord, "end_reason" | "expires_ms">,
): Invitation["state"] {
  return end_reason ?? (expires_ms <= now ? "expired" : "pending");
}

/** An invitation as the API shows it: never its token, nor the hash of that. */
export function invitationView(now: number, record: InvitationRecord): Invitation {
  const { invitation_id, organization_id, email, role, grants, message, created_at, made_by } = record;
  const { expires_ms, accepted_by, ended_at } = record;
  const state = stateOf(now, record);
  const expired = state === "expired" ? iso(expires_ms) : null;
  return {
    ...{ invitation_id, organization_id, email, role, grants },
    ...(message === undefined ? {} : { message }),
    ...{ state, created_at, created_by: made_by.principal_id, expires_at: iso(expires_ms) },
    ...(accepted_by === undefined ? {} : { accepted_by }),
    ended_at: ended_at ?? expired,
  };
}
