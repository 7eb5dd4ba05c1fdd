import * as z from "zod";
import { keys, under } from "#aws/keys.ts";
import type { Item } from "#aws/table.ts";
import { memberAccess } from "#contract/roles.ts";
import { allGrants } from "#core/access/authorize.ts";
import { type Asker, hasThere, liveGrants } from "#core/access/decide.ts";
import {
  actsByKept,
  grantedSince,
  type OrganizationNow,
  roleNow,
  workspaceNow,
} from "#core/access/organization-now.ts";
import type { WorkspaceRecord } from "#core/access/records.ts";
import { belongings, organizationsNow } from "#core/access/standing.ts";
import type { Caller } from "#core/kernel/call.ts";
import { cursorAfter, readCursor } from "#core/kernel/cursor.ts";
import type { TableDeps } from "#core/kernel/deps.ts";
import { isIdOf } from "#core/kernel/ids.ts";
import type { PageQuery } from "#core/kernel/page.ts";
import { type ViewedWorkspace, workspaceView } from "./workspace-view.ts";

/** See `organizationEntries`. */
const entry = z.object({
  workspace_id: z.string(),
  name: z.string(),
  member_access: memberAccess.default("none"),
  epoch: z.number().default(0),
  organization_epoch: z.number().default(0),
});
type Listed = ViewedWorkspace & Pick<WorkspaceRecord, "epoch" | "organization_epoch">;
const isWorkspaceId = isIdOf("ws");
/** Pages of an organization's workspaces that one answer looks at, of up to 1 MB each: some 20,000 workspaces. */
const MAX_PAGES = 5;

/** Rows in the order of their ids; where it stopped before the end, the last one that it has looked at. */
interface Found {
  rows: ViewedWorkspace[];
  until?: string | undefined;
}

/**
 * The workspaces that the caller may list, in the order of their ids: those that it was granted, and for members of an
 * organization those of it that they may see. Of an organization with very many of which the caller may list few, a page
 * can be short, or empty, and go on.
 */
export async function listWorkspaces(deps: TableDeps, caller: Caller, { limit, cursor }: PageQuery) {
  const list = "workspaces";
  const after = readCursor(list, cursor, isWorkspaceId) ?? "";
  const { organizations, details } = caller.rights;
  const asker: Asker = {
    ...{ scopes: caller.scopes, details, now: deps.now() },
    grants: await allGrants(deps, caller),
  };
  const may = (row: Listed, organization: OrganizationNow | undefined) => {
    const { workspace_id, organization_id, member_access } = row;
    if (organization === undefined || organization.closed_at !== undefined) return false;
    const role = roleNow(caller, organization_id, organization);
    const { epoch } = workspaceNow(row, organization);
    const since = grantedSince(caller.id, row, organization);
    const place = { workspace_id, member_access, epoch, since, chain: [] };
    return actsByKept(caller, organization) && hasThere({ ...asker, role }, place).has("list");
  };
  const wanted = { after, limit, may };
  const own = granted(deps, caller, asker, wanted);
  // It reads the caller's organizations with the workspaces that were granted, where there are any.
  const asNow = own.then(() => organizationsNow(deps, caller, Object.keys(organizations)));
  const found = await Promise.all([
    own,
    ...Object.entries(organizations)
      .filter(([, role]) => role !== "guest")
      .map(([organization, role]) =>
        ofOrganization(deps, organization, {
          ...{ ...wanted, asNow },
          seesAll: details === undefined && (role === "owner" || role === "admin"),
        }),
      ),
  ]);
  // What is behind the place where one of them stopped comes with the next page, in its order.
  const [until] = found.flatMap((one) => one.until ?? []).sort();
  const rows = new Map(found.flatMap((one) => one.rows).map((row) => [row.workspace_id, row]));
  const inOrder = [...rows.values()]
    .filter(({ workspace_id }) => until === undefined || workspace_id <= until)
    .sort((a, b) => (a.workspace_id < b.workspace_id ? -1 : 1));
  const shown = inOrder.slice(0, limit);
  const last = inOrder.length > limit ? shown.at(-1)?.workspace_id : until;
  return {
    items: shown.map((row) => workspaceView(row, caller)),
    next_cursor: last === undefined ? null : cursorAfter(list, last),
  };
}

interface Wanted {
  after: string;
  limit: number;
  may(row: Listed, organization: OrganizationNow | undefined): boolean;
}

/** Of the workspaces that were granted themselves, enough to fill a page. */
async function granted(
  deps: TableDeps,
  caller: Caller,
  asker: Asker,
  { after, limit, may }: Wanted,
): Promise<Found> {
  const ids = new Set(
    asker.grants
      .filter(({ on, workspace_id, actions }) => on === workspace_id && actions.includes("list"))
      .filter(({ workspace_id }) => liveGrants(asker, { workspace_id, chain: [] }).length > 0)
      .map(({ workspace_id }) => workspace_id)
      .filter((id) => id > after),
  );
  const inOrder = [...ids].sort();
  const looked = inOrder.slice(0, limit + 1);
  const places = await belongings(deps, caller, looked);
  return {
    rows: [...places.values()]
      .filter(({ workspace, organization }) => may(workspace, organization))
      .map(({ workspace }) => workspace)
      .filter(({ deleted_at }) => deleted_at === undefined),
    until: inOrder.length > looked.length ? looked.at(-1) : undefined,
  };
}

/** Enough of an organization's workspaces to fill a page with those that the caller may list. */
async function ofOrganization(
  { table }: TableDeps,
  organization_id: string,
  {
    after,
    limit,
    may,
    asNow,
    seesAll,
  }: Wanted & { asNow: Promise<ReadonlyMap<string, OrganizationNow>>; seesAll: boolean },
): Promise<Found> {
  const { pk } = keys.organization(organization_id);
  const first = keys.organizationWorkspace(organization_id, after).sk;
  const rows: ViewedWorkspace[] = [];
  let from: Item | undefined;
  let until: string | undefined;
  for (let page = 0; page < MAX_PAGES; page++) {
    const { items, next } = await table.query({
      where: "#pk = :pk AND #sk BETWEEN :first AND :last",
      values: { pk, first: after === "" ? first : `${first}~`, last: `${under.organizationWorkspaces}~` },
      limit: seesAll ? limit + 1 : undefined,
      after: from,
    });
    const all = items.map((item) => ({ ...entry.parse(item), organization_id }));
    const organization = (await asNow).get(organization_id);
    rows.push(...all.filter((row) => may(row, organization)));
    until = next === undefined ? undefined : all.at(-1)?.workspace_id;
    if (next === undefined || rows.length > limit) break;
    from = next;
  }
  return { rows, until };
}
