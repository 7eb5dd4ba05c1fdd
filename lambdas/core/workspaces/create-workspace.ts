import { authorizeOrganization, epochIn } from "#core/access/authorize-organization.ts";
import type { Call } from "#core/kernel/call.ts";
import type { TableDeps } from "#core/kernel/deps.ts";
import { WharfError } from "#core/kernel/error.ts";
import type { NewWorkspaceRequest } from "./contract.ts";
import { makeWorkspace } from "./make-workspace.ts";
import { workspaceView } from "./workspace-view.ts";

/**
 * Makes a workspace of an organization, which the caller owns by a grant.
 *
 * @throws WharfError not_found, forbidden of the organization; name_taken where the caller has made one of the name;
 * grant_limit, conflict as of any grant.
 */
export async function createWorkspace(
  deps: TableDeps,
  call: Call,
  { name, organization: named, member_access }: NewWorkspaceRequest,
) {
  const { caller } = call;
  const organization = await authorizeOrganization(deps, call, named, "workspaces");
  const viewOf = (workspace_id: string) =>
    workspaceView({ workspace_id, name, organization_id: organization, member_access }, caller);
  const epoch = epochIn(caller, organization);
  const wanted = { name, owner: caller.id, organization, epoch, member_access };
  const { made, taken } = await makeWorkspace(deps, wanted, (id) => call.record(viewOf(id)));
  if (made === undefined) throw nameTaken(name, taken);
  return viewOf(made);
}

/** For a workspace whose owner has another of the name. */
export function nameTaken(name: string, workspaceId?: string): WharfError {
  const which = workspaceId === undefined ? "" : `, ${workspaceId}`;
  return new WharfError(
    "name_taken",
    `Whoever made this workspace has one named ${JSON.stringify(name)} already${which}. Choose another name.`,
    { name, kind: "workspace" },
  );
}
