import { happened } from "#aws/table.ts";
import type { DueDeps } from "#core/kernel/deps.ts";
import { eachDue } from "#core/kernel/each-due.ts";
import { endInvitation } from "./end-invitation.ts";
import { invitationRecord } from "./records.ts";

/**
 * Counts invitations no more whose time is over. They could be accepted no more from their end on; this only tidies up.
 * Returns how many.
 */
export function sweepInvitations(deps: DueDeps): Promise<number> {
  return eachDue(deps, "invitation", (item) => {
    const invitation = invitationRecord.parse(item);
    const by = { request_id: `sweep-${invitation.invitation_id}`, actor: SWEEP };
    // False where it has ended otherwise since the index was written.
    return happened(endInvitation(deps, invitation, { reason: "expired", ...by }));
  });
}

const SWEEP = { type: "system", id: "sweep" } as const;
