import { listWorkspacesRoute } from "#core/access/contract.ts";
import { listWorkspaces } from "#core/access/list-workspaces.ts";
import type { TableDeps } from "#core/kernel/deps.ts";
import type { App } from "#http/context.ts";
import { serve } from "#http/serve.ts";

/** Workspaces. */
export function workspaces(app: App, deps: TableDeps): void {
  serve(app, deps, {
    route: listWorkspacesRoute,
    handle: async ({ query, call }) => ({ body: await listWorkspaces(deps, call.caller, query) }),
  });
}
