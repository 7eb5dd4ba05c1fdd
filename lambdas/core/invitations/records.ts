/** Shapes of what the table stores of invitations, checked at every read. */
import * as z from "zod";
import { memberRole, role } from "#contract/roles.ts";
import { action, scope } from "#contract/scopes.ts";
import { madeByRecord } from "#core/access/records.ts";

export const invitationRecord = z.object({
  invitation_id: z.string(),
  organization_id: z.string(),
  /** As it is shown and mailed to. */
  email: z.string(),
  /** What is one person's alone of it; see `emailAddress`. */
  address: z.string(),
  role: memberRole,
  grants: z.array(
    z.object({
      resource_id: z.string(),
      role: role.optional(),
      actions: z.array(action).optional(),
      expires_at: z.string().optional(),
    }),
  ),
  message: z.string().optional(),
  /** SHA-256 of its token. */
  hash: z.string(),
  created_at: z.string(),
  /** Whose right it is, and with which scopes it was made: it never gives more. */
  made_by: madeByRecord.omit({ details: true }),
  scopes: z.array(scope),
  /** It can be accepted no more from this moment on, whatever the sweep does later. */
  expires_ms: z.number(),
  /** It is over, and counts no more. */
  ended_at: z.string().optional(),
  end_reason: z.enum(["accepted", "revoked", "expired"]).optional(),
  accepted_by: z.string().optional(),
});
export type InvitationRecord = z.infer<typeof invitationRecord>;

/** The place that an address's open invitation has. */
export const openRecord = z.object({ invitation_id: z.string(), expires_ms: z.number() });
