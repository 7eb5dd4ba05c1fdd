/** Upload sessions. */
import * as z from "zod";
import {
  at,
  distinct,
  expireIn,
  given,
  id,
  MAX_PATH_BYTES,
  page,
  path,
  without,
  workspaceRef,
} from "#contract/common.ts";
import { isAllowed, metadata } from "#contract/content.ts";
import { ULID } from "#contract/event-info.ts";
import { defineRoute } from "#contract/route.ts";
import { scopesFor } from "#contract/scopes.ts";
import { checksum, mediaType } from "#core/content/contract.ts";
import { folderPath } from "#core/files/contract.ts";
import {
  FIRST_WINDOW,
  FORM_SESSION_HOURS,
  GIB,
  MAX_FORM_BYTES,
  MAX_PART_SIZE,
  MAX_SIZE,
  MIB,
  MIN_PART_SIZE,
  SESSION_DAYS,
} from "./limits.ts";
import { partRanges, partUrl, urlsEnd } from "./parts-contract.ts";

export const ifExists = z.enum(["version", "fail", "rename"]).meta({
  id: "IfExists",
  description:
    "What happens where the name is taken: `version` makes a new version, `fail` refuses (409), `rename` takes `name (1).ext`.",
});

export const intoWorkspace = workspaceRef.meta({
  description:
    "Id or name of the workspace; the client's own unless said. A name that is free makes a new one.",
});

export const intoFolder = folderPath.meta({
  description: "Folder that the file's name is relative to, e.g. `reports/2026`; `/`, the root, unless said.",
});

export const places = {
  folder_id: id("fld")
    .optional()
    .meta({ description: "A folder by its id; `path` and the folders of the name are relative to it." }),
  file_id: id("file")
    .optional()
    .meta({ description: "A file by its id: this becomes a new version of it, wherever it is." }),
};

/** What says where a new file goes. */
const PLACES = ["workspace", "path", "folder_id"];

/** What can't stand beside `file_id`. */
export function refuseStrayPlaces(
  { file_id, if_exists, ...others }: Record<string, unknown>,
  context: z.core.$RefinementCtx,
): void {
  if (file_id === undefined) return;
  const stray = PLACES.filter((name) => others[name] !== undefined);
  if (if_exists !== "version") stray.push("if_exists");
  for (const name of stray)
    context.addIssue({ code: "custom", path: [name], message: "can't stand beside file_id; leave it out" });
}

/** What can't stand beside `form: true`, each with why. */
function strayOfForm({
  form,
  part_size,
  expire_in,
  size = 0,
  checksum,
}: {
  form?: boolean | undefined;
  part_size?: number | undefined;
  expire_in?: number | null | undefined;
  size?: number | undefined;
  checksum?: { sha256?: string | undefined } | undefined;
}): [path: string[], message: string][] {
  if (form !== true) return [];
  const stray: [string[], string][] = [];
  if (part_size !== undefined) stray.push([["part_size"], "can't stand beside form, which has no parts"]);
  if (expire_in !== undefined)
    stray.push([
      ["expire_in"],
      "can't stand beside form, which makes no link; make one when there is a file",
    ]);
  if (size > MAX_FORM_BYTES)
    stray.push([
      ["size"],
      `is more than the ${MAX_FORM_BYTES} bytes of a form; leave form out and send parts`,
    ]);
  if (checksum?.sha256 !== undefined)
    stray.push([["checksum", "sha256"], "can't be verified of a form; send crc32 or crc32c"]);
  return stray;
}

/** Where what is stored is bounded: the size is known, or a form is signed for it. */
const SIZED = {
  anyOf: [{ required: ["size"] }, { required: ["form"], properties: { form: { const: true } } }],
};

/** What contradicts `restrict` or `upload_token`, each with why. */
function strayOfRestrict({
  form,
  size,
  content_type,
  restrict: { max_bytes, types } = {},
  upload_token,
  upload_token_expires_in,
}: {
  form?: boolean | undefined;
  size?: number | undefined;
  content_type?: string | undefined;
  restrict?: { max_bytes?: number | undefined; types?: string[] | undefined } | undefined;
  upload_token?: boolean | undefined;
  upload_token_expires_in?: number | undefined;
}): [path: string[], message: string][] {
  const stray: [string[], string][] = [];
  const bound = max_bytes === undefined ? "upload_token" : "restrict.max_bytes";
  const isBound = max_bytes !== undefined || upload_token === true;
  if (isBound && size === undefined && form !== true)
    stray.push([["size"], `is needed beside ${bound}, or form: true`]);
  if (upload_token !== true && upload_token_expires_in !== undefined)
    stray.push([
      ["upload_token_expires_in"],
      "is of an upload token; send upload_token: true, or leave it out",
    ]);
  if (max_bytes !== undefined && size !== undefined && size > max_bytes)
    stray.push([["size"], `is more than the ${max_bytes} bytes of restrict.max_bytes`]);
  if (types !== undefined && content_type !== undefined && !isAllowed(content_type, types))
    stray.push([["content_type"], `is none of restrict.types: ${types.join(", ")}`]);
  return stray;
}

