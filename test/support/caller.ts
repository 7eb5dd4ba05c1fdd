/** Callers and calls for tests that call verbs themselves, with the rights that the owner of a workspace has. */
import { keys, nameOfKey } from "#aws/keys.ts";
import { actionsOfRole } from "#contract/roles.ts";
import { actionsOf, scopes as allScopes, type Scope } from "#contract/scopes.ts";
import { rootFolder } from "#core/access/place.ts";
import { FIRST_ORGANIZATION } from "#core/access/records.ts";
import type { Call, Caller } from "#core/kernel/call.ts";
import type { Allowed } from "#core/kernel/rights.ts";
import { iso } from "#core/kernel/time.ts";

interface Given {
  id: string;
  name?: string;
  workspaceId: string;
  workspaceName?: string;
  scopes?: Iterable<Scope>;
}

/** A client that owns one workspace, which came with its token: its last call was about the same. */
export function callerOf({
  id,
  name = "ci",
  workspaceId,
  workspaceName = name,
  scopes = allScopes,
}: Given): Caller & { default_workspace: string } {
  const place = { workspace_id: workspaceId, root_folder: rootFolder(workspaceId) };
  return {
    ...{ id, name, scopes: new Set(scopes) },
    default_workspace: workspaceId,
    workspaces: { [workspaceId]: workspaceName },
    met: new Map([
      [nameOfKey(keys.workspace(workspaceId)), { ...place, name: workspaceName, created_at: iso(0) }],
      [nameOfKey(keys.organization(FIRST_ORGANIZATION)), undefined],
    ]),
    rights: {
      organizations: { [FIRST_ORGANIZATION]: "guest" },
      grants: [
        {
          grant_id: `grt_${id.slice(4)}`,
          on: workspaceId,
          workspace_id: workspaceId,
          role: "owner",
          actions: actionsOfRole("owner"),
        },
      ],
      more_grants: false,
      groups: [],
    },
  };
}

/** What `serve` would have decided for such a caller. */
function wholeAccess({ scopes, default_workspace = "" }: ReturnType<typeof callerOf>): Allowed {
  const sees = scopes.has("files:read") || scopes.has("admin");
  const has = new Set(actionsOfRole("owner"));
  const workspace = { workspace_id: default_workspace, organization_id: FIRST_ORGANIZATION, epoch: 0 };
  return {
    allowed: true,
    own: !sees,
    sees,
    blind: false,
    has,
    onOwn: actionsOf(scopes),
    trail: [],
    workspace,
  };
}

/** A call of such a client. */
export function callBy(given: Given, requestId = "test"): Call & { caller: { default_workspace: string } } {
  const caller = callerOf(given);
  return { caller, requestId, record: () => [], access: wholeAccess(caller) };
}
