import { keys, under } from "#aws/keys.ts";
import { actionsOfRole } from "#contract/roles.ts";
import { type Action, holds } from "#contract/scopes.ts";
import type { Caller } from "#core/kernel/call.ts";
import type { TableDeps } from "#core/kernel/deps.ts";
import { holdsAt } from "#core/kernel/rights.ts";
import { mayInOrganization, roleMay } from "./authorize-organization.ts";
import type { Place } from "./decide.ts";
import { isGrantOfNow, isMemberNow } from "./organization-now.ts";
import { grantRecord, memberRecord, type WorkspaceRecord } from "./records.ts";
import { organizationNow } from "./standing.ts";

/** Ids that a refusal names. */
const MAX_NAMED = 5;
/** Grants of one resource, and members, among which they are looked for: a refusal isn't to cost more than a list. */
const LOOKED_AT = 100;

/** Whether there is an organization whose members the caller may know: only then it is worth a read to ask who they are. */
export function mayKnowMembers(caller: Caller): boolean {
  const { organizations, details } = caller.rights;
  const inOne = Object.values(organizations).some((role) => roleMay(role, "list_members"));
  return inOne && details === undefined && holds(caller.scopes, "members:read");
}

/**
 * Who could grant an action somewhere: those who have it there together with `grant`, the nearest first, then owners and
 * admins of the organization. For callers that may list that organization's members; `undefined` for others.
 */
export async function whoMayGrant(
  deps: TableDeps,
  caller: Caller,
  { place, workspace }: { place: Place; workspace: WorkspaceRecord | undefined },
  action: Action,
): Promise<string[] | undefined> {
  const { table, now } = deps;
  if (workspace === undefined) return undefined;
  const { organization_id: organization } = workspace;
  if (!(await mayInOrganization(deps, caller, organization, "list_members"))) return undefined;
  const current = await organizationNow(deps, caller, organization);
  const nearest = [place.workspace_id, ...place.chain].reverse();
  const pages = await Promise.all([
    ...nearest.map((on) =>
      table.query({
        where: "#pk = :pk AND begins_with(#sk, :prefix)",
        values: { pk: keys.resourceGrant(on, "").pk, prefix: under.resourceGrants },
        limit: LOOKED_AT,
      }),
    ),
    table.query({
      where: "#pk = :pk AND begins_with(#sk, :prefix)",
      values: { pk: keys.organization(organization).pk, prefix: under.members },
      limit: LOOKED_AT,
    }),
  ]);
  const members = pages.pop()?.items.map((item) => memberRecord.parse(item)) ?? [];
  const granted = pages
    .flatMap(({ items }) => items.map((item) => grantRecord.parse(item)))
    .filter((grant) => grant.ended_at === undefined && holdsAt(grant, now()))
    .filter((grant) => grant.workspace_id === place.workspace_id && isGrantOfNow(grant, workspace, current))
    .filter(({ role, actions = role === undefined ? [] : actionsOfRole(role) }) =>
      [action, "grant" as const].every((one) => actions.includes(one)),
    );
  const ofRole = members.filter(
    (member) => isMemberNow(member, current) && (member.role === "owner" || member.role === "admin"),
  );
  const all = new Set([...granted, ...ofRole].map(({ principal_id }) => principal_id));
  all.delete(caller.id);
  return [...all].slice(0, MAX_NAMED);
}
