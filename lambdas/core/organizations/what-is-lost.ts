import * as z from "zod";
import { keys } from "#aws/keys.ts";
import { workspacesOf } from "#core/access/end-grants.ts";
import { type HeldGrantId, heldGrantRecord } from "#core/access/records.ts";
import { groupRecord } from "#core/groups/records.ts";
import type { TableDeps } from "#core/kernel/deps.ts";

/** Of a client's or person's record what goes, in part, when it leaves an organization. */
export const holderRights = z.object({
  organization_id: z.string().optional(),
  organizations: z.record(z.string(), z.string()).default({}),
  grants: z.record(z.string(), heldGrantRecord.loose()).default({}),
  workspaces: z.record(z.string(), z.string()).default({}),
  groups: z.array(z.string()).default([]),
  more_grants: z.number().default(0),
});
export type HolderRights = z.infer<typeof holderRights>;

/** What somebody keeps, and what it loses, when it leaves an organization. */
export interface Loss {
  keeps: Pick<HolderRights, "grants" | "workspaces" | "groups">;
  grants: HeldGrantId[];
  groups: string[];
}

/** Grants on, and names of, the organization's workspaces, and its groups. */
export async function whatIsLost(
  deps: TableDeps,
  organization: string,
  { grants, workspaces, groups }: HolderRights,
): Promise<Loss> {
  const named = Object.keys(workspaces);
  const granted = Object.values(grants).map(({ workspace_id }) => workspace_id);
  const [of, items] = await Promise.all([
    workspacesOf(deps, organization, [...named, ...granted]),
    deps.table.batchGet(groups.map((id) => keys.principal(id))),
  ]);
  const elsewhere = new Set(
    items
      .map((item) => groupRecord.parse(item))
      .filter(({ organization_id }) => organization_id !== organization)
      .map(({ group_id }) => group_id),
  );
  const isKept = ([, { workspace_id }]: [string, { workspace_id: string }]) => !of.has(workspace_id);
  const all = Object.entries(grants);
  return {
    keeps: {
      grants: Object.fromEntries(all.filter(isKept)),
      workspaces: Object.fromEntries(Object.entries(workspaces).filter(([id]) => !of.has(id))),
      groups: groups.filter((id) => elsewhere.has(id)),
    },
    grants: all
      .filter((entry) => !isKept(entry))
      .map(([grant_id, { on, workspace_id }]) => ({ grant_id, on, workspace_id })),
    groups: groups.filter((id) => !elsewhere.has(id)),
  };
}
