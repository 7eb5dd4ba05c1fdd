/** Shapes of what the table stores of recoveries, checked at every read. Times are ISO strings unless named `_ms` or `ttl`. */
import * as z from "zod";
import { deliveryStatus } from "#core/attempts/contract.ts";

export const recoveryRecord = z.object({
  job_id: z.string(),
  webhook_id: z.string(),
  statuses: z.array(deliveryStatus).max(10),
  since_ms: z.number(),
  until_ms: z.number(),
  state: z.enum(["running", "done", "cancelled", "failed"]),
  /** Delivery to go on after. */
  after: z.string().optional(),
  scanned: z.number(),
  recovered: z.number(),
  created_at: z.string(),
  finished_at: z.string().optional(),
  request_id: z.string(),
});
export type RecoveryRecord = z.infer<typeof recoveryRecord>;

/** See `keys.recovering`. */
export const recovering = z.object({ job_id: z.string() });
