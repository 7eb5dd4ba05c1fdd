import type { Write } from "#aws/table.ts";
import { actionsOfRole } from "#contract/roles.ts";
import { grantWrites, type NewGrant } from "#core/access/grant-writes.ts";
import { homeOf } from "#core/access/records.ts";
import type { Caller } from "#core/kernel/call.ts";
import { newId } from "#core/kernel/ids.ts";
import { iso } from "#core/kernel/time.ts";
import type { Claim } from "./find-claim.ts";

interface Left extends Pick<Claim, "transfer" | "maker"> {
  caller: Caller;
  /** On what, and where that stands now. */
  granted: Pick<NewGrant, "on" | "workspace_id" | "workspace_name" | "epoch">;
  /** Whether it goes into its holder's partition. */
  further: boolean;
}

/** The grant that is left to who offered it. */
export function residualWrites(
  now: number,
  { transfer: { residual_role, keep }, maker, caller, granted, further }: Left,
): Write[] {
  // The last is a role in an organization.
  if (maker.id === caller.id || residual_role === "none" || residual_role === "admin") return [];
  const grant: NewGrant = {
    ...{ ...granted, grant_id: newId("grt", now), principal_id: maker.id },
    ...{ created_at: iso(now), created_by: caller.id },
    // It is no member of the organization that has it now.
    organization_id: homeOf(maker),
    ...(residual_role === "manager" && !keep.webhooks
      ? { actions: [...actionsOfRole("manager")].filter((action) => action !== "hooks") }
      : { role: residual_role }),
  };
  return grantWrites(grant, { further });
}
