import { keys } from "#aws/keys.ts";
import type { Check, Put, Update, Write } from "#aws/table.ts";
import type { MemberRole } from "#contract/roles.ts";
import { notFound, WharfError } from "#core/kernel/error.ts";
import { iso } from "#core/kernel/time.ts";
import { newChange, unchanged } from "#core/kernel/unchanged.ts";
import type { MemberRecord, OrganizationRecord } from "./records.ts";

/** Organizations that one client or person belongs to at most. */
export const MAX_ORGANIZATIONS = 20;

/** One that nobody has handed over yet. */
export type NewOrganization = Omit<OrganizationRecord, "epoch" | "kept">;

/** The writes that make an organization; who owns it is written beside them. */
export function organizationWrites(record: NewOrganization): Write[] {
  const { organization_id } = record;
  return [
    { put: { ...keys.organization(organization_id), ...record }, condition: "attribute_not_exists(#pk)" },
    {
      put: { ...keys.organizationEntry(organization_id), organization_id },
      condition: "attribute_not_exists(#pk)",
    },
  ];
}

interface Joining {
  organization: string;
  principal: string;
  role: MemberRole;
  /** The organization's, as it was decided. @default 0 */
  epoch?: number | undefined;
}

/** A new member's place in its organization's list; its own record says the role too, in the same transaction. */
export function memberWrite(now: number, { organization, principal, role, epoch }: Joining): Put {
  const kept = epoch === 0 ? undefined : epoch;
  const record: MemberRecord = { principal_id: principal, role, epoch: kept, joined_at: iso(now) };
  return {
    put: { ...keys.member(organization, principal), ...record },
    condition: "attribute_not_exists(#pk)",
  };
}

/**
 * The same of somebody who may have been a member before, and whose place says so for a while.
 *
 * @param left that place as it was read, of who has left. What writes that come late know it by changes with the new one.
 */
export function comingWrite(now: number, joining: Joining, left: MemberRecord | undefined): Put {
  const { put } = memberWrite(now, joining);
  const seen = left === undefined ? { condition: "attribute_not_exists(#pk)" } : unchanged(left);
  return { put: { ...put, change: newChange() }, ...seen };
}

/**
 * That an organization hasn't been handed over since that was decided.
 *
 * @param epoch as it was then.
 */
export function notHandedOver(epoch: number): { condition: string; values: Record<string, unknown> } {
  if (epoch === 0) return { condition: "attribute_not_exists(#epoch)", values: {} };
  return { condition: "#epoch = :epoch", values: { epoch } };
}

/** The same as a part of a transaction that writes nothing of it. */
export const stillUnclaimed = (organization: string, epoch: number): Check => ({
  check: keys.organization(organization),
  ...notHandedOver(epoch),
  else: () => notFound("organization", organization),
});

/** One owner more. @throws WharfError not_found where there is no such organization, or it is another's by now */
export function ownerGained(organization: string, epoch: number): Update {
  const { condition, values } = notHandedOver(epoch);
  return {
    key: keys.organization(organization),
    update: { add: { owners: 1 } },
    condition: `attribute_exists(#pk) AND ${condition}`,
    values,
    else: () => unknownOrganization(organization),
  };
}

/** One owner less, but not the last. @throws WharfError conflict; not_found where the organization is another's by now */
export function ownerLost(organization: string, epoch: number): Update {
  const { condition, values } = notHandedOver(epoch);
  return {
    key: keys.organization(organization),
    update: { add: { owners: -1 } },
    condition: `#owners > :one AND ${condition}`,
    values: { ...values, one: 1 },
    else: (stored) =>
      Number(stored?.["epoch"] ?? 0) === epoch
        ? new WharfError(
            "conflict",
            `An organization has at least one owner, and this is the only one. Make another member an owner first: PATCH /v1/orgs/${organization}/members/{principal} with {"role":"owner"}.`,
          )
        : notFound("organization", organization),
  };
}

/** The administrator sees all organizations, and has no token. */
export function unknownOrganization(organization: string): WharfError {
  return new WharfError(
    "not_found",
    `No organization has the id ${JSON.stringify(organization)}; list-organizations shows them.`,
  );
}
