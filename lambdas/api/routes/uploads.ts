import * as z from "zod";
import { path, type Scope } from "#contract/common.ts";
import { mediaType } from "#core/content/contract.ts";
import { finalizeAnswer, finalizeUploadRoute, uploadFileRoute } from "#core/finalize/contract.ts";
import { type Demands, finalizeUpload } from "#core/finalize/finalize-upload.ts";
import { withoutLink } from "#core/finalize/upload-end.ts";
import { uploadFile } from "#core/finalize/upload-file.ts";
import type { Deps } from "#core/kernel/deps.ts";
import { abortUpload } from "#core/uploads/abort-upload.ts";
import {
  abortUploadRoute,
  getUploadRoute,
  sendChunkRoute,
  signPartsRoute,
  startUploadRoute,
} from "#core/uploads/contract.ts";
import { chunkTarget } from "#core/uploads/next-chunk.ts";
import { signParts } from "#core/uploads/sign-parts.ts";
import { restartAnswer, startUpload } from "#core/uploads/start-upload.ts";
import { viewUpload } from "#core/uploads/view-upload.ts";
import { etagOf } from "../etag.ts";
import { typeAsSent } from "../form.ts";
import { preconditionsOf } from "../preconditions.ts";
import { refuseCarriedHeaders } from "../refuse-carried-headers.ts";
import { type App, check, serve } from "../serve.ts";

/** Upload sessions, chunks by way of the API's address, and small files in one request. */
export function uploads(app: App, deps: Deps): void {
  serve(
    app,
    deps,
    startUploadRoute,
    async ({ body, call }) => ({ status: 201, body: await startUpload(deps, call, body) }),
    {
      // URLs run out, so a repeated answer holds new ones.
      replay: (recorded, call) => restartAnswer(deps, call, recorded),
    },
  );

  serve(app, deps, signPartsRoute, async ({ params, body, call }) => ({
    status: 200,
    body: await signParts(deps, call, params.id, body),
  }));

  serve(app, deps, getUploadRoute, async ({ params, call }) => ({
    status: 200,
    body: await viewUpload(deps, call, params.id),
  }));

  serve(app, deps, sendChunkRoute, async ({ params, query, call, context }) => {
    refuseCarriedHeaders(context.req.raw.headers);
    const { url } = await chunkTarget(deps, call, { uploadId: params.id, ...query });
    return { status: 307, headers: { Location: url } };
  });

  serve(
    app,
    deps,
    finalizeUploadRoute,
    async ({ params, body, headers, call }) => ({
      status: 200,
      body: await finalizeUpload(deps, call, params.id, body, demandsOf(headers)),
    }),
    { headers: etagOf, replay: finished },
  );

  serve(app, deps, abortUploadRoute, async ({ params, call }) => {
    await abortUpload(deps, call, params.id);
    return { status: 204 };
  });

  serve(
    app,
    deps,
    uploadFileRoute,
    async ({ body, headers, call }) => {
      const { file, ...rest } = body;
      const { filename, content_type } = described(file);
      const small = { ...rest, filename, content_type, bytes: await file.bytes() };
      return { status: 200, body: await uploadFile(deps, call, small, demandsOf(headers)) };
    },
    { headers: etagOf, replay: finished },
  );
}

/** A recorded answer; its link is for tokens that may know of it. */
async function finished(recorded: unknown, _: unknown, lacking: readonly Scope[]) {
  const answer = finalizeAnswer.parse(recorded);
  return lacking.some((scope) => LINK_SCOPES.has(scope)) ? withoutLink(answer) : answer;
}

/** What decides whether a token may know of an upload's link. */
const LINK_SCOPES: ReadonlySet<Scope> = new Set(["shares:write", "files:read", "admin"]);

function demandsOf(
  headers: Parameters<typeof preconditionsOf>[0] & { "If-None-Match"?: "*" | undefined },
): Demands {
  return { ...preconditionsOf(headers), createOnly: headers["If-None-Match"] === "*" };
}

/** Name and type of a form's file. */
function described(file: File): { filename: string; content_type: string | undefined } {
  const { file: filename } = check(z.object({ file: path }), { file: file.name }, "body");
  const { data } = mediaType.safeParse(typeAsSent(file));
  return { filename, content_type: data?.toLowerCase() === UNKNOWN_TYPE ? undefined : data };
}

/** How senders of forms say that they know no type (RFC 7578, 4.4), as fetch does for every file that Node opens. */
const UNKNOWN_TYPE = "application/octet-stream";
