import { keys } from "#aws/keys.ts";
import { authorizeOrganization, epochIn } from "#core/access/authorize-organization.ts";
import type { Call } from "#core/kernel/call.ts";
import type { TableDeps } from "#core/kernel/deps.ts";
import { newId } from "#core/kernel/ids.ts";
import { iso } from "#core/kernel/time.ts";
import type { Group } from "./contract.ts";
import { groupView } from "./find-group.ts";
import type { GroupRecord } from "./records.ts";

/**
 * Makes a group with nobody in it.
 *
 * @throws WharfError invalid_request where the caller belongs to several organizations and names none; not_found, forbidden
 */
export async function createGroup(
  deps: TableDeps,
  call: Call,
  { name, organization }: { name: string; organization?: string | undefined },
): Promise<Group> {
  const organization_id = await authorizeOrganization(deps, call, organization, "members");
  const now = deps.now();
  const group_id = newId("grp", now);
  const record: GroupRecord = {
    ...{ group_id, organization_id, name, grants: {}, more_grants: 0 },
    ...{ created_at: iso(now), created_by: call.caller.id },
    epoch: epochIn(call.caller, organization_id) || undefined,
  };
  const answer = groupView(record);
  await deps.table.transact([
    { put: { ...keys.principal(group_id), ...record }, condition: "attribute_not_exists(#pk)" },
    {
      put: { ...keys.groupEntry(organization_id, group_id), group_id },
      condition: "attribute_not_exists(#pk)",
    },
    ...call.record(answer),
  ]);
  return answer;
}
