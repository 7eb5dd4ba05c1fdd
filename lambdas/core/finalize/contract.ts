/** How uploads end: by finalize, or in one request. */

import * as z from "zod";
import {
  clampedLink,
  DEFAULT_EXPIRE_IN,
  distinct,
  EXPIRE_IN,
  EXPIRE_IN_SAYS,
  expireIn,
  given,
  id,
  mismatch,
  orNull,
  orTime,
  wholeNumber,
  without,
} from "#contract/common.ts";
import { checksums, declaredType } from "#contract/content.ts";
import { ULID } from "#contract/event-info.ts";
import { fence, fenceErrors, ifNoneMatchAny } from "#contract/headers.ts";
import { defineRoute } from "#contract/route.ts";
import { checksum } from "#core/content/contract.ts";
import { DOWNLOADS, linkPassword, maxDownloads } from "#core/links/contract.ts";
import {
  ifExists,
  intoFolder,
  intoWorkspace,
  place,
  places,
  refuseStrayPlaces,
} from "#core/uploads/contract.ts";
import { MAX_DIRECT_BYTES, MAX_PARTS, MIB } from "#core/uploads/limits.ts";
import { closed, partNumber } from "#core/uploads/parts-contract.ts";

const SHARE_SAYS =
  "`false`: no link. Unless said one is made where the token may make it, the policy doesn't ask for more (`links.on_upload`), and it takes a link like that.";

/** Terms of the link that are given and `share: false`, which makes none. */
function strayTerms({ share, expire_in, max_downloads, password }: Record<string, unknown>): string[] {
  if (share !== false) return [];
  return Object.entries({ expire_in, max_downloads, password })
    .filter(([, value]) => value !== undefined)
    .map(([name]) => `has ${name}, which is a link's, and share: false, which makes none`);
}

/** The same for who reads the schema. */
const noStrayTerms = given(
  { required: ["share"], properties: { share: { const: false } } },
  without("expire_in", "max_downloads", "password"),
);

const refuseStrayTerms = (given: Record<string, unknown>, context: z.core.$RefinementCtx) => {
  for (const message of strayTerms(given)) context.addIssue({ code: "custom", message });
};

const finalizeRequest = z
  .strictObject({
    expire_in: expireIn.optional().meta({
      description: `${EXPIRE_IN_SAYS}. Unless said here or at the start ${DEFAULT_EXPIRE_IN} (a day), or what the policy says.`,
    }),
    max_downloads: maxDownloads.optional(),
    password: linkPassword.optional(),
    parts: distinct(
      z
        .strictObject({
          part_number: partNumber,
          etag: z
            .string()
            .max(128)
            .meta({ description: "`ETag` of S3's answer to the part, with its quotes or without." }),
        })
        .meta({ id: "SentPart" }),
      { max: MAX_PARTS, key: ({ part_number }) => part_number },
    )
      .optional()
      .meta({ description: "What you sent, to be compared with what S3 holds." }),
    checksum: checksum.optional(),
    share: z.boolean().optional().meta({ description: SHARE_SAYS }),
  })
  .superRefine(refuseStrayTerms)
  .meta(noStrayTerms);

export type FinalizeRequest = z.infer<typeof finalizeRequest>;

export const finalizeAnswer = z
  .object({
    upload_id: id("upl"),
    file_id: id("file"),
    version_id: id("ver"),
    status: z.literal("ready").meta({ description: "The file is there and can be downloaded." }),
    workspace_id: id("ws"),
    folder_id: id("fld"),
    name: z
      .string()
      .meta({ description: "The file's name without folders; `if_exists: rename` may have chosen another." }),
    size: z.int().meta({ description: "Bytes of the whole file, as S3 counted them." }),
    content_type: declaredType,
    ...checksums,
    mismatch: mismatch.optional(),
    share_url: orNull(
      z.string(),
      "The link, for whoever is to download the file; `null` where none was made or shown.",
    ),
    share_id: orNull(id("shr"), "The link's id, by which it is revoked; `null` where there is none."),
    expires_at: orTime("When the link dies; `null` where there is none, or where it has no end."),
    clamped: clampedLink.optional(),
  })
  .meta({ id: "FinishedUpload" });

export type FinalizeAnswer = z.infer<typeof finalizeAnswer>;

