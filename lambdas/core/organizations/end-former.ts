import { happened } from "#aws/table.ts";
import { finishLeaving } from "./finish-leaving.ts";
import { leaving } from "./remove-member.ts";

/**
 * Ends a membership from before its organization was handed over, which is none since, so that the member's own record
 * says so too. Others may have done it meanwhile.
 */
export async function endFormer(...given: Parameters<typeof leaving>): Promise<void> {
  const [deps, { organization }, by] = given;
  const { left, writes } = await leaving(...given);
  if (await happened(deps.table.transact(writes))) await finishLeaving(deps, by, organization, left);
}
