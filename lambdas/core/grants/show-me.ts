import { scopes as allScopes } from "#contract/scopes.ts";
import { roleNow } from "#core/access/organization-now.ts";
import { organizationsNow } from "#core/access/standing.ts";
import type { Caller } from "#core/kernel/call.ts";
import type { TableDeps } from "#core/kernel/deps.ts";
import { iso } from "#core/kernel/time.ts";
import { heldView, shownTo } from "./held-view.ts";
import type { Me } from "./me-contract.ts";

/**
 * Who the caller is and what it may do, as its token's check has read it, and what its organizations are now: one read where
 * the call hasn't met them yet.
 */
export async function showMe(deps: TableDeps, caller: Caller): Promise<Me> {
  const now = deps.now();
  const { id, name, rights, scopes, workspaces, credential, default_workspace = null } = caller;
  const { organizations, details, groups, grants, more_grants } = rights;
  const asNow = await organizationsNow(deps, caller, Object.keys(organizations));
  const nameOf = new Map(Object.entries(workspaces));
  return {
    principal: { id, type: id.startsWith("usr_") ? "person" : "client", name },
    organizations: [...asNow].flatMap(([organization_id, organization]) => {
      const role = roleNow(caller, organization_id, organization);
      return role === undefined ? [] : [{ organization_id, role }];
    }),
    groups: [...groups],
    scopes: allScopes.filter((scope) => scopes.has(scope)),
    ...(details === undefined ? {} : { authorization_details: [...details] }),
    expires_at: iso(credential?.expires_ms ?? now),
    default_workspace,
    grants: shownTo(rights, grants, now).map((grant) =>
      heldView(grant, (workspace) => nameOf.get(workspace)),
    ),
    more_grants: more_grants || groups.length > 0,
  };
}
