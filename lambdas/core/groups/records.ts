/** Shapes of what the table stores of groups, checked at every read. */
import * as z from "zod";
import { heldGrantId, heldGrantRecord, rightsShape } from "#core/access/records.ts";

export const groupRecord = z.object({
  group_id: z.string(),
  organization_id: z.string(),
  name: z.string(),
  grants: z.record(z.string(), heldGrantRecord.loose()),
  more_grants: rightsShape.more_grants,
  created_at: z.string(),
  created_by: z.string(),
  /** The organization's, when it was made: once that has been handed over it is none. 0 where none is said. */
  epoch: z.number().optional(),
  /** Id of the last change, by which a copy of an earlier one that comes late is known. */
  change: z.string().optional(),
  /** It is over; the record stays for a while, so that no late copy brings it or a member back. */
  disabled_at: z.string().optional(),
  /** Grants that are still to be ended; none once all of it is. */
  ending: z.array(heldGrantId).optional(),
});
export type GroupRecord = z.infer<typeof groupRecord>;

/** One that has left stays for a while, so that no late copy of its joining brings it back. */
export const groupMemberRecord = z.object({
  principal_id: z.string(),
  joined_at: z.string(),
  change: z.string().optional(),
  left_at: z.string().optional(),
});
