import * as z from "zod";
import { keys, under } from "#aws/keys.ts";
import type { Item } from "#aws/table.ts";
import { type MemberAccess, memberAccess } from "#contract/roles.ts";
import type { Caller } from "#core/kernel/call.ts";
import { cursorAfter, readCursor } from "#core/kernel/cursor.ts";
import type { TableDeps } from "#core/kernel/deps.ts";
import { type PageQuery, pageOf } from "#core/kernel/page.ts";
import { allGrants } from "./authorize.ts";
import { type Asker, hasThere } from "./decide.ts";
import { workspaceRecord } from "./records.ts";

/** See `organizationEntries`. */
const entry = z.object({
  workspace_id: z.string(),
  name: z.string(),
  member_access: memberAccess.default("none"),
});
/** Pages of an organization's workspaces in one answer, of up to 1 MB each: some 100,000. */
const MAX_PAGES = 20;

interface Row {
  workspace_id: string;
  name: string;
  organization_id: string;
  member_access: MemberAccess;
}

/**
 * The workspaces that the caller may list, in the order of their ids: those that it was granted, and for members of an
 * organization those of it that they may see.
 */
export async function listWorkspaces(deps: TableDeps, caller: Caller, { limit, cursor }: PageQuery) {
  const list = "workspaces";
  const after = readCursor(list, cursor) ?? "";
  const asker: Asker = {
    scopes: caller.scopes,
    details: caller.rights.details,
    grants: await allGrants(deps, caller),
    now: deps.now(),
  };
  const may = ({ workspace_id, organization_id, member_access }: Row) =>
    hasThere(
      { ...asker, role: caller.rights.organizations[organization_id] },
      { workspace_id, member_access, chain: [] },
    ).has("list");
  const known = Object.entries(caller.rights.organizations).filter(([, role]) => role !== "guest");
  const pages = await Promise.all([
    granted(deps, asker, after),
    ...known.map(([organization]) => ofOrganization(deps, organization, { after, limit, may })),
  ]);
  const rows = new Map(
    pages
      .flat()
      .filter(may)
      .map((row) => [row.workspace_id, row]),
  );
  return pageOf(
    { rows: [...rows.values()].sort((a, b) => (a.workspace_id < b.workspace_id ? -1 : 1)) },
    limit,
    ({ workspace_id }) => cursorAfter(list, workspace_id),
    ({ workspace_id, name, organization_id }) => ({
      ...{ workspace_id, name, organization_id },
      is_default: workspace_id === caller.default_workspace,
    }),
  );
}

async function granted({ table }: TableDeps, { grants }: Asker, after: string): Promise<Row[]> {
  const ids = new Set(grants.map(({ workspace_id }) => workspace_id).filter((id) => id > after));
  const items = await table.batchGet([...ids].map((id) => keys.workspace(id)));
  return items.map((item) => workspaceRecord.parse(item));
}

/** Enough of an organization's workspaces to fill a page with those that the caller may list. */
async function ofOrganization(
  { table }: TableDeps,
  organization_id: string,
  { after, limit, may }: { after: string; limit: number; may: (row: Row) => boolean },
): Promise<Row[]> {
  const { pk } = keys.organization(organization_id);
  const first = keys.organizationWorkspace(organization_id, after).sk;
  const rows: Row[] = [];
  let from: Item | undefined;
  for (let page = 0; page < MAX_PAGES; page++) {
    const { items, next } = await table.query({
      where: "#pk = :pk AND #sk BETWEEN :first AND :last",
      values: { pk, first: after === "" ? first : `${first}~`, last: `${under.organizationWorkspaces}~` },
      after: from,
    });
    rows.push(...items.map((item) => ({ ...entry.parse(item), organization_id })).filter(may));
    if (next === undefined || rows.length > limit) return rows;
    from = next;
  }
  throw new Error(`${organization_id} has more workspaces than one answer looks at`);
}
