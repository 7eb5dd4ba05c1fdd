/** What was deleted and isn't purged yet. */
import * as z from "zod";
import { at, id, page } from "#contract/common.ts";
import { defineRoute } from "#contract/route.ts";
import { file } from "#core/files/contract.ts";
import { folderDetail } from "#core/folders/contract.ts";
import { organization } from "#core/organizations/contract.ts";
import { workspace } from "#core/workspaces/contract.ts";

const thing = z.union([id("file"), id("fld")]);

export const trashItem = z
  .object({
    id: thing.meta({ description: "Of the file or folder, as it was before and will be again." }),
    kind: z.enum(["file", "folder"]).meta({ description: "What it is." }),
    name: z.string().meta({ description: "Its own name, without the folders above." }),
    path: z.string().meta({ description: "Where it was, from the workspace's root." }),
    parent_id: id("fld").meta({ description: "The folder that it was in, which may be gone itself." }),
    size: z.number().int().optional().meta({ description: "Of a file: bytes of its current version." }),
    deleted_at: at("When it was deleted"),
    deleted_by: z.string().meta({ description: "Who deleted it: `cli_…` or `usr_…`." }),
    purge_at: at("When it is purged, unless it is restored before"),
  })
  .meta({ id: "Trashed" });
export type TrashItem = z.infer<typeof trashItem>;

export const trashedWorkspace = z
  .object({
    id: id("ws").meta({ description: "Of the workspace, as it was before and will be again." }),
    kind: z.literal("workspace").meta({ description: "What it is." }),
    name: z.string().meta({ description: "What it was called." }),
    deleted_at: at("When it was deleted"),
    deleted_by: z.string().meta({ description: "Who deleted it: `cli_…` or `usr_…`." }),
    purge_at: at("When it is purged, unless it is restored before"),
  })
  .meta({ id: "TrashedWorkspace" });
export type TrashedWorkspace = z.infer<typeof trashedWorkspace>;

const restoredWorkspace = workspace
  .extend({ kind: z.literal("workspace").meta({ description: "What it is." }) })
  .meta({ id: "RestoredWorkspace" });

const restoredOrganization = organization
  .extend({ kind: z.literal("organization").meta({ description: "What it is." }) })
  .meta({ id: "RestoredOrganization" });

const tag = "Trash";
const itemId = {
  id: z.union([...thing.options, id("ws"), id("org")]).meta({
    description:
      "The file, folder, workspace or organization, as it was before: `file_…`, `fld_…`, `ws_…` or `org_…`.",
  }),
};
const ULID = "01JZZZZZZZZZZZZZZZZZZZZZZZ";
const example: TrashItem = {
  ...{ id: `fld_${ULID}`, kind: "folder", name: "2026", path: "reports/2026" },
  ...{ parent_id: `fld_${ULID.slice(0, -1)}0`, deleted_at: "2026-01-01T00:00:00.000Z" },
  ...{ deleted_by: `cli_${ULID}`, purge_at: "2026-01-31T00:00:00.000Z" },
};

export const listTrashRoute = defineRoute({
  id: "listTrash",
  method: "GET",
  path: "/v1/workspaces/{id}/trash",
  summary: "List a workspace's trash",
  description:
    "What was deleted itself, in that order, strongly consistent; what went with a folder is in that. Needs `restore` on the workspace; whoever has it on a folder alone restores by the id that its events and lists told.",
  tag,
  access: { action: "restore", on: "workspace" },
  params: { id: id("ws") },
  query: page.query,
  responses: { 200: { description: "One page", schema: page.of(trashItem) } },
  errors: ["not_found", "invalid_cursor"],
  example: { response: { items: [example], next_cursor: null } },
});

