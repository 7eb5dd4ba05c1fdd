/** Lists of files and folders. */
import * as z from "zod";
import { at, givenTime, id, page, workspaceRef } from "#contract/common.ts";
import { defineRoute } from "#contract/route.ts";
import { file, folder, folderPath, tagName } from "./contract.ts";

/** One page of what is in a folder. */
export const folderPage = page.of(z.discriminatedUnion("kind", [file, folder])).extend({
  as_of: at(
    "With `recursive` or `updated_since`: what to send as `updated_since` the next time, to miss no file that changes from this list's first page on. The same on all of its pages, and two minutes before the first, since a change may be written so much later than its `updated_at` says",
  ).optional(),
});

/** Of lists: which of a folder's files. */
export const whichFiles = {
  recursive: z
    .enum(["true", "false"])
    .default("false")
    .transform((value) => value === "true")
    .meta({
      description:
        "`true`: all that is below the folder too, each folder before what is in it. A page reads 50 folders at most: it may have fewer items, or none, and a further `next_cursor`.",
    }),
  tag: tagName.optional().meta({
    description:
      "Only files that are tagged so. A page looks through 500 names at most: it may have fewer, or none, and a further `next_cursor`.",
  }),
  updated_since: givenTime.optional().meta({
    description:
      "Only files whose `updated_at` is this moment or later, to the millisecond: the `as_of` of the list before. What was deleted is told by events alone, and so is where files are whose folder was moved. Pages as with `tag`.",
  }),
};

export type WhichFiles = z.infer<z.ZodObject<typeof whichFiles>>;

export const listFilesRoute = defineRoute({
  id: "listFiles",
  method: "GET",
  path: "/v1/workspaces/{ws}/files",
  summary: "List a folder, or all that is below it",
  description:
    "Files and folders in the order of their names' UTF-8 bytes, strongly consistent; with `recursive=true` in that of their paths, name by name. What stays where it is while pages are read is listed just once. Without `folder` or `path`: the root.",
  tag: "Files",
  access: { action: "list", decides: "the folder is named by the query, by id or path" },
  params: { ws: workspaceRef },
  query: {
    ...page.query,
    folder: id("fld").optional().meta({ description: "The folder by its id; not beside `path`." }),
    path: folderPath.optional(),
    ...whichFiles,
  },
  responses: {
    200: {
      description: "One page",
      schema: folderPage,
    },
  },
  errors: ["not_found", "workspace_ambiguous", "invalid_cursor"],
});
