/** Folders as things of their own, and what stands at a path. */
import * as z from "zod";
import {
  at,
  id,
  MAX_DEPTH,
  MAX_PATH,
  MAX_PATH_BYTES,
  name,
  orNull,
  page,
  path,
  workspaceRef,
} from "#contract/common.ts";
import { defineRoute } from "#contract/route.ts";
import { file, folder, folderPath, folderRef } from "#core/files/contract.ts";
import { folderPage, whichFiles } from "#core/files/list-contract.ts";

/** A folder with where it is. */
export const folderDetail = folder
  .extend({
    workspace_id: id("ws"),
    parent_id: orNull(id("fld"), "The folder that it is in; `null` of a workspace's root."),
    path: z.string().meta({
      description: "Folders from the workspace's root down to it, e.g. `reports/2026`; empty of the root.",
    }),
    created_at: at("When it was made"),
    created_by: z
      .string()
      .optional()
      .meta({ description: "Who made it by a call of its own; none where an upload's path made it." }),
    updated_at: at("When it was last renamed or moved").optional(),
  })
  .meta({ id: "FolderDetail" });
export type FolderDetail = z.infer<typeof folderDetail>;

const newFolder = z
  .strictObject({
    path: folderPath.optional().meta({
      pattern: `^/?[^/]{1,255}(/[^/]{1,255}){0,${MAX_DEPTH - 1}}/?$`,
      description: "Where it is to be, from the workspace's root; what is missing on the way is made too.",
    }),
    parent_id: id("fld").optional().meta({ description: "The folder in which it is to be, beside `name`." }),
    name: name.optional(),
  })
  .refine(
    ({ path, parent_id, name }) =>
      path === undefined
        ? parent_id !== undefined && name !== undefined
        : parent_id === undefined && name === undefined,
    { message: "needs path, or parent_id and name: one of the two ways" },
  )
  .refine(({ path }) => path?.length !== 0, {
    message: "path names the root, which is there",
    path: ["path"],
  })
  .meta({
    oneOf: [
      { required: ["path"], not: { anyOf: [{ required: ["parent_id"] }, { required: ["name"] }] } },
      { required: ["parent_id", "name"], not: { required: ["path"] } },
    ],
  });
export type NewFolder = z.infer<typeof newFolder>;

const changeFolder = z
  .strictObject({
    name: name.optional(),
    workspace: workspaceRef.optional().meta({
      description:
        "To which workspace, by id or name; `folder` is one of its folders then, its root unless said. Its own unless said.",
    }),
    folder: folderRef.optional().meta({
      description:
        "Where it is to be: a folder's id, or a path from the root, whose missing folders are made.",
    }),
  })
  .refine((asked) => Object.values(asked).some((one) => one !== undefined), {
    message: "needs name, workspace or folder",
  })
  .meta({ minProperties: 1 });
export type ChangeFolder = z.infer<typeof changeFolder>;

export const movingFolder = z
  .object({
    folder_id: id("fld"),
    workspace_id: id("ws").meta({ description: "The workspace that it goes to." }),
    parent_id: id("fld").meta({ description: "The folder there that it is to be in." }),
    name: z.string().meta({ description: "Its name there, where that is free then." }),
    state: z.literal("moving").meta({ description: "It is in neither workspace until all of it is there." }),
  })
  .meta({ id: "MovingFolder" });
export type MovingFolder = z.infer<typeof movingFolder>;

