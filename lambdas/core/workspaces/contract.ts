/** Workspaces. */
import * as z from "zod";
import { id, page, workspaceName } from "#contract/common.ts";
import { memberAccess } from "#contract/roles.ts";
import { defineRoute } from "#contract/route.ts";

export const workspace = z
  .object({
    workspace_id: id("ws"),
    name: z.string().meta({ description: "Unique among the workspaces of whoever made it." }),
    organization_id: id("org"),
    member_access: memberAccess,
    is_default: z
      .boolean()
      .meta({ description: "Where this client's uploads go unless they say otherwise." }),
  })
  .meta({ id: "Workspace" });

const newWorkspace = z.strictObject({
  name: workspaceName,
  organization: id("org")
    .optional()
    .meta({ description: "Whose it will be; not needed where you belong to one." }),
  member_access: memberAccess.default("none"),
});
export type NewWorkspaceRequest = z.infer<typeof newWorkspace>;

const workspaceChange = z
  .strictObject({ name: workspaceName.optional(), member_access: memberAccess.optional() })
  .refine((change) => Object.values(change).some((value) => value !== undefined), {
    message: "needs name or member_access",
  })
  .meta({ minProperties: 1 });
export type WorkspaceChange = z.infer<typeof workspaceChange>;

const tag = "Workspaces";
const workspaceId = { id: id("ws") };
const example: z.infer<typeof workspace> = {
  workspace_id: "ws_01JZZZZZZZZZZZZZZZZZZZZZZZ",
  name: "reports",
  organization_id: "org_01JZZZZZZZZZZZZZZZZZZZZZZZ",
  member_access: "none",
  is_default: false,
};

export const listWorkspacesRoute = defineRoute({
  id: "listWorkspaces",
  method: "GET",
  path: "/v1/workspaces",
  summary: "List the workspaces that the caller may list",
  tag,
  access: { own: "lists what the caller may list" },
  scopes: ["workspaces:read", "files:read"],
  query: page.query,
  responses: { 200: { description: "In the order of their ids", schema: page.of(workspace) } },
  errors: ["invalid_cursor"],
});

export const createWorkspaceRoute = defineRoute({
  id: "createWorkspace",
  method: "POST",
  path: "/v1/workspaces",
  summary: "Make a workspace",
  description:
    "It belongs to the organization, and whoever makes it gets a grant with the role `owner` on it. Its name is one among those that you have made; another's may be called the same. Needs the role `member` in the organization, or more.",
  tag,
  access: { organization: "workspaces", decides: "the body says which one is meant" },
  scopes: ["workspaces:write"],
  body: newWorkspace,
  responses: { 201: { description: "The workspace, empty", schema: workspace } },
  errors: ["not_found", "name_taken", "grant_limit", "conflict"],
  example: { request: { name: "reports", member_access: "viewer" }, response: example },
});

export const getWorkspaceRoute = defineRoute({
  id: "getWorkspace",
  method: "GET",
  path: "/v1/workspaces/{id}",
  summary: "Get a workspace",
  tag,
  access: { action: "list", decides: "who sees a workspace's name need not see its files" },
  scopes: ["workspaces:read", "files:read"],
  params: workspaceId,
  responses: { 200: { description: "The workspace", schema: workspace } },
  errors: ["not_found"],
  example: { response: example },
});

export const changeWorkspaceRoute = defineRoute({
  id: "changeWorkspace",
  method: "PATCH",
  path: "/v1/workspaces/{id}",
  summary: "Rename a workspace, say what members have on it",
  description:
    "What the body names, all of it or nothing. The old name leads nowhere for its owner at once; others whose grant came with that name may go on using it until they see the new one. A change of `member_access` holds from the next request on.",
  tag,
  access: { action: "manage", on: "workspace" },
  params: workspaceId,
  body: workspaceChange,
  responses: { 200: { description: "The workspace as it is now", schema: workspace } },
  errors: ["not_found", "name_taken", "conflict"],
  example: { request: { name: "reports-2026" }, response: { ...example, name: "reports-2026" } },
});
