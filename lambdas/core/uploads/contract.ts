/** Upload sessions. */
import * as z from "zod";
import {
  at,
  expireIn,
  given,
  id,
  MAX_PATH_BYTES,
  page,
  path,
  without,
  workspaceRef,
} from "#contract/common.ts";
import { metadata } from "#contract/content.ts";
import { ULID } from "#contract/event-info.ts";
import { defineRoute } from "#contract/route.ts";
import { scopesFor } from "#contract/scopes.ts";
import { checksum, mediaType } from "#core/content/contract.ts";
import { folderPath } from "#core/files/contract.ts";
import { FIRST_WINDOW, MAX_PART_SIZE, MAX_SIZE, MIB, MIN_PART_SIZE, SESSION_DAYS } from "./limits.ts";
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
  })
  .superRefine((start, context) => {
    const complain = (message: string) => context.addIssue({ code: "custom", path: ["filename"], message });
    if (start.file_id === undefined && start.filename === undefined) complain("is needed, or file_id");
    if (start.file_id !== undefined && start.filename !== undefined)
      complain("can't stand beside file_id, whose file has a name; leave it out");
    refuseStrayPlaces(start, context);
  })
  .meta({
    ...given(
      { required: ["file_id"] },
      { properties: { ...without("filename", ...PLACES).properties, if_exists: { const: "version" } } },
      { required: ["filename"] },
    ),
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
  `When the session ends and what was sent is removed: ${SESSION_DAYS} days after its start`,
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
    "Answers presigned URLs for the first parts: PUT the bytes there with the part's `headers`, `part_size` each, then finalize. Without `size` the parts are open-ended.",
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
  params,
  responses: { 204: { description: "Nothing of it is left" } },
  errors: ["not_found", "upload_closed"],
});