const restrict = z
  .strictObject({
    max_bytes: z.int().min(0).max(MAX_SIZE).optional().meta({
      description:
        "Bytes that the file has at most. `size` is needed beside it, or `form`: part URLs then take each part's planned length alone, so that whoever has them can't store more.",
    }),
    types: distinct(
      z
        .string()
        .max(127)
        .regex(/^[a-z0-9][\w!#$&^.+-]*\/(\*|[a-z0-9][\w!#$&^.+-]*)$/, {
          message: "must be a media type in lower case such as application/pdf, or all of a kind, image/*",
        }),
      { min: 1, max: 20 },
    )
      .optional()
      .meta({
        description:
          "Media types that the file may have, such as `application/pdf` or `image/*`. A declared one is judged at the start, what the bytes are at finalize (422 `type_mismatch`), whatever the stage lets pass.",
      }),
  })
  .refine(({ max_bytes, types }) => (max_bytes ?? types) !== undefined, {
    message: "needs max_bytes or types",
  })
  .meta({
    id: "UploadRestriction",
    minProperties: 1,
    description: "What the file is held to, whoever sends its bytes and however. It can't be changed.",
  });

export const startRequest = z
  .strictObject({
    filename: path.optional().meta({
      description: `The file's name, with the folders before it if you like; they are made with the file. The whole path has ${MAX_PATH_BYTES.toLocaleString("en-US")} bytes at most. Folders that begin as an id does (\`fld_\`, \`job_\` …) need a \`path\` or \`folder_id\` beside them.`,
    }),
    size: z.int().min(0).max(MAX_SIZE).optional().meta({
      description: "Bytes of the whole file. Left out where it isn't known yet: parts are open-ended then.",
    }),
    content_type: mediaType
      .optional()
      .meta({ description: "Follows from the extension or the bytes unless said." }),
    workspace: intoWorkspace.optional(),
    path: intoFolder.optional(),
    ...places,
    if_exists: ifExists.default("version"),
    part_size: z
      .int()
      .min(MIN_PART_SIZE)
      .max(MAX_PART_SIZE)
      .optional()
      .meta({ description: "Bytes of each part but the last. Follows from `size` unless said." }),
    checksum: checksum.optional(),
    metadata: metadata.optional(),
    expire_in: expireIn.optional().meta({
      description:
        "Seconds that the link lives which finalize makes, unless that says otherwise: refused here and not after all bytes were sent.",
    }),
    restrict: restrict.optional(),
    upload_token: z.boolean().optional().meta({
      description:
        "`true`: the answer has an `upload_token` by which somebody else goes on with this upload: its parts, state, finalize and abort, and nothing else. `size` is needed beside it, or `form`, since it bounds what can be stored as `restrict.max_bytes` does.",
    }),
    upload_token_expires_in: z
      .int()
      .min(60)
      .max(SESSION_DAYS * 86_400)
      .optional()
      .meta({ description: "Seconds that the upload token lives; as long as the session unless said." }),
    form: z
      .boolean()
      .optional()
      .meta({
        description: `\`true\`: the file comes by one POST of a form to S3, as HTML forms and \`curl -F\` send it, ${MAX_FORM_BYTES / GIB} GiB at most, and becomes a file by itself, without a link. Not with \`part_size\`, \`expire_in\` or a \`sha256\`.`,
      }),
  })
  .superRefine((start, context) => {
    const complain = (message: string) => context.addIssue({ code: "custom", path: ["filename"], message });
    if (start.file_id === undefined && start.filename === undefined) complain("is needed, or file_id");
    if (start.file_id !== undefined && start.filename !== undefined)
      complain("can't stand beside file_id, whose file has a name; leave it out");
    refuseStrayPlaces(start, context);
    for (const [path, message] of [...strayOfForm(start), ...strayOfRestrict(start)])
      context.addIssue({ code: "custom", path, message });
  })
  .meta({
    ...given(
      { required: ["file_id"] },
      { properties: { ...without("filename", ...PLACES).properties, if_exists: { const: "version" } } },
      { required: ["filename"] },
    ),
    allOf: [
      given(
        { required: ["form"], properties: { form: { const: true } } },
        {
          properties: {
            ...without("part_size", "expire_in").properties,
            size: { maximum: MAX_FORM_BYTES },
            checksum: without("sha256"),
          },
        },
      ),
      given({ required: ["restrict"], properties: { restrict: { required: ["max_bytes"] } } }, SIZED),
      given(
        { required: ["upload_token"], properties: { upload_token: { const: true } } },
        SIZED,
        without("upload_token_expires_in"),
      ),
    ],
    // S3 verifies a SHA-256 of one part alone.
    dependentSchemas: {
      checksum: given(
        { properties: { checksum: { required: ["sha256"] } } },
        { properties: { size: { maximum: MAX_PART_SIZE } } },
      ),
    },
  });

