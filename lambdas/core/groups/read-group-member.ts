import * as z from "zod";
import { keys } from "#aws/keys.ts";
import { isMemberNow, NEVER_HANDED_OVER, type OrganizationNow } from "#core/access/organization-now.ts";
import { memberRecord } from "#core/access/records.ts";
import type { TableDeps } from "#core/kernel/deps.ts";
import { groupMemberRecord } from "./records.ts";

const grouped = z.object({ groups: z.array(z.string()).default([]) });

/** Somebody's place in a group's list, the groups of its own record, and whether it is in the group's organization. */
export async function readGroupMember(
  { table }: TableDeps,
  groupId: string,
  principal: string,
  organization?: string,
  now: OrganizationNow = NEVER_HANDED_OVER,
) {
  const rowKey = keys.groupMember(groupId, principal);
  const holderKey = keys.principal(principal);
  const memberKeys = organization === undefined ? [] : [keys.member(organization, principal)];
  const items = await table.batchGet([rowKey, holderKey, ...memberKeys]);
  const stored = (key: { pk: string; sk: string }) =>
    items.find(({ pk, sk }) => pk === key.pk && sk === key.sk);
  const row = stored(rowKey);
  const member = memberKeys.map(stored).find((item) => item !== undefined);
  return {
    row: row === undefined ? undefined : groupMemberRecord.parse(row),
    groups: grouped.parse(stored(holderKey) ?? {}).groups,
    belongs: member !== undefined && isMemberNow(memberRecord.parse(member), now),
  };
}
