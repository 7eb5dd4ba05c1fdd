import type { DueDeps } from "#core/kernel/deps.ts";
import { eachDue } from "#core/kernel/each-due.ts";
import { endHoldings, revocationOf } from "./end-holdings.ts";

/** Ends what revoked clients still hold. Returns how many of them hold nothing any more. */
export function sweepRevocations(deps: DueDeps): Promise<number> {
  return eachDue(deps, "revocation", async (item, { timeLeft }) => {
    const { settled } = await endHoldings({ ...deps, timeLeft }, revocationOf(item));
    return settled;
  });
}
