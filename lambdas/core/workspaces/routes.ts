import { ofWorkspace } from "#core/access/resource.ts";
import type { TableDeps } from "#core/kernel/deps.ts";
import {
  changeWorkspaceRoute,
  createWorkspaceRoute,
  getWorkspaceRoute,
  listWorkspacesRoute,
} from "#core/workspaces/contract.ts";
import type { App } from "#http/context.ts";
import { serve } from "#http/serve.ts";
import { changeWorkspace } from "./change-workspace.ts";
import { createWorkspace } from "./create-workspace.ts";
import { listWorkspaces } from "./list-workspaces.ts";
import { viewWorkspace } from "./view-workspace.ts";

/** Workspaces. */
export function workspaces(app: App, deps: TableDeps): void {
  serve(app, deps, {
    route: listWorkspacesRoute,
    handle: async ({ query, call }) => ({ body: await listWorkspaces(deps, call.caller, query) }),
  });

  serve(app, deps, {
    route: createWorkspaceRoute,
    handle: async ({ body, call }) => ({ body: await createWorkspace(deps, call, body) }),
  });

  serve(app, deps, {
    route: getWorkspaceRoute,
    reads: ofWorkspace.reads,
    handle: async ({ params, call }) => ({ body: await viewWorkspace(deps, call, params.id) }),
  });

  serve(app, deps, {
    route: changeWorkspaceRoute,
    resource: ofWorkspace,
    handle: async ({ params, body, call }) => ({
      body: await changeWorkspace(deps, call, params.id, body),
    }),
  });
}