/** `/`, `reports/2026/q3.pdf` or `/reports/` → the names from the root down. */
const anyPath = z
  .string()
  .max(MAX_PATH)
  .transform((value, context) => {
    const inner = value.replace(/^\//, "").replace(/\/$/, "");
    if (inner === "") return [];
    const parsed = path.safeParse(inner);
    if (parsed.success) return parsed.data.split("/");
    for (const { message } of parsed.error.issues) context.addIssue({ code: "custom", message });
    return z.NEVER;
  })
  .meta({
    pattern: `^/?([^/]{1,255}(/[^/]{1,255}){0,${MAX_DEPTH}}/?)?$`,
    description: "Folders and name from the workspace's root, e.g. `reports/2026/q3.pdf`; `/` is the root.",
  });

const tag = "Folders";
const folderId = { id: id("fld") };
const ULID = "01JZZZZZZZZZZZZZZZZZZZZZZZ";
const example: FolderDetail = {
  kind: "folder",
  folder_id: `fld_${ULID}`,
  name: "2026",
  workspace_id: `ws_${ULID}`,
  parent_id: `fld_${ULID.slice(0, -1)}0`,
  path: "reports/2026",
  created_at: "2026-01-01T00:00:00.000Z",
  created_by: `cli_${ULID}`,
};

export const createFolderRoute = defineRoute({
  id: "createFolder",
  method: "POST",
  path: "/v1/workspaces/{ws}/folders",
  summary: "Make a folder",
  description: `By its \`path\`, with what is missing on the way, or by \`name\` in the folder \`parent_id\`. Where the name is taken it is 409 \`name_taken\`, with \`folder_id\` where a folder has it: two who make the same at once have one. Uploads make the folders of their paths themselves; only what is made by this call is told of, by \`folder_created\`. ${MAX_DEPTH} folders deep at most, and ${MAX_PATH_BYTES.toLocaleString("en-US")} bytes of path. Whoever may create there and not list makes no folders: 404.`,
  tag,
  access: { action: "create", decides: "the body names the place, by a path or a folder" },
  params: { ws: workspaceRef },
  body: newFolder,
  responses: { 201: { description: "The folder, empty", schema: folderDetail } },
  errors: ["not_found", "workspace_ambiguous", "name_taken", "conflict"],
  example: { request: { path: "/reports/2026" }, response: example },
});

export const getFolderRoute = defineRoute({
  id: "getFolder",
  method: "GET",
  path: "/v1/folders/{id}",
  summary: "Get a folder",
  tag,
  access: { action: "list", on: "folder" },
  params: folderId,
  responses: { 200: { description: "The folder", schema: folderDetail } },
  errors: ["not_found"],
  example: { response: example },
});

export const changeFolderRoute = defineRoute({
  id: "changeFolder",
  method: "PATCH",
  path: "/v1/folders/{id}",
  summary: "Rename or move a folder",
  description: `In one write, whatever is in it: files, versions, links, locks, grants and open uploads keep their ids and go with it, and paths lead to it from the next request on. Needs \`write\` on the folder and \`create\` where it is to be; a move hands no rights over. It is refused where what is in it might be more than ${MAX_DEPTH} folders deep there, or have a path of more than ${MAX_PATH_BYTES.toLocaleString("en-US")} bytes, by a bound that grows with what is put into it and isn't lowered by what leaves. Locks of files in it don't hold it.

To another workspace it goes as a job (202): from the next request on it is in neither, its name there is free, and some minutes later, the more the more files are in it, it stands at its target with all that was in it, by the same ids, told by \`folder_moved\` in both. Where its name has been taken by then it gets a number, and where the folder that it was to be in is gone it is in the root. Grants on it, and on what is in it, stay behind; what is in its old workspace's trash does, too. Open uploads into it end.`,
  tag,
  access: { action: "write", on: "folder" },
  params: folderId,
  body: changeFolder,
  responses: {
    200: { description: "The folder as it is", schema: folderDetail },
    202: { description: "It is on its way to another workspace", schema: movingFolder },
  },
  errors: ["not_found", "name_taken", "workspace_ambiguous", "conflict"],
  example: { request: { name: "2026-final", folder: "/archive" }, response: example },
});

export const deleteFolderRoute = defineRoute({
  id: "deleteFolder",
  method: "DELETE",
  path: "/v1/folders/{id}",
  summary: "Put a folder into the trash",
  description:
    "In one write, whatever is in it: its files and folders are as good as deleted at once, their links dead, their names free to others, until it is restored (`POST /v1/trash/{id}/restore`) or, after `trashDays` of the stage, purged. Locks of files in it don't hold it. A workspace's root is deleted with the workspace alone.",
  tag,
  access: { action: "delete", on: "folder" },
  params: folderId,
  responses: { 204: { description: "It is in the trash" } },
  errors: ["not_found", "conflict"],
});

export const listChildrenRoute = defineRoute({
  id: "listChildren",
  method: "GET",
  path: "/v1/folders/{id}/children",
  summary: "List what is in a folder, or below it",
  description:
    "Files and folders in the order of their names' UTF-8 bytes, strongly consistent: as `GET /v1/workspaces/{ws}/files?folder=`.",
  tag,
  access: { action: "list", on: "folder" },
  params: folderId,
  query: { ...page.query, ...whichFiles },
  responses: {
    200: { description: "One page", schema: folderPage },
  },
  errors: ["not_found", "invalid_cursor"],
});

export const resolvePathRoute = defineRoute({
  id: "resolvePath",
  method: "GET",
  path: "/v1/workspaces/{ws}/resolve",
  summary: "Find what stands at a path",
  description:
    "The file or folder, with its id, which stays through renames and moves. 404 for what isn't there, and for what you may not list.",
  tag,
  access: { action: "list", decides: "the query names the place by its path" },
  params: { ws: workspaceRef },
  query: { path: anyPath },
  responses: {
    200: {
      description: "What stands there",
      schema: z.discriminatedUnion("kind", [file, folderDetail]).meta({ id: "FileOrFolder" }),
    },
  },
  errors: ["not_found", "workspace_ambiguous"],
  example: { response: example },
});
