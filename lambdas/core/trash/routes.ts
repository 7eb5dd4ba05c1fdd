import { ofWorkspace } from "#core/access/resource.ts";
import type { TableDeps } from "#core/kernel/deps.ts";
import type { App } from "#http/context.ts";
import { serve } from "#http/serve.ts";
import { listTrashRoute, purgeItemRoute, restoreItemRoute } from "./contract.ts";
import { listTrash } from "./list-trash.ts";
import { purgeItem } from "./purge-item.ts";
import { restoreItem } from "./restore-item.ts";

/** What was deleted. */
export function trash(app: App, deps: TableDeps): void {
  serve(app, deps, {
    route: listTrashRoute,
    resource: ofWorkspace,
    handle: async ({ params, query }) => ({ body: await listTrash(deps, params.id, query) }),
  });

  serve(app, deps, {
    route: restoreItemRoute,
    handle: async ({ params, call }) => ({ body: await restoreItem(deps, call, params.id) }),
  });

  serve(app, deps, {
    route: purgeItemRoute,
    handle: async ({ params, call }) => {
      await purgeItem(deps, call, params.id);
    },
  });
}
