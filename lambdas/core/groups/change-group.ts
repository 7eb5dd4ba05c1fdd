import { keys } from "#aws/keys.ts";
import type { Call } from "#core/kernel/call.ts";
import type { TableDeps } from "#core/kernel/deps.ts";
import { inRounds } from "#core/kernel/in-rounds.ts";
import { rename } from "#core/kernel/rename.ts";
import type { Group } from "./contract.ts";
import { findGroup, groupView } from "./find-group.ts";

/** Renames a group. @throws WharfError not_found, forbidden; conflict where others keep changing it */
export async function changeGroup(
  deps: TableDeps,
  call: Call,
  groupId: string,
  { name }: { name: string },
): Promise<Group> {
  const renamed = await inRounds(async (round) => {
    const group = await findGroup(deps, call, groupId, { action: "members", round });
    return rename(deps.table, keys.principal(groupId), group, name);
  }, "Others change this group too; send it again.");
  return groupView(renamed);
}
