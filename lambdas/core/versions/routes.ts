import type { Deps } from "#core/kernel/deps.ts";
import type { App } from "#http/context.ts";
import { etagOf } from "#http/etag.ts";
import { preconditionsOf } from "#http/preconditions.ts";
import { readsFile, serve } from "#http/serve.ts";
import { methodOf, toBytes } from "#http/to-bytes.ts";
import {
  deleteVersionRoute,
  getVersionContentRoute,
  listVersionsRoute,
  restoreVersionRoute,
} from "./contract.ts";
import { deleteVersion } from "./delete-version.ts";
import { downloadVersion } from "./download-version.ts";
import { listVersions } from "./list-versions.ts";
import { restoreVersion } from "./restore-version.ts";

/** Versions of files. */
export function versions(app: App, deps: Deps): void {
  serve(
    app,
    deps,
    listVersionsRoute,
    async ({ params, query, call }) => ({
      status: 200,
      body: await listVersions(deps, call, params.id, query),
    }),
    readsFile,
  );

  serve(
    app,
    deps,
    getVersionContentRoute,
    async ({ params, query, call, context }) => {
      const options = { method: methodOf(context), seconds: query.expires_in };
      const version = { fileId: params.id, versionId: params.v };
      const signed = await downloadVersion(deps, call, { ...version, ...options });
      return toBytes(signed, etagOf({ version_id: params.v }));
    },
    readsFile,
  );

  serve(
    app,
    deps,
    restoreVersionRoute,
    async ({ params, headers, call }) => {
      const preconditions = preconditionsOf(headers);
      const body = await restoreVersion(deps, call, {
        fileId: params.id,
        versionId: params.v,
        preconditions,
      });
      return { status: 200, body };
    },
    { ...readsFile, headers: etagOf },
  );

  serve(
    app,
    deps,
    deleteVersionRoute,
    async ({ params, headers, call }) => {
      const preconditions = preconditionsOf(headers);
      await deleteVersion(deps, call, { fileId: params.id, versionId: params.v, preconditions });
      return { status: 204 };
    },
    readsFile,
  );
}