export type StartRequest = z.infer<typeof startRequest>;

const futureFolder = id("fld")
  .optional()
  .meta({ description: "None where the folder isn't there yet: it is made with the file." });

const futureName = z.string().meta({
  description: "The file's name without folders, as it will be; `if_exists: rename` may have chosen another.",
});

const partSize = z.int().meta({ description: "Bytes of each part but the last." });

const partCount = z.int().meta({ description: "Parts in all, where the size is known." });

const sessionEnd = at(
  `When the session ends and what was sent is removed: ${SESSION_DAYS} days after its start, a form's ${FORM_SESSION_HOURS} hours`,
);

export const startAnswer = z
  .object({
    upload_id: id("upl"),
    file_id: id("file"),
    workspace_id: id("ws"),
    folder_id: futureFolder,
    name: futureName,
    part_size: partSize,
    part_count: partCount.optional(),
    expires_at: sessionEnd,
    parts: z
      .array(partUrl)
      .meta({ description: `The first ${FIRST_WINDOW} parts at most; ask \`…/parts\` for more.` }),
    urls_expire_at: urlsEnd,
    upload_token: z.string().optional().meta({
      description:
        "For whoever goes on with this upload (`whu_…`), in `Authorization: Bearer …`. Shown this once, and to a repeat under the same Idempotency-Key.",
    }),
    upload_token_expires_at: at("When the upload token ends").optional(),
    url: z.string().optional().meta({
      description: "Of a form: POST it there as `multipart/form-data`, without `Authorization`.",
    }),
    fields: z.record(z.string(), z.string()).optional().meta({
      description:
        "Of a form: its fields, each as it stands, before the file, which comes last and is named `file`. They are signed for this one upload.",
    }),
  })
  .meta({ id: "StartedUpload" });

export type StartAnswer = z.infer<typeof startAnswer>;

export const uploadState = z
  .enum(["open", "finalizing", "completed", "rejected", "aborted", "expired"])
  .meta({ id: "UploadState" });

export const uploadStatus = z
  .object({
    upload_id: id("upl"),
    state: uploadState.meta({
      description:
        "`open` takes parts; `finalizing`: S3 puts them together; `completed`: there is a file; `rejected`: the content was not what it said; `aborted`: given up; `expired`: over without a file, for its `reason`.",
    }),
    reason: z.enum(["not_finalized", "lost"]).optional().meta({
      description:
        "Of `expired`: `not_finalized` in time, or `lost`: S3 holds neither parts nor the file that finalize had it make, as where an administrator removed them. Start anew.",
    }),
    file_id: id("file"),
    workspace_id: id("ws"),
    folder_id: futureFolder,
    name: futureName,
    size: z.int().optional().meta({ description: "Bytes of the whole file, where they were declared." }),
    part_size: partSize,
    part_count: partCount.optional(),
    received: partRanges.meta({
      description:
        "Numbers of the parts that S3 holds, as ranges: `[[1,3],[5,5]]` lacks 4. Look at `state` first: parts are listed while it is `open` or `finalizing`, and none once it has ended, `completed` included.",
    }),
    bytes_received: z.int().meta({
      description:
        "Bytes of these parts together; of a session that is `completed` the file's, of one that has ended otherwise 0: look at `state`.",
    }),
    created_at: at("When it was started"),
    expires_at: sessionEnd,
    version_id: id("ver").optional().meta({ description: "Once completed." }),
  })
  .meta({ id: "Upload" });