export const deleteWorkspaceRoute = defineRoute({
  id: "deleteWorkspace",
  method: "DELETE",
  path: "/v1/workspaces/{id}",
  summary: "Put a workspace into the trash",
  description:
    "One write, whatever is in it: from the next request on nothing in it is there for anybody, links included, and its name is free. It is purged after the days that the deployment says, unless it is restored before. Needs the role `owner` on it.",
  tag: "Workspaces",
  access: { action: "transfer", on: "workspace" },
  params: { id: id("ws") },
  responses: { 204: { description: "It is in the trash" } },
  errors: ["not_found", "conflict"],
});

export const listOrganizationTrashRoute = defineRoute({
  id: "listOrganizationTrash",
  method: "GET",
  path: "/v1/orgs/{id}/trash",
  summary: "List an organization's trash",
  description: "Workspaces that were deleted, in that order, strongly consistent. For owners and admins.",
  tag,
  access: { organization: "organize" },
  scopes: ["workspaces:read"],
  params: { id: id("org") },
  query: page.query,
  responses: { 200: { description: "One page", schema: page.of(trashedWorkspace) } },
  errors: ["not_found", "invalid_cursor"],
  example: {
    response: {
      items: [
        {
          ...{ id: `ws_${ULID}`, kind: "workspace", name: "reports" },
          ...{ deleted_at: "2026-01-01T00:00:00.000Z", deleted_by: `cli_${ULID}` },
          purge_at: "2026-01-31T00:00:00.000Z",
        },
      ],
      next_cursor: null,
    },
  },
});

export const closeOrganizationRoute = defineRoute({
  id: "closeOrganization",
  method: "DELETE",
  path: "/v1/orgs/{id}",
  summary: "Close an organization; repeating it changes nothing",
  description:
    "One write, whatever is in it: from the next request on nothing of it is there for anybody, its workspaces, links and members' roles included. Its owners see it still, and restore it by `POST /v1/trash/{id}/restore` within the days that the deployment says; then it is purged, with its workspaces, groups, clients and their keys. Needs the role `owner` in it. The organization that a deployment begins with stays.",
  tag: "Organizations",
  access: { organization: "close" },
  scopes: ["members:write"],
  params: { id: id("org") },
  query: {
    name: z.string().max(255).meta({ description: "Its name, so that it isn't another one that goes." }),
  },
  responses: { 204: { description: "It is closed" } },
  errors: ["not_found", "conflict"],
});

export const restoreItemRoute = defineRoute({
  id: "restoreFromTrash",
  method: "POST",
  path: "/v1/trash/{id}/restore",
  summary: "Restore from the trash",
  description:
    "A file, folder or workspace, with all that was in it: ids, versions, links, grants and tags are as before, and links live again. A file or folder goes where it was. Where that folder is gone, it goes into the nearest one above that is there; where its name is taken there, it gets a number: `q3 (1).pdf`. The answer says where it is. A workspace is restored by whoever could delete it, and by owners and admins of its organization; an organization by its owners.",
  tag,
  access: {
    action: "restore",
    decides: "where it would be restored to is found by walking up from where it was",
  },
  // Of a file or folder, a workspace, an organization.
  scopes: ["files:write", "workspaces:write", "members:write"],
  params: itemId,
  body: z.strictObject({}),
  responses: {
    200: {
      description: "The file, folder, workspace or organization, as it is now",
      schema: z
        .discriminatedUnion("kind", [file, folderDetail, restoredWorkspace, restoredOrganization])
        .meta({ id: "Restored" }),
    },
  },
  errors: ["not_found", "conflict", "name_taken"],
});

export const purgeItemRoute = defineRoute({
  id: "purgeFromTrash",
  method: "DELETE",
  path: "/v1/trash/{id}",
  summary: "Purge from the trash",
  description:
    "For good: from now on it can't be restored. Its bytes are removed once no URL of S3 given out before leads to them (16 minutes); what is in a folder, a workspace or an organization page by page, which may take longer.",
  tag,
  access: {
    action: "purge",
    decides: "where it would be restored to is found by walking up from where it was",
  },
  scopes: ["files:delete", "workspaces:write", "members:write"],
  params: itemId,
  responses: { 204: { description: "It is purged" } },
  errors: ["not_found", "conflict"],
});
