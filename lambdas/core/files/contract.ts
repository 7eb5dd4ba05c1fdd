/** Files and folders. */
import * as z from "zod";
import {
  at,
  distinct,
  id,
  MAX_DEPTH,
  MAX_PATH,
  MAX_PATH_BYTES,
  mismatch,
  name,
  path,
  prefixes,
  wholeNumber,
  withoutNul,
  workspaceRef,
} from "#contract/common.ts";
import { checksums, declaredType, kept, metadataChange } from "#contract/content.ts";
import { fence, fenceErrors } from "#contract/headers.ts";
import { nameProblem } from "#contract/names.ts";
import { defineRoute } from "#contract/route.ts";

/** Seconds that a URL works to which a download leads, unless the caller wants another time; at most. */
const URL_SECONDS = 60;

const MAX_URL_SECONDS = 300;

export const folder = z
  .object({
    kind: z.literal("folder").meta({ description: "Tells a folder from a file in a list." }),
    folder_id: id("fld"),
    name: z.string().meta({ description: "Its own name, without the folders above." }),
    parent_id: id("fld").meta({
      description: "The folder that it is in; the workspace's root has an id too.",
    }),
    path: z
      .string()
      .meta({ description: "Folders from the workspace's root down to it, e.g. `reports/2026`." }),
  })
  .meta({ id: "Folder" });
export type Folder = z.infer<typeof folder>;

/** Of one file. */
const MAX_TAGS = 50;
/** Bytes of UTF-8 of all tags of a file together: whoever lists reads them with each. */
const MAX_TAG_BYTES = 1_024;

/** One word that is said of files, by which they are found. */
export const tagName = z
  .string()
  .max(64)
  .transform((value) => value.normalize("NFC"))
  .superRefine((value, context) => {
    const problem = nameProblem(value.replaceAll(/[./]/g, "-"));
    if (problem) context.addIssue({ code: "custom", message: problem });
  })
  .meta({
    minLength: 1,
    description:
      "1–64 characters, kept in NFC, nothing that shows nothing, no space at either end. Case counts.",
  });

export const file = z
  .object({
    kind: z.literal("file").meta({ description: "Tells a file from a folder in a list." }),
    file_id: id("file"),
    workspace_id: id("ws"),
    folder_id: id("fld").meta({
      description: "The folder that it lies in; the workspace's root has an id too.",
    }),
    name: z.string().meta({ description: "Its own name, without the folders above." }),
    path: z
      .string()
      .meta({ description: "Folders and name from the workspace's root, e.g. `reports/q3.pdf`." }),
    description: z.string().optional().meta({
      description:
        "What it is for, as who uses it wrote; not there where nobody did. Stays through renames, moves and new versions.",
    }),
    tags: z.array(z.string()).optional().meta({
      description: "What it is tagged with, in the order in which that was said; not there where nobody did.",
    }),
    size: z.int().meta({ description: "Bytes of the current version." }),
    content_type: declaredType,
    mismatch: mismatch.optional(),
    version_id: id("ver").meta({ description: "The current version; quoted, it is the ETag." }),
    created_at: at("When its first version appeared"),
    created_by: z.string().meta({ description: "Id of the client that made the file." }),
    updated_at: at("When its content, name, folder, description, tags or metadata last changed"),
  })
  .meta({ id: "File" });

export type File = z.infer<typeof file>;

/** A file with what is known of its current version's bytes. */
export const fileDetail = file
  .extend({
    ...checksums,
    metadata: kept.optional(),
  })
  .meta({ id: "FileDetail" });

export type FileDetail = z.infer<typeof fileDetail>;

/** A file after a change of it. */
export const changedFile = file
  .extend({
    metadata: kept.optional().meta({
      description:
        "Of the current version, where the request named metadata; not there where none is left of it.",
    }),
  })
  .meta({ id: "ChangedFile" });

export type ChangedFile = z.infer<typeof changedFile>;

