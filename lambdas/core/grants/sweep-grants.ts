import { happened } from "#aws/table.ts";
import { grantRecord } from "#core/access/records.ts";
import type { DueDeps } from "#core/kernel/deps.ts";
import { eachDue } from "#core/kernel/each-due.ts";
import { endGrant } from "./end-grant.ts";
import { folderOf, spotKey, spotOfGrant } from "./spot.ts";

/**
 * Ends grants whose time is over and tells of them: `grant_ended`, once each. They had no effect from their last
 * millisecond on; this only tidies up. Returns how many it has ended.
 */
export function sweepGrants(deps: DueDeps): Promise<number> {
  return eachDue(deps, "grant", async (item) => {
    const grant = grantRecord.parse(item);
    const spot = spotOfGrant(await deps.table.batchGet([spotKey(grant.on)]), grant, grant.principal_id);
    const actor = { type: "system", id: "sweep" } as const;
    const request_id = `sweep-${grant.grant_id}`;
    const folder_id = spot && folderOf(spot);
    // False where it has ended since the index was written.
    return happened(endGrant(deps, grant, { reason: "expired", request_id, actor, folder_id }));
  });
}
