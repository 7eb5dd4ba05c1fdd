import { scopes as allScopes } from "#contract/scopes.ts";
import type { Caller } from "#core/kernel/call.ts";
import { iso } from "#core/kernel/time.ts";
import { heldView, shownTo } from "./held-view.ts";
import type { Me } from "./me-contract.ts";

/** Who the caller is and what it may do, as its token's check has read it: no further read. */
export function showMe(now: number, caller: Caller): Me {
  const { id, name, rights, scopes, workspaces, credential, default_workspace = null } = caller;
  const { organizations, details, groups, grants, more_grants } = rights;
  const nameOf = new Map(Object.entries(workspaces));
  return {
    principal: { id, type: id.startsWith("usr_") ? "person" : "client", name },
    organizations: Object.entries(organizations).map(([organization_id, role]) => ({
      organization_id,
      role,
    })),
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
