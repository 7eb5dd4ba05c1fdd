import { ofWorkspace } from "#core/access/resource.ts";
import type { Deps, TableDeps } from "#core/kernel/deps.ts";
import type { App } from "#http/context.ts";
import { serve } from "#http/serve.ts";
import {
  deleteWorkspaceRoute,
  listOrganizationTrashRoute,
  listTrashRoute,
  purgeItemRoute,
  restoreItemRoute,
} from "./contract.ts";
import { deleteWorkspace } from "./delete-workspace.ts";
import { listDeletedWorkspaces, listTrash } from "./list-trash.ts";
import { purgeItem } from "./purge-item.ts";
import { purgeWorkspace } from "./purge-workspace.ts";
import { restoreItem } from "./restore-item.ts";
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
    route: restoreItemRoute,
    handle: async ({ params: { id }, call }) => ({
      body: id.startsWith("ws_") ? await restoreWorkspace(deps, call, id) : await restoreItem(deps, call, id),
    }),
  });

  serve(app, deps, {
    route: purgeItemRoute,
    handle: async ({ params, call }) => {
      if (params.id.startsWith("ws_")) await purgeWorkspace(deps, call, params.id);
      else await purgeItem(deps, call, params.id);
    },
  });
}
