import { ofWorkspace } from "#core/access/resource.ts";
import type { Call } from "#core/kernel/call.ts";
import type { Deps, TableDeps } from "#core/kernel/deps.ts";
import type { App } from "#http/context.ts";
import { serve } from "#http/serve.ts";
import { closeOrganization } from "./close-organization.ts";
import {
  closeOrganizationRoute,
  deleteWorkspaceRoute,
  listOrganizationTrashRoute,
  listTrashRoute,
  purgeItemRoute,
  restoreItemRoute,
} from "./contract.ts";
import { deleteWorkspace } from "./delete-workspace.ts";
import { listDeletedWorkspaces, listTrash } from "./list-trash.ts";
import { purgeItem } from "./purge-item.ts";
import { purgeOrganization } from "./purge-organization.ts";
import { purgeWorkspace } from "./purge-workspace.ts";
import { restoreItem } from "./restore-item.ts";
import { restoreOrganization } from "./restore-organization.ts";
import { restoreWorkspace } from "./restore-workspace.ts";

/** What was deleted. */
export function trash(app: App, deps: TableDeps & { config: Pick<Deps["config"], "trashDays"> }): void {
  serve(app, deps, {
    route: deleteWorkspaceRoute,
    resource: ofWorkspace,
    handle: async ({ params, call }) => {
      await deleteWorkspace(deps, call, params.id);
    },
  });

  serve(app, deps, {
    route: listOrganizationTrashRoute,
    organization: ({ id }) => id,
    handle: async ({ params, query }) => ({ body: await listDeletedWorkspaces(deps, params.id, query) }),
  });

  serve(app, deps, {
    route: listTrashRoute,
    resource: ofWorkspace,
    handle: async ({ params, query }) => ({ body: await listTrash(deps, params.id, query) }),
  });

  serve(app, deps, {
    route: closeOrganizationRoute,
    organization: ({ id }) => id,
    handle: async ({ params, query, call }) => {
      await closeOrganization(deps, call, params.id, query);
    },
  });

  serve(app, deps, {
    route: restoreItemRoute,
    handle: async ({ params: { id }, call }) => ({ body: await restore(deps, call, id) }),
  });

  serve(app, deps, {
    route: purgeItemRoute,
    handle: async ({ params, call }) => {
      if (params.id.startsWith("org_")) await purgeOrganization(deps, call, params.id);
      else if (params.id.startsWith("ws_")) await purgeWorkspace(deps, call, params.id);
      else await purgeItem(deps, call, params.id);
    },
  });
}

function restore(deps: TableDeps, call: Call, id: string) {
  if (id.startsWith("org_")) return restoreOrganization(deps, call, id);
  return id.startsWith("ws_") ? restoreWorkspace(deps, call, id) : restoreItem(deps, call, id);
}
