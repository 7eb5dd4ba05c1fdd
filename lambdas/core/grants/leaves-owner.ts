import * as z from "zod";
import { keys, under } from "#aws/keys.ts";
import type { Item, Write } from "#aws/table.ts";
import { roleIn } from "#core/access/authorize-organization.ts";
import { type GrantRecord, grantRecord } from "#core/access/records.ts";
import type { Caller } from "#core/kernel/call.ts";
import type { TableDeps } from "#core/kernel/deps.ts";
import { WharfError } from "#core/kernel/error.ts";

/** Pages of a workspace's grants in which another owner is looked for; whoever made it comes first. */
const MAX_PAGES = 5;
const organization = z.object({ owners: z.number().default(0) });

/**
 * What must hold as an owner's grant on a workspace ends: its organization has an owner, or the workspace another one.
 * Owners and admins of the organization end any. Only the organization that a deployment begins with can lack an owner.
 *
 * @throws WharfError conflict where neither is so.
 */
export async function leavesOwner(deps: TableDeps, caller: Caller, grant: GrantRecord): Promise<Write[]> {
  const { on, workspace_id, role, organization_id } = grant;
  if (role !== "owner" || on !== workspace_id) return [];
  const callers = roleIn(caller, organization_id);
  if (callers === "owner" || callers === "admin") return [];
  const owning = await deps.table.get(organization, keys.organization(organization_id));
  if (owning !== undefined && owning.owners > 0)
    return [{ check: keys.organization(organization_id), condition: "#owners > :none", values: { none: 0 } }];
  const another = await anotherOwner(deps, grant);
  if (another !== undefined)
    return [{ check: keys.grant(another), condition: "attribute_not_exists(#ended_at)" }];
  throw new WharfError(
    "conflict",
    "This is the workspace's last grant with the role owner, and its organization has no owner either. Grant another the role first: POST /v1/workspaces/{id}/grants.",
  );
}

/** Another that owns the workspace, and doesn't end by itself. */
async function anotherOwner(
  { table }: TableDeps,
  { on, grant_id }: GrantRecord,
): Promise<string | undefined> {
  let after: Item | undefined;
  for (let page = 0; page < MAX_PAGES; page++) {
    const { items, next } = await table.query({
      where: "#pk = :pk AND begins_with(#sk, :grants)",
      values: {
        pk: keys.resourceGrant(on, "").pk,
        grants: under.resourceGrants,
        owner: "owner",
        it: grant_id,
      },
      filter: "#role = :owner AND #grant_id <> :it AND attribute_not_exists(#expires_ms)",
      after,
    });
    const [found] = items;
    if (found !== undefined) return grantRecord.parse(found).grant_id;
    if (next === undefined) return undefined;
    after = next;
  }
  return undefined;
}
