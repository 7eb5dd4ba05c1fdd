import type { Deps } from "#core/kernel/deps.ts";
import type { App } from "#http/context.ts";
import { refuseCarriedHeaders } from "#http/refuse-carried-headers.ts";
import { serve } from "#http/serve.ts";
import { abortUpload } from "./abort-upload.ts";
import { abortUploadRoute, getUploadRoute, listUploadsRoute, startUploadRoute } from "./contract.ts";
import { ofUpload } from "./find-upload.ts";
import { listUploads } from "./list-uploads.ts";
import { chunkTarget } from "./next-chunk.ts";
import { sendChunkRoute, signPartsRoute } from "./parts-contract.ts";
import { signParts } from "./sign-parts.ts";
import { restartAnswer, startUpload } from "./start-upload.ts";
import { viewUpload } from "./view-upload.ts";

/** Upload sessions, and chunks by way of the API's address. */
export function uploads(app: App, deps: Deps): void {
  serve(app, deps, {
    route: startUploadRoute,
    // URLs run out, so a repeated answer holds new ones.
    replay: (recorded, call) => restartAnswer(deps, call, recorded),
    handle: async ({ body, call }) => ({ body: await startUpload(deps, call, body) }),
  });

  serve(app, deps, {
    route: signPartsRoute,
    resource: ofUpload,
    handle: async ({ params, body, call }) => ({ body: await signParts(deps, call, params.id, body) }),
  });

  serve(app, deps, {
    route: getUploadRoute,
    resource: ofUpload,
    handle: async ({ params, call }) => ({ body: await viewUpload(deps, call, params.id) }),
  });

  serve(app, deps, {
    route: listUploadsRoute,
    handle: async ({ query, call }) => ({ body: await listUploads(deps, call.caller, query) }),
  });

  serve(app, deps, {
    route: sendChunkRoute,
    resource: ofUpload,
    refuse: (context) => refuseCarriedHeaders(context.req.raw.headers),
    handle: async ({ params, query, call }) => {
      const { url } = await chunkTarget(deps, call, { uploadId: params.id, ...query });
      return { headers: { Location: url } };
    },
  });

  serve(app, deps, {
    route: abortUploadRoute,
    resource: ofUpload,
    handle: async ({ params, call }) => {
      await abortUpload(deps, call, params.id);
    },
  });
}
