/** Shapes of what the table stores of policies as they were set. The present one stands in its organization's or workspace's record. */
import * as z from "zod";
import { policyRecord } from "#core/access/records.ts";
import { ruleId } from "#core/policy/contract.ts";

export const policyVersionRecord = policyRecord.extend({
  changes: z.array(z.object({ rule: ruleId.or(z.custom<never>()), from: z.unknown(), to: z.unknown() })),
});
