import { findWorkspace } from "#core/access/find-workspace.ts";
import type { Deps } from "#core/kernel/deps.ts";
import { WharfError } from "#core/kernel/error.ts";
import type { App } from "#http/context.ts";
import { etagOf } from "#http/etag.ts";
import { preconditionsOf } from "#http/preconditions.ts";
import { namedFile, serve } from "#http/serve.ts";
import { methodOf, toBytes } from "#http/to-bytes.ts";
import { changeFile } from "./change-file.ts";
import {
  changeFileRoute,
  deleteFileRoute,
  getContentRoute,
  getFileRoute,
  listFilesRoute,
} from "./contract.ts";
import { deleteFile } from "./delete-file.ts";
import { downloadFile } from "./download-file.ts";
import { fileDetailView } from "./file-view.ts";
import { findFile } from "./find-file.ts";
import { findFolder } from "./find-folder.ts";
import { listFiles } from "./list-files.ts";

/** Folders and files. */
export function files(app: App, deps: Deps): void {
  serve(app, deps, {
    route: listFilesRoute,
    handle: async ({ params, query, call }) => {
      const { folder, path = [], ...page } = query;
      if (folder !== undefined && query.path !== undefined)
        throw new WharfError("invalid_request", "Name the folder by `folder` or by `path`, not by both.");
      const workspaceId = await findWorkspace(deps, call.caller, params.ws);
      const ref = folder === undefined ? { segments: path } : { folder_id: folder };
      return { body: await listFiles(deps, await findFolder(deps, workspaceId, ref), page) };
    },
  });

  serve(app, deps, {
    route: getFileRoute,
    reads: namedFile,
    headers: etagOf,
    handle: async ({ params, call }) => {
      const file = await findFile(deps, call.caller, params.id, "read", call.ahead);
      return { body: await fileDetailView(deps, file) };
    },
  });

  serve(app, deps, {
    route: getContentRoute,
    reads: namedFile,
    handle: async ({ params, query, call, context }) => {
      const options = { method: methodOf(context), seconds: query.expires_in };
      const { file, ...signed } = await downloadFile(deps, call, params.id, options);
      return toBytes(signed, etagOf(file));
    },
  });

  serve(app, deps, {
    route: changeFileRoute,
    reads: namedFile,
    headers: etagOf,
    handle: async ({ params, body, headers, call }) => ({
      body: await changeFile(deps, call, params.id, body, preconditionsOf(headers)),
    }),
  });

  serve(app, deps, {
    route: deleteFileRoute,
    reads: namedFile,
    handle: async ({ params, headers, call }) => {
      await deleteFile(deps, call, params.id, preconditionsOf(headers));
    },
  });
}
