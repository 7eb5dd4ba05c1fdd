import * as z from "zod";
import { path } from "#contract/common.ts";
import { mediaType } from "#core/content/contract.ts";
import { finalizeUploadRoute, uploadFileRoute } from "#core/finalize/contract.ts";
import { type Demands, finalizeUpload } from "#core/finalize/finalize-upload.ts";
import { finishAgain } from "#core/finalize/finish-again.ts";
import { uploadFile } from "#core/finalize/upload-file.ts";
import type { Deps } from "#core/kernel/deps.ts";
import { ofUpload } from "#core/uploads/find-upload.ts";
import { check } from "#http/check.ts";
import type { App } from "#http/context.ts";
import { etagOf } from "#http/etag.ts";
import { typeAsSent } from "#http/form.ts";
import { preconditionsOf } from "#http/preconditions.ts";
import { serve } from "#http/serve.ts";

/** How uploads end, and small files in one request. */
export function finalizes(app: App, deps: Deps): void {
  serve(app, deps, {
    route: finalizeUploadRoute,
    resource: ofUpload,
    wholeAccess: true,
    headers: etagOf,
    replay: async (recorded, _, lacking) => finishAgain(recorded, lacking),
    handle: async ({ params, body, headers, call }) => ({
      body: await finalizeUpload(deps, call, params.id, body, demandsOf(headers)),
    }),
  });

  serve(app, deps, {
    route: uploadFileRoute,
    headers: etagOf,
    replay: async (recorded, _, lacking) => finishAgain(recorded, lacking),
    handle: async ({ body, headers, call }) => {
      const { file, ...rest } = body;
      const { filename, content_type } = described(file);
      const small = { ...rest, filename, content_type, bytes: await file.bytes() };
      return { body: await uploadFile(deps, call, small, demandsOf(headers)) };
    },
  });
}

function demandsOf(
  headers: Parameters<typeof preconditionsOf>[0] & { "If-None-Match"?: "*" | undefined },
): Demands {
  return { ...preconditionsOf(headers, {}), createOnly: headers["If-None-Match"] === "*" };
}

/** Name and type of a form's file. */
function described(file: File): { filename: string; content_type: string | undefined } {
  const { file: filename } = check(z.object({ file: path }), { file: file.name }, "body");
  const { data } = mediaType.safeParse(typeAsSent(file));
  return { filename, content_type: data?.toLowerCase() === UNKNOWN_TYPE ? undefined : data };
}

/** How senders of forms say that they know no type (RFC 7578, 4.4), as fetch does for every file that Node opens. */
const UNKNOWN_TYPE = "application/octet-stream";