export type UploadStatus = z.infer<typeof uploadStatus>;

/** A session in a list: what has arrived of it S3 is asked for where it alone is. */
export const openUpload = uploadStatus
  .omit({ reason: true, received: true, bytes_received: true, version_id: true })
  .meta({ id: "OpenUpload" });

export type OpenUpload = z.infer<typeof openUpload>;

const tag = "Uploads";

const params = { id: id("upl") };

export const place = { workspace_id: `ws_${ULID}`, folder_id: `fld_${ULID}`, name: "q3.pdf" };

export const startUploadRoute = defineRoute({
  id: "startUpload",
  method: "POST",
  path: "/v1/uploads",
  summary: "Start an upload",
  description:
    "Answers presigned URLs for the first parts: PUT the bytes there with the part's `headers`, `part_size` each, then finalize. Without `size` the parts are open-ended. With `form: true` it answers `url` and `fields` instead: one POST of a form, by a browser without any script or by `curl -F`, is the whole upload. What is posted first becomes the file, within moments, as a finalize without a link would make it; `GET /v1/uploads/{id}` and `upload_completed` or `upload_rejected` tell. Where it is refused for now, by a lock or a name, the session stays open and can be finalized.",
  tag,
  access: { action: "create", decides: "the body names the place, which may be a file or not be there yet" },
  body: startRequest,
  responses: { 201: { description: "The session and its first URLs", schema: startAnswer } },
  errors: [
    "not_found",
    ...(["workspace_ambiguous", "checksum_unsupported", "name_taken", "conflict"] as const),
    ...(["grant_limit", "session_limit"] as const),
  ],
  example: {
    request: { filename: "reports/2026/q3.pdf", size: 48_213, content_type: "application/pdf" },
    response: {
      upload_id: `upl_${ULID}`,
      file_id: `file_${ULID}`,
      ...place,
      part_size: 16 * MIB,
      part_count: 1,
      expires_at: "2026-01-07T00:00:00.000Z",
      parts: [{ part_number: 1, url: "https://bucket.s3.eu-west-1.amazonaws.com/o/…", headers: {} }],
      urls_expire_at: "2026-01-01T01:00:00.000Z",
    } satisfies StartAnswer,
  },
});

export const getUploadRoute = defineRoute({
  id: "getUpload",
  method: "GET",
  path: "/v1/uploads/{id}",
  summary: "See what has arrived",
  description: "From S3's own list: all that a client needs to resume after a crash.",
  tag,
  access: { action: "create", on: "upload" },
  uploadToken: true,
  params,
  responses: { 200: { description: "The session", schema: uploadStatus } },
  errors: ["not_found"],
});

export const listUploadsRoute = defineRoute({
  id: "listUploads",
  method: "GET",
  path: "/v1/uploads",
  summary: "List the caller's own uploads that haven't ended",
  description:
    "Those with which it may go on, the newest first, as after a crash that left no ids: `open` ones and those that are `finalizing`, where its token may still create. What is read is an index that lags by a moment: a session that was only just started may not be there yet. See `GET /v1/uploads/{id}` for what has arrived of one. A page may have fewer than `limit`, or none, and a further `next_cursor`.",
  tag,
  access: { own: "lists what the caller itself has started, where it may still create" },
  scopes: scopesFor("create"),
  query: {
    ...page.query,
    state: z
      .literal("open")
      .default("open")
      .meta({ description: "`open`: those that haven't ended. There are no others to list." }),
  },
  responses: { 200: { description: "One page", schema: page.of(openUpload) } },
  errors: ["invalid_cursor"],
  example: {
    response: {
      items: [
        {
          upload_id: `upl_${ULID}`,
          state: "open",
          file_id: `file_${ULID}`,
          ...place,
          size: 48_213,
          part_size: 16 * MIB,
          part_count: 1,
          created_at: "2026-01-01T00:00:00.000Z",
          expires_at: "2026-01-07T00:00:00.000Z",
        },
      ] satisfies OpenUpload[],
      next_cursor: null,
    },
  },
});

export const abortUploadRoute = defineRoute({
  id: "abortUpload",
  method: "DELETE",
  path: "/v1/uploads/{id}",
  summary: "Give an upload up",
  tag,
  access: { action: "create", on: "upload" },
  uploadToken: true,
  params,
  responses: { 204: { description: "Nothing of it is left" } },
  errors: ["not_found", "upload_closed"],
});
