/** Copies: a file again, elsewhere, without its bytes being sent. */
import * as z from "zod";
import { id, name, workspaceRef } from "#contract/common.ts";
import { ULID } from "#contract/event-info.ts";
import { fence, fenceErrors } from "#contract/headers.ts";
import { defineRoute } from "#contract/route.ts";
import { fileDetail, folderRef } from "#core/files/contract.ts";
import { ifExists } from "#core/uploads/contract.ts";

const copyRequest = z.strictObject({
  workspace: workspaceRef.optional().meta({
    description:
      "Id or name of the workspace that the copy goes into; the file's own unless said. A name that is free makes a new one, as an upload does.",
  }),
  folder: folderRef.meta({
    description:
      "Where to: a folder's id (`fld_…`), or its path from the workspace's root, of which what is missing is made; `/` is the root.",
  }),
  name: name.optional().meta({ description: "What the copy is called; as the file unless said." }),
  if_exists: ifExists.default("fail"),
  version: id("ver").optional().meta({
    description: "The version of the file that is copied; the current one unless said.",
  }),
});

export type CopyFile = z.infer<typeof copyRequest>;

export const copyFileRoute = defineRoute({
  id: "copyFile",
  method: "POST",
  path: "/v1/files/{id}/copy",
  summary: "Copy a file, into another workspace too, without moving its bytes",
  description:
    "A new file with an id of its own and one version, which has the bytes, checksums, media type and metadata of the one that is copied; description and tags come along, links, locks, grants and older versions don't. Both files name the same bytes, which stay until nothing names them any more, whichever is deleted first. Needs `read` of the file and `create` where the copy goes, so a token of `files:read` and `files:write`. Where `if_exists` is `version` and a file has the name, that gets a version, which needs `write` there and heeds its lock; `If-Match` and `Lock-Token` are about that file. The name is held to the same rule of content as an upload's. Emits `file_copied`, and where the copy goes into another workspace `file_downloaded` in the one that it comes from.",
  tag: "Files",
  access: { action: "read", on: "file" },
  params: { id: id("file") },
  body: copyRequest,
  headers: fence,
  responses: {
    201: {
      description: "The copy; of `if_exists: version` the file that has the version",
      schema: fileDetail,
      headers: { ETag: "The copy's version's id, quoted." },
    },
  },
  errors: [
    ...(["not_found", "not_a_file", "workspace_ambiguous", "grant_limit"] as const),
    ...fenceErrors,
    ...(["name_taken", "type_mismatch", "conflict"] as const),
  ],
  example: {
    request: { folder: "/published/2026", name: "q3-final.pdf" },
    response: {
      ...{ kind: "file", file_id: `file_${ULID}`, workspace_id: `ws_${ULID}`, folder_id: `fld_${ULID}` },
      ...{ name: "q3-final.pdf", path: "published/2026/q3-final.pdf" },
      ...{ size: 48_213, content_type: "application/pdf", version_id: `ver_${ULID}` },
      ...{ created_at: "2026-01-01T00:00:00.000Z", created_by: `cli_${ULID}` },
      ...{ updated_at: "2026-01-01T00:00:00.000Z", crc32: "3610a686" },
    },
  },
});