/** `/`, `reports/2026` or `/reports/2026/` → the names of the folders from the root down. */
export const folderPath = z
  .string()
  .max(MAX_PATH)
  .transform((value, context) => {
    const prefix = idPrefixOf(value);
    if (prefix !== undefined) {
      const message = `begins as an id does (${prefix}_) and is no folder's; for a folder of that name write /${value}`;
      context.addIssue({ code: "custom", message });
      return z.NEVER;
    }
    if (value === "" || value === "/") return [];
    const inner = value.replace(/^\//, "").replace(/\/$/, "");
    const segments = inner.split("/");
    const isTooDeep = segments.length > MAX_DEPTH;
    const parsed = path.safeParse(inner);
    if (parsed.success && !isTooDeep) return parsed.data.split("/");
    const problems =
      parsed.success || isTooDeep
        ? [{ message: `has ${segments.length} folders; at most ${MAX_DEPTH} are allowed` }]
        : parsed.error.issues;
    for (const { message } of problems) context.addIssue({ code: "custom", message });
    return z.NEVER;
  })
  .meta({
    // Of each name 255 bytes of UTF-8 are taken, which a pattern can't count.
    pattern: `^/?([^/]{1,255}(/[^/]{1,255}){0,${MAX_DEPTH - 1}}/?)?$`,
    description:
      "Folders from the workspace's root, e.g. `reports/2026`; `/` is the root. What begins as an id does (`fld_`, `job_` …) needs the leading `/`.",
  });

/** The prefix of an id with which a path begins: such a path isn't taken, since an id cut short would make a folder. */
export function idPrefixOf(path: string): string | undefined {
  const [prefix, ...rest] = path.split("_");
  return rest.length > 0 && prefixes.some((known) => known === prefix) ? prefix : undefined;
}

const folderId = id("fld");

/** A folder by its id or by its path. */
export const folderRef = z
  .union(
    [folderId.transform((folder_id) => ({ folder_id })), folderPath.transform((segments) => ({ segments }))],
    // What isn't an id is meant as a path: what is wrong with it as one is what to tell.
    { error: ({ errors }) => errors.at(-1)?.[0]?.message },
  )
  .meta({ description: "A folder's id (`fld_…`), or its path from the workspace's root." });

export type FolderRef = z.infer<typeof folderRef>;

export const changeRequest = z
  .strictObject({
    name: name.optional(),
    workspace: workspaceRef.optional().meta({
      description:
        "To which workspace, by id or name; `folder` is one of its folders then, its root unless said. Its own unless said.",
    }),
    folder: folderRef.optional().meta({
      description:
        "Where to: a folder's id (`fld_…`), or its path from the workspace's root, of which what is missing is made.",
    }),
    description: withoutNul(z.string().max(500)).nullable().optional().meta({
      description:
        'What it is for, in your words: 500 characters at most. `null` or nothing (`""`) takes it away.',
    }),
    tags: distinct(tagName, { max: MAX_TAGS })
      .refine((tags) => Buffer.byteLength(tags.join("")) <= MAX_TAG_BYTES, {
        message: `have more than ${MAX_TAG_BYTES} bytes together`,
      })
      .optional()
      .meta({
        description: `All its tags from now on; \`[]\` takes them away. ${MAX_TAGS} at most, of ${MAX_TAG_BYTES.toLocaleString("en-US")} bytes together. For finding files: who may write a file may tag it, so that they say nothing of who may do what.`,
      }),
    metadata: metadataChange
      .refine((change) => Object.keys(change).length > 0, { message: "names no key" })
      .meta({ minProperties: 1 })
      .optional(),
  })
  .refine((change) => Object.values(change).some((value) => value !== undefined), {
    message: "needs name, workspace, folder, description, tags or metadata",
  })
  .meta({ minProperties: 1 });

export type ChangeFile = z.infer<typeof changeRequest>;

const tag = "Files";

const fileId = { id: id("file") };

const etag = { ETag: "The current version's id, quoted." };

const detailEtag = {
  ETag: "Of the answer as a whole: it begins with the current version's id, and `If-Match` takes it as it stands, and compares that id alone.",
};

/** A redirect to the bytes, with these headers beside it. */
export const bytesAnswer = (headers: Record<string, string>) => ({
  302: {
    description: "Where the bytes are",
    schema: urlAnswer,
    headers: { ...headers, Location: "A presigned URL of S3." },
  },
});

const fileExample = {
  kind: "file",
  file_id: "file_01JZZZZZZZZZZZZZZZZZZZZZZZ",
  workspace_id: "ws_01JZZZZZZZZZZZZZZZZZZZZZZZ",
  folder_id: "fld_01JZZZZZZZZZZZZZZZZZZZZZZZ",
  name: "q3.pdf",
  path: "reports/2026/q3.pdf",
  size: 48_213,
  content_type: "application/pdf",
  version_id: "ver_01JZZZZZZZZZZZZZZZZZZZZZZZ",
  created_at: "2026-01-01T00:00:00.000Z",
  created_by: "cli_01JZZZZZZZZZZZZZZZZZZZZZZZ",
  updated_at: "2026-01-01T00:00:00.000Z",
};

/** Query of routes that lead to a presigned URL of S3. */
export const urlQuery = {
  expires_in: wholeNumber("seconds", { min: 1, max: MAX_URL_SECONDS })
    .default(URL_SECONDS)
    .meta({
      description: `Seconds that the URL of S3 works: 1 … ${MAX_URL_SECONDS}. A deleted file's bytes stay reachable by it for so long.`,
    }),
};

/** What a redirect to S3 says of its URL, which is in `Location`; a HEAD has no body. */
export const urlAnswer = z
  .object({
    expires_in: z.int().meta({ description: "Seconds that the URL works." }),
    expires_at: at("When it stops to"),
  })
  .meta({ id: "DownloadUrl" });

export const getFileRoute = defineRoute({
  id: "getFile",
  method: "GET",
  path: "/v1/files/{id}",
  summary: "Get a file's facts, with checksums and metadata of its current version",
  tag,
  access: { action: "read", on: "file" },
  params: fileId,
  responses: { 200: { description: "The file", schema: fileDetail, headers: detailEtag } },
  errors: ["not_found", "not_a_file"],
  example: { response: { ...fileExample, crc32: "3610a686" } },
});

export const getContentRoute = defineRoute({
  id: "getContent",
  method: "GET",
  path: "/v1/files/{id}/content",
  summary: "Download a file's current version",
  description:
    "Redirects to S3 with a URL that works for `expires_in` seconds; send `Range` along for a part of the bytes. A GET emits `file_downloaded`, a HEAD doesn't.",
  tag,
  access: { action: "read", on: "file" },
  params: fileId,
  query: urlQuery,
  responses: bytesAnswer(etag),
  errors: ["not_found", "not_a_file"],
});

export const changeFileRoute = defineRoute({
  id: "changeFile",
  method: "PATCH",
  path: "/v1/files/{id}",
  summary:
    "Rename a file, move it within its workspace or to another, say what it is for, tag it, change its metadata",
  description: `Changes what the body names, all of it or nothing. Emits \`file_moved\` where name or folder change, \`file_changed\` where the description, the tags or the metadata do; what is there already is no change, and tells nothing. Folders of a path that don't exist yet are made. Touches no bytes. To another workspace it goes in the same one step, with its versions, links and lock; each workspace is told of its own side, and grants on the file itself stay behind. A new name is held to the same rule as an upload's, and so is the path: ${MAX_PATH_BYTES.toLocaleString("en-US")} bytes at most, folders included. A client without \`files:read\` may change only files that nobody but it has written to.`,
  tag,
  access: { action: "write", on: "file" },
  params: fileId,
  body: changeRequest,
  headers: fence,
  responses: { 200: { description: "The file as it is now", schema: changedFile, headers: etag } },
  errors: [
    ...(["not_found", "not_a_file", ...fenceErrors] as const),
    ...(["name_taken", "type_mismatch", "workspace_ambiguous", "conflict"] as const),
  ],
  example: { request: { name: "q3-final.pdf", folder: "/reports/2026" }, response: fileExample },
});

export const deleteFileRoute = defineRoute({
  id: "deleteFile",
  method: "DELETE",
  path: "/v1/files/{id}",
  summary: "Delete a file with its versions and links",
  description:
    "Its links are dead at once. URLs of S3 given out before work until they run out (60 s, or what `expires_in` asked for: 300 s at most); the bytes are removed after that. A client without `files:read` may delete only files that nobody but it has written to.",
  tag,
  access: { action: "delete", on: "file" },
  params: fileId,
  headers: fence,
  responses: { 204: { description: "Deleted" } },
  errors: ["not_found", "not_a_file", ...fenceErrors, "conflict"],
});
