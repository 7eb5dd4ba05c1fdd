import { rightsAt } from "#core/access/authorize.ts";
import { hasThere } from "#core/access/decide.ts";
import { locateWorkspace } from "#core/access/place.ts";
import type { Call } from "#core/kernel/call.ts";
import type { TableDeps } from "#core/kernel/deps.ts";
import { notFound } from "#core/kernel/error.ts";
import { workspaceView } from "./workspace-view.ts";

/**
 * A workspace for whoever may list it, as lists of workspaces have it: a token with `workspaces:read` need not see files.
 *
 * @throws WharfError not_found
 */
export async function viewWorkspace(deps: TableDeps, { caller, ahead = [], decided }: Call, id: string) {
  decided?.();
  const whole = await rightsAt(deps, caller, locateWorkspace(ahead, id));
  if (whole === undefined) throw notFound("workspace", id);
  const { scopes, rights } = caller;
  const asker = { scopes, details: rights.details, now: deps.now(), role: whole.role, grants: whole.grants };
  if (!hasThere(asker, whole.place).has("list")) throw notFound("workspace", id);
  return workspaceView(whole.workspace, caller);
}
