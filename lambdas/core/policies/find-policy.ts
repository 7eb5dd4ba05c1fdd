import { keys } from "#aws/keys.ts";
import {
  type OrganizationRecord,
  organizationRecord,
  type WorkspaceRecord,
  workspaceRecord,
} from "#core/access/records.ts";
import type { TableDeps } from "#core/kernel/deps.ts";
import { notFound } from "#core/kernel/error.ts";
import type { ShownPolicy } from "./contract.ts";
import { policyView, type Standing } from "./policy-view.ts";

/** What a policy stands in, as it was read. */
export interface Found extends Standing {
  record: OrganizationRecord | WorkspaceRecord;
}

/** Reads an organization's policy, or a workspace's with its organization's. @throws WharfError not_found */
export async function findPolicy({ table }: Pick<TableDeps, "table">, of: string): Promise<Found> {
  if (of.startsWith("org_")) {
    const record = await table.get(organizationRecord, keys.organization(of));
    if (record === undefined || record.closed_at !== undefined) throw notFound("organization", of);
    return { of, record, organization: record.policy };
  }
  const record = await table.get(workspaceRecord, keys.workspace(of));
  if (record === undefined || record.deleted_at !== undefined) throw notFound("workspace", of);
  const above = await table.get(organizationRecord, keys.organization(record.organization_id));
  return { of, record, organization: above?.policy, workspace: record.policy };
}

/** A policy as the API shows it. @throws WharfError not_found */
export async function showPolicy(deps: Pick<TableDeps, "table">, of: string): Promise<ShownPolicy> {
  return policyView(await findPolicy(deps, of));
}
