/** Workspaces. */
import * as z from "zod";
import { id, page } from "#contract/common.ts";
import { defineRoute } from "#contract/route.ts";

export const workspace = z
  .object({
    workspace_id: id("ws"),
    name: z.string().meta({ description: "Unique among the workspaces of whoever made it." }),
    organization_id: id("org"),
    is_default: z
      .boolean()
      .meta({ description: "Where this client's uploads go unless they say otherwise." }),
  })
  .meta({ id: "Workspace" });

const tag = "Files";

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
