import { ofFile } from "#core/access/resource.ts";
import type { Deps } from "#core/kernel/deps.ts";
import { WharfError } from "#core/kernel/error.ts";
import type { App } from "#http/context.ts";
import { etagOf } from "#http/etag.ts";
import { preconditionsOf } from "#http/preconditions.ts";
import { serve } from "#http/serve.ts";
import { methodOf, toBytes } from "#http/to-bytes.ts";
import { changeFile } from "./change-file.ts";
import { changeFileRoute, deleteFileRoute, getContentRoute, getFileRoute } from "./contract.ts";
import { deleteFile } from "./delete-file.ts";
import { downloadFile } from "./download-file.ts";
import { fileDetailView, shownTo } from "./file-view.ts";
import { findFile } from "./find-file.ts";
import { folderToList } from "./folder-to-list.ts";
import { listFilesRoute } from "./list-contract.ts";
import { listFiles } from "./list-files.ts";

/** Folders and files. */
export function files(app: App, deps: Deps): void {
  serve(app, deps, {
    route: listFilesRoute,
    handle: async ({ params, query, call }) => {
      const { folder, path = [], ...page } = query;
      if (folder !== undefined && query.path !== undefined)
        throw new WharfError("invalid_request", "Name the folder by `folder` or by `path`, not by both.");
      const ref = folder === undefined ? { segments: path } : { folder_id: folder };
      const { folderId, trail } = await folderToList(deps, call, params.ws, ref);
      return { body: await listFiles(deps, folderId, { ...page, trail }) };
    },
  });

  serve(app, deps, {
    route: getFileRoute,
    resource: ofFile,
    headers: etagOf,
    handle: async ({ params, call }) => {
      const file = await findFile(deps, params.id, call.ahead);
      return { body: await fileDetailView(deps, file, shownTo(call)) };
    },
  });

  serve(app, deps, {
    route: getContentRoute,
    resource: ofFile,
    handle: async ({ params, query, call, context }) => {
      const options = { method: methodOf(context), seconds: query.expires_in };
      const { file, ...signed } = await downloadFile(deps, call, params.id, options);
      return toBytes(signed, etagOf(file));
    },
  });

  serve(app, deps, {
    route: changeFileRoute,
    resource: ofFile,
    headers: etagOf,
    handle: async ({ params, body, headers, call }) => ({
      body: await changeFile(deps, call, params.id, body, preconditionsOf(headers, call)),
    }),
  });

  serve(app, deps, {
    route: deleteFileRoute,
    resource: ofFile,
    handle: async ({ params, headers, call }) => {
      await deleteFile(deps, call, params.id, preconditionsOf(headers, call));
    },
  });
}
