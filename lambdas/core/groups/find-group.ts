import { type Key, keys } from "#aws/keys.ts";
import type { OrganizationAction } from "#contract/route.ts";
import { authorizeOrganization, epochIn, roleIn, roleMay } from "#core/access/authorize-organization.ts";
import type { Call } from "#core/kernel/call.ts";
import type { TableDeps } from "#core/kernel/deps.ts";
import { notFound } from "#core/kernel/error.ts";
import type { Group } from "./contract.ts";
import { type GroupRecord, groupRecord } from "./records.ts";

/** What the routes of one group read with the caller's token. */
export const groupReads = ({ id }: { id: string }): [Key] => [keys.principal(id)];

/**
 * A group, once it is decided that the caller may do this in its organization.
 *
 * @param round which attempt it is: the first finds it among what came with the token.
 * @throws WharfError not_found, for whoever may not list groups there too; forbidden by its role.
 */
export async function findGroup(
  deps: TableDeps,
  call: Call,
  groupId: string,
  { action, round = 0, ended = false }: { action: OrganizationAction; round?: number; ended?: boolean },
): Promise<GroupRecord> {
  call.decided?.();
  const [key] = groupReads({ id: groupId });
  const items = round === 0 && call.ahead !== undefined ? call.ahead : await deps.table.batchGet([key]);
  const item = items.find(({ pk, sk }) => pk === key.pk && sk === key.sk);
  const group = item === undefined ? undefined : groupRecord.parse(item);
  if (group === undefined) throw notFound("group", groupId);
  if (!roleMay(roleIn(call.caller, group.organization_id), "list_members")) throw notFound("group", groupId);
  await authorizeOrganization(deps, call, group.organization_id, action);
  const isOfBefore = (group.epoch ?? 0) !== epochIn(call.caller, group.organization_id);
  if (isOfBefore || (group.disabled_at !== undefined && !ended)) throw notFound("group", groupId);
  return group;
}

/** A group as lists and answers have it. */
export const groupView = ({ group_id, organization_id, name, created_at }: GroupRecord): Group => ({
  ...{ group_id, organization_id, name, created_at },
});
