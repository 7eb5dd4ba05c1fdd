import { ACCEPTED } from "#contract/route.ts";
import { ofFolder } from "#core/access/resource.ts";
import { listFiles } from "#core/files/list-files.ts";
import type { Deps } from "#core/kernel/deps.ts";
import type { App } from "#http/context.ts";
import { serve } from "#http/serve.ts";
import { changeFolder } from "./change-folder.ts";
import {
  changeFolderRoute,
  createFolderRoute,
  deleteFolderRoute,
  getFolderRoute,
  listChildrenRoute,
  resolvePathRoute,
} from "./contract.ts";
import { createFolder } from "./create-folder.ts";
import { deleteFolder } from "./delete-folder.ts";
import { resolvePath } from "./resolve-path.ts";
import { showFolder } from "./show-folder.ts";

/** Folders. */
export function folders(app: App, deps: Deps): void {
  serve(app, deps, {
    route: createFolderRoute,
    handle: async ({ params, body, call }) => ({ body: await createFolder(deps, call, params.ws, body) }),
  });

  serve(app, deps, {
    route: getFolderRoute,
    resource: ofFolder,
    handle: async ({ params, call }) => ({ body: await showFolder(deps, call, params.id) }),
  });

  serve(app, deps, {
    route: changeFolderRoute,
    resource: ofFolder,
    wholeAccess: true,
    handle: async ({ params, body, call }) => {
      const changed = await changeFolder(deps, call, params.id, body);
      return "state" in changed ? { instead: ACCEPTED, body: changed } : { body: changed };
    },
  });

  serve(app, deps, {
    route: deleteFolderRoute,
    resource: ofFolder,
    handle: async ({ params, call }) => {
      await deleteFolder(deps, call, params.id);
    },
  });

  serve(app, deps, {
    route: listChildrenRoute,
    resource: ofFolder,
    handle: async ({ params, query, call }) => ({
      body: await listFiles(deps, params.id, { ...query, trail: call.access?.trail ?? [] }),
    }),
  });

  serve(app, deps, {
    route: resolvePathRoute,
    handle: async ({ params, query, call }) => ({
      body: await resolvePath(deps, call, params.ws, query.path),
    }),
  });
}
