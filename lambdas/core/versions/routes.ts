import { ofFile } from "#core/access/resource.ts";
import type { Deps } from "#core/kernel/deps.ts";
import type { App } from "#http/context.ts";
import { etagOf } from "#http/etag.ts";
import { preconditionsOf } from "#http/preconditions.ts";
import { serve } from "#http/serve.ts";
import { methodOf, toBytes } from "#http/to-bytes.ts";
import {
  deleteVersionRoute,
  getVersionContentRoute,
  listVersionsRoute,
  restoreVersionRoute,
} from "./contract.ts";
import { deleteVersion } from "./delete-version.ts";
import { downloadVersion } from "./download-version.ts";
import { ofVersion } from "./find-version.ts";
import { listVersions } from "./list-versions.ts";
import { restoreVersion } from "./restore-version.ts";

/** Versions of files. */
export function versions(app: App, deps: Deps): void {
  serve(app, deps, {
    route: listVersionsRoute,
    resource: ofFile,
    handle: async ({ params, query, call }) => ({ body: await listVersions(deps, call, params.id, query) }),
  });

  serve(app, deps, {
    route: getVersionContentRoute,
    resource: ofVersion,
    handle: async ({ params, query, call, context }) => {
      const options = { method: methodOf(context), seconds: query.expires_in };
      const version = { fileId: params.id, versionId: params.v };
      const signed = await downloadVersion(deps, call, { ...version, ...options });
      return toBytes(signed, etagOf({ version_id: params.v }));
    },
  });

  serve(app, deps, {
    route: restoreVersionRoute,
    resource: ofFile,
    headers: etagOf,
    handle: async ({ params, headers, call }) => {
      const preconditions = preconditionsOf(headers, call);
      const body = await restoreVersion(deps, call, {
        fileId: params.id,
        versionId: params.v,
        preconditions,
      });
      return { body };
    },
  });

  serve(app, deps, {
    route: deleteVersionRoute,
    resource: ofVersion,
    handle: async ({ params, headers, call }) => {
      const preconditions = preconditionsOf(headers, call);
      await deleteVersion(deps, call, { fileId: params.id, versionId: params.v, preconditions });
    },
  });
}
