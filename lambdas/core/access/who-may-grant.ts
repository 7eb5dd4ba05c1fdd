import { keys, under } from "#aws/keys.ts";
import { actionsOfRole } from "#contract/roles.ts";
import { type Action, holds } from "#contract/scopes.ts";
import type { Caller } from "#core/kernel/call.ts";
import type { TableDeps } from "#core/kernel/deps.ts";
import { holdsAt } from "#core/kernel/rights.ts";
import { mayInOrganization } from "./authorize-organization.ts";
import type { Place } from "./decide.ts";
import { grantRecord, memberRecord, type WorkspaceRecord } from "./records.ts";

/** Ids that a refusal names. */
const MAX_NAMED = 5;
/** Grants of one resource, and members, among which they are looked for: a refusal isn't to cost more than a list. */
const LOOKED_AT = 100;

/** Whether there is an organization whose members the caller may know: only then it is worth a read to ask who they are. */
export function mayKnowMembers(caller: Caller): boolean {
  const { organizations } = caller.rights;
  const inOne = Object.keys(organizations).some((id) => mayInOrganization(caller, id, "list_members"));
  return inOne && holds(caller.scopes, "members:read");
}

/**
 * Who could grant an action somewhere: those who have it there together with `grant`, the nearest first, then owners and
 * admins of the organization. For callers that may list that organization's members; `undefined` for others.
 */
export async function whoMayGrant(
  { table, now }: TableDeps,
  caller: Caller,
  { place, workspace }: { place: Place; workspace: WorkspaceRecord | undefined },
  action: Action,
): Promise<string[] | undefined> {
  const organization = workspace?.organization_id;
  if (organization === undefined || !mayInOrganization(caller, organization, "list_members"))
    return undefined;
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
    .filter(({ workspace_id }) => workspace_id === place.workspace_id)
    .filter(({ role, actions = role === undefined ? [] : actionsOfRole(role) }) =>
      [action, "grant" as const].every((one) => actions.includes(one)),
    );
  const ofRole = members.filter(
    ({ role, left_at }) => left_at === undefined && (role === "owner" || role === "admin"),
  );
  const all = new Set([...granted, ...ofRole].map(({ principal_id }) => principal_id));
  all.delete(caller.id);
  return [...all].slice(0, MAX_NAMED);
}
