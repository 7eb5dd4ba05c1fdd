import { actorOf, type Call } from "#core/kernel/call.ts";
import type { TableDeps } from "#core/kernel/deps.ts";
import { notFound } from "#core/kernel/error.ts";
import { inRounds } from "#core/kernel/in-rounds.ts";
import { endGrant } from "./end-grant.ts";
import { findGrant } from "./find-grant.ts";
import { leavesOwner } from "./leaves-owner.ts";

/**
 * Ends a grant, or gives up one's own. It has no effect from the next request on.
 *
 * @throws WharfError not_found for one that the caller may not know of, or that has ended; conflict for the last owner's,
 * and where others keep changing its holder's rights.
 */
export function deleteGrant(deps: TableDeps, call: Call, id: string): Promise<void> {
  return inRounds(async () => {
    const { grant, relation, folder_id } = await findGrant(deps, call, id, "grants:write");
    // A group's grant is no member's to give up.
    if (relation === "member") throw notFound("grant", id);
    const reason = relation === "holder" ? "left" : "revoked";
    const also = await leavesOwner(deps, call.caller, grant);
    const { requestId: request_id, caller } = call;
    await endGrant(deps, grant, { reason, request_id, actor: actorOf(caller), folder_id, also });
  }, "Others are changing the rights of this grant's holder. Try again.");
}
