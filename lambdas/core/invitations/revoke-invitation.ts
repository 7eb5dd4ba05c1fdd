import { actorOf, type Call } from "#core/kernel/call.ts";
import type { TableDeps } from "#core/kernel/deps.ts";
import { WharfError } from "#core/kernel/error.ts";
import { inRounds } from "#core/kernel/in-rounds.ts";
import { endInvitation } from "./end-invitation.ts";
import { findInvitation } from "./find-invitation.ts";
import { stateOf } from "./invitation-view.ts";

/**
 * Revokes an invitation: nobody accepts it from then on. One that is over otherwise stays as it is.
 *
 * @throws WharfError not_found, forbidden; conflict for one that was accepted, and where others keep changing it
 */
export async function revokeInvitation(deps: TableDeps, call: Call, id: string): Promise<void> {
  await inRounds(async () => {
    const invitation = await findInvitation(deps, call, id);
    const state = stateOf(deps.now(), invitation);
    if (state === "accepted") throw isAccepted(invitation);
    if (state !== "pending") return;
    const by = { request_id: call.requestId, actor: actorOf(call.caller) };
    await endInvitation(deps, invitation, { reason: "revoked", ...by });
  }, "Others change this invitation too; send it again.");
}

function isAccepted({
  organization_id,
  accepted_by,
}: {
  organization_id: string;
  accepted_by?: string | undefined;
}) {
  return new WharfError(
    "conflict",
    `The invitation has been accepted by ${accepted_by}. To take that back, remove the member: DELETE /v1/orgs/${organization_id}/members/${accepted_by}.`,
  );
}
