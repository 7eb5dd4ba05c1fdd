import { keys } from "#aws/keys.ts";
import type { Write } from "#aws/table.ts";
import type { Actor } from "#contract/common.ts";
import type { TableDeps } from "#core/kernel/deps.ts";
import { eventWrite } from "#core/kernel/outbox.ts";
import { iso } from "#core/kernel/time.ts";
import { type InvitationRecord, openRecord } from "./records.ts";

interface End {
  reason: "accepted" | "revoked" | "expired";
  /** Whether it is the open one of its address: once it has expired, another may have taken that place. */
  open: boolean;
  accepted_by?: string;
}

/**
 * The writes by which an invitation ends that hasn't: its record says so, its address can be invited again, and it counts
 * no more. The first one's condition fails where it has ended, or is accepted too late.
 */
export function endWrites(
  now: number,
  { invitation_id, organization_id, address, expires_ms }: InvitationRecord,
  { reason, open, accepted_by }: End,
): Write[] {
  const accepted = reason === "accepted";
  return [
    {
      key: keys.invitation(invitation_id),
      update: {
        set: {
          ended_at: iso(reason === "expired" ? expires_ms : now),
          ...{ end_reason: reason, accepted_by },
        },
        remove: ["due_pk", "due_sk"],
      },
      condition: `attribute_exists(#pk) AND attribute_not_exists(#ended_at)${accepted ? " AND #expires_ms > :now" : ""}`,
      values: accepted ? { now } : {},
    },
    ...(open
      ? [
          {
            remove: keys.openInvitation(organization_id, address),
            condition: "#invitation_id = :invitation_id",
            values: { invitation_id },
          },
        ]
      : []),
    { key: keys.invitationCount(organization_id), update: { add: { open: -1 } } },
  ];
}

/**
 * Ends an invitation that nobody has accepted, and tells of it where it was revoked.
 *
 * @throws TransactionFailed where it has ended meanwhile: to be looked at anew.
 */
export async function endInvitation(
  deps: TableDeps,
  invitation: InvitationRecord,
  { reason, request_id, actor }: { reason: "revoked" | "expired"; request_id: string; actor: Actor },
): Promise<void> {
  const { invitation_id, organization_id, address, email, role } = invitation;
  const place = await deps.table.get(openRecord.optional(), keys.openInvitation(organization_id, address));
  const now = deps.now();
  await deps.table.transact([
    ...endWrites(now, invitation, { reason, open: place?.invitation_id === invitation_id }),
    ...(reason === "revoked"
      ? [
          eventWrite(now, {
            ...{ type: "invitation_revoked", request_id, organization_id, actor },
            data: { invitation_id, email, role },
          }),
        ]
      : []),
  ]);
}
