/** Versions: what a file held before, and how it comes back. */
import * as z from "zod";
import { at, id, page } from "#contract/common.ts";
import { checksums, declaredType, kept } from "#contract/content.ts";
import { fence, fenceErrors } from "#contract/headers.ts";
import { defineRoute } from "#contract/route.ts";
import { bytesAnswer, urlQuery } from "#core/files/contract.ts";

export const version = z
  .object({
    version_id: id("ver"),
    file_id: id("file"),
    current: z.boolean().meta({ description: "Whether it is what the file holds now." }),
    state: z
      .enum(["ready", "rejected"])
      .meta({ description: "`rejected`: its content was not what its name said, and is gone." }),
    name: z.string().optional().meta({
      description:
        "What the file was called when this became a version of it, and what it is saved as: a file's new name was judged with other content. None of versions from before names were kept.",
    }),
    size: z.int().meta({ description: "Bytes." }),
    content_type: declaredType,
    ...checksums,
    metadata: kept.optional(),
    restored_from: id("ver")
      .optional()
      .meta({ description: "The version whose content this one brought back." }),
    created_at: at("When it became a version"),
    created_by: z.string().meta({ description: "Id of the client that made it." }),
  })
  .meta({ id: "Version" });
export type Version = z.infer<typeof version>;

const tag = "Versions";
const file = { id: id("file") };
const one = { ...file, v: id("ver") };
const common = ["not_found", "not_a_file"] as const;
const etag = { ETag: "The version's id, quoted." };

const example = {
  version_id: "ver_01JZZZZZZZZZZZZZZZZZZZZZZZ",
  file_id: "file_01JZZZZZZZZZZZZZZZZZZZZZZZ",
  current: true,
  state: "ready",
  name: "q3.pdf",
  size: 48_213,
  content_type: "application/pdf",
  crc32: "8aabf341",
  restored_from: "ver_01JYYYYYYYYYYYYYYYYYYYYYYY",
  created_at: "2026-01-01T00:00:00.000Z",
  created_by: "cli_01JZZZZZZZZZZZZZZZZZZZZZZZ",
};

export const listVersionsRoute = defineRoute({
  id: "listVersions",
  method: "GET",
  path: "/v1/files/{id}/versions",
  summary: "List a file's versions, the newest first",
  tag,
  access: { action: "read", on: "file" },
  params: file,
  query: page.query,
  responses: { 200: { description: "One page, strongly consistent", schema: page.of(version) } },
  errors: [...common, "invalid_cursor"],
  example: { response: { items: [example], next_cursor: null } },
});

export const getVersionContentRoute = defineRoute({
  id: "getVersionContent",
  method: "GET",
  path: "/v1/files/{id}/versions/{v}/content",
  summary: "Download a version",
  description:
    "As a file's content: redirects to S3 with a URL that works for `expires_in` seconds, under the version's own `name`.",
  tag,
  access: { action: "read", on: "version" },
  params: one,
  query: urlQuery,
  responses: bytesAnswer(etag),
  errors: common,
});

export const restoreVersionRoute = defineRoute({
  id: "restoreVersion",
  method: "POST",
  path: "/v1/files/{id}/versions/{v}/restore",
  summary: "Make an old version's content current again, as a new version",
  description:
    "History only grows: the answer is a new version that names the same bytes, under the name that the file has now, which must not hide them. Emits `version_restored`. A client without `files:read` may restore only in files that nobody but it has written to.",
  tag,
  access: { action: "write", on: "file" },
  params: one,
  body: z.strictObject({}),
  headers: fence,
  responses: { 200: { description: "The new current version", schema: version, headers: etag } },
  errors: [...common, "conflict", ...fenceErrors, "type_mismatch"],
  example: { response: example },
});

export const deleteVersionRoute = defineRoute({
  id: "deleteVersion",
  method: "DELETE",
  path: "/v1/files/{id}/versions/{v}",
  summary: "Delete a version that is not the current one",
  description:
    "URLs of S3 given out before work until they run out (60 s, or what `expires_in` asked for: 300 s at most). A client without `files:read` may delete only versions that it made.",
  tag,
  access: { action: "delete", on: "version" },
  params: one,
  headers: fence,
  responses: { 204: { description: "Deleted" } },
  errors: [...common, "conflict", ...fenceErrors],
});
