import { keys } from "#aws/keys.ts";
import type { Scope } from "#contract/scopes.ts";
import { judge } from "#core/access/authorize.ts";
import { mayInOrganization } from "#core/access/authorize-organization.ts";
import { isGrantOfNow } from "#core/access/organization-now.ts";
import { type GrantRecord, grantRecord } from "#core/access/records.ts";
import { workspaceFor } from "#core/access/standing.ts";
import { type Call, type Caller, requireScope } from "#core/kernel/call.ts";
import type { TableDeps } from "#core/kernel/deps.ts";
import { notFound } from "#core/kernel/error.ts";
import { isLive } from "./grant-view.ts";
import { folderOf, spotKey, spotOfGrant } from "./spot.ts";

/** Who the caller is to a grant: its holder, a member of the group that holds it, or who may grant where it is on. */
type Relation = "holder" | "member" | "granter";

export interface FoundGrant {
  grant: GrantRecord;
  relation: Relation;
  /** The folder that it is on, or that its file lies in. */
  folder_id: string | undefined;
}

/**
 * A live grant that the caller may know of. A restricted token reaches what it names, and not what its holder holds.
 *
 * @throws WharfError not_found for any other; forbidden where the token lacks the scope.
 */
export async function findGrant(
  deps: TableDeps,
  { caller, decided }: Pick<Call, "caller" | "decided">,
  id: string,
  scope: Scope,
): Promise<FoundGrant> {
  decided?.();
  requireScope(caller, scope);
  const grant = await deps.table.get(grantRecord, keys.grant(id));
  if (grant === undefined || !isLive(grant, deps.now())) throw notFound("grant", id);
  const items = await deps.table.batchGet([spotKey(grant.on)]);
  const spot = spotOfGrant(items, grant, caller.id);
  const folder_id = spot && folderOf(spot);
  const known = relationOf(caller, grant);
  if (known !== undefined) return { grant, folder_id, relation: known };
  const decision = await judge(deps, caller, spot?.located, "grant");
  // From before the workspace was handed over: nobody's any more.
  if (decision?.allowed === true && !(await isOfNow(deps, caller, grant))) throw notFound("grant", id);
  const outlives = decision === undefined && (await isAdmin(deps, caller, grant));
  if (decision?.allowed !== true && !outlives) throw notFound("grant", id);
  return { grant, folder_id, relation: "granter" };
}

function relationOf({ id, rights }: Caller, { principal_id }: GrantRecord): Relation | undefined {
  if (rights.details !== undefined) return undefined;
  if (principal_id === id) return "holder";
  return rights.groups.includes(principal_id) ? "member" : undefined;
}

/** What it was on is gone, from there at least, and nobody has rights there any more. */
function isAdmin(deps: TableDeps, caller: Caller, { organization_id }: GrantRecord): Promise<boolean> {
  return mayInOrganization(deps, caller, organization_id, "organize");
}

async function isOfNow(deps: TableDeps, caller: Caller, grant: GrantRecord): Promise<boolean> {
  const where = await workspaceFor(deps, caller, grant.workspace_id);
  return where !== undefined && isGrantOfNow(grant, where.workspace, where.organization);
}