/** A form's fields are text. */
const formSeconds = wholeNumber("seconds", EXPIRE_IN).meta({
  description: `Seconds that the link lives, as far as the policy allows; ${DEFAULT_EXPIRE_IN} unless said.`,
});

const formDownloads = wholeNumber("downloads", DOWNLOADS).meta({
  description: "Downloads after which the link is used up; unlimited unless said.",
});

const formBoolean = z.enum(["true", "false"]).transform((value) => value === "true");

const directRequest = z
  .strictObject({
    file: z.file().meta({
      description: `The bytes, ${MAX_DIRECT_BYTES / MIB} MiB at most, with a file name that may hold folders.`,
    }),
    workspace: intoWorkspace.optional(),
    path: intoFolder.optional(),
    ...places,
    expire_in: formSeconds.optional(),
    max_downloads: formDownloads.optional(),
    password: linkPassword.optional(),
    share: formBoolean.optional().meta({ description: SHARE_SAYS }),
    if_exists: ifExists.default("version"),
  })
  .superRefine(refuseStrayTerms)
  .superRefine((direct, context) => {
    refuseStrayPlaces(direct, context);
  });

const tag = "Uploads";

const params = { id: id("upl") };

const etag = { ETag: "The new version's id, quoted." };

const demands = { ...fence, "If-None-Match": ifNoneMatchAny.optional() };

const commitErrors = [
  "checksum_mismatch",
  "type_mismatch",
  "policy_denied",
  "name_taken",
  ...fenceErrors,
  "conflict",
  "password_limit",
] as const;

const finished: FinalizeAnswer = {
  upload_id: `upl_${ULID}`,
  file_id: `file_${ULID}`,
  version_id: `ver_${ULID}`,
  status: "ready",
  ...place,
  size: 48_213,
  content_type: "application/pdf",
  crc32: "89e96cae",
  share_url: "https://files.example.com/s/AAAAAAAAAAAAAAAAAAAAAA",
  share_id: `shr_${ULID}`,
  expires_at: "2026-01-02T00:00:00.000Z",
};

export const finalizeUploadRoute = defineRoute({
  id: "finalizeUpload",
  method: "POST",
  path: "/v1/uploads/{id}/finalize",
  summary: "Make the file of its parts",
  description:
    "The file appears at once or not at all. Repeating it gives the same answer and the same link; once there is a file, a request on other terms (`share`, `expire_in`, `max_downloads`, `password`, or a `checksum` that the file hasn't) is 409 `terms_mismatch`, with their names in `terms`. S3 may take minutes for many parts: 503 `finalizing` asks to send the same request again. Where the token may make links (`shares:write`) it gets one unless `share` is false; a repeat shows the link only to a token that may make one. Without `files:read` the link is bound to this version.",
  tag,
  access: { action: "create", on: "upload" },
  uploadToken: true,
  params,
  body: finalizeRequest,
  headers: demands,
  responses: { 200: { description: "The file is ready", schema: finalizeAnswer, headers: etag } },
  errors: [
    "not_found",
    ...closed,
    ...commitErrors,
    "terms_mismatch",
    "parts_missing",
    "size_mismatch",
    "chunk_too_small",
    "checksum_unsupported",
  ],
  example: { request: { expire_in: 86_400 }, response: finished },
});

export const uploadFileRoute = defineRoute({
  id: "uploadFile",
  method: "POST",
  path: "/v1/files/upload",
  summary: "Upload a small file in one request",
  description:
    "At most 4 MiB; larger files go to POST /v1/uploads. With `file_id` the file keeps its name, and the form's counts for nothing. The file's name is read as its sender wrote it: `%22`, backslashes, RFC 2047 or `filename*`. Text is UTF-8.",
  tag,
  access: { action: "create", decides: "the form names the place, which may be a file or not be there yet" },
  body: directRequest,
  bodyType: "multipart/form-data",
  headers: demands,
  responses: { 200: { description: "The file is ready", schema: finalizeAnswer, headers: etag } },
  errors: [
    "not_found",
    "workspace_ambiguous",
    ...commitErrors,
    ...(["payload_too_large", "unsupported_media_type", "grant_limit"] as const),
  ],
  example: { response: finished },
});
