/** Grants: who was given what, on which workspace, folder or file. */
import * as z from "zod";
import { at, distinct, givenTime, id, idOf, orTime, page } from "#contract/common.ts";
import { resourceId, role } from "#contract/roles.ts";
import { defineRoute } from "#contract/route.ts";
import { action, actions } from "#contract/scopes.ts";

/** Whom something is granted to. */
export const grantee = idOf("cli", "usr", "grp").meta({
  description: "A client (`cli_…`), person (`usr_…`) or group (`grp_…`) of the workspace's organization.",
});

export const resource = z
  .object({
    type: z.enum(["workspace", "folder", "file"]).meta({ description: "What it is." }),
    id: resourceId.meta({ description: "`ws_…`, `fld_…` or `file_…`." }),
  })
  .meta({ id: "Resource", description: "What a grant is on: it holds for all below as well." });

/** What a grant gives: one of the two. */
export const given = {
  role: role.optional(),
  actions: z.array(action).optional().meta({ description: "What it lets do, where it is no role's." }),
};

export const grant = z
  .object({
    grant_id: id("grt"),
    principal_id: grantee,
    resource,
    workspace_id: id("ws"),
    ...given,
    created_at: at("When it was given"),
    created_by: z.string().meta({ description: "Who gave it: `cli_…` or `usr_…`." }),
    expires_at: orTime("When it ends by itself; `null`: not before somebody ends it."),
    inherited: z
      .literal(true)
      .optional()
      .meta({ description: "Only where it is on a folder above, or the workspace." }),
  })
  .meta({ id: "Grant" });
export type Grant = z.infer<typeof grant>;

const grantRequest = z
  .strictObject({
    principal_id: grantee,
    role: role.optional(),
    actions: distinct(action, { min: 1, max: actions.length })
      .optional()
      .meta({ description: "What it lets do; instead of `role`." }),
    expires_at: givenTime.optional().meta({
      description:
        "When it ends by itself. Not later than what gives it: without it, a client's or key's own end, where that has one.",
    }),
  })
  .refine((body) => (body.role === undefined) !== (body.actions === undefined), {
    message: "needs either role or actions",
  })
  .meta({ oneOf: [{ required: ["role"] }, { required: ["actions"] }] });
export type GrantRequest = z.infer<typeof grantRequest>;

const tag = "Grants";
const example: Grant = {
  grant_id: "grt_01JZZZZZZZZZZZZZZZZZZZZZZZ",
  principal_id: "usr_01JZZZZZZZZZZZZZZZZZZZZZZZ",
  resource: { type: "folder", id: "fld_01JZZZZZZZZZZZZZZZZZZZZZZZ" },
  workspace_id: "ws_01JZZZZZZZZZZZZZZZZZZZZZZZ",
  role: "viewer",
  created_at: "2026-01-01T00:00:00.000Z",
  created_by: "cli_01JZZZZZZZZZZZZZZZZZZZZZZZ",
  expires_at: "2026-02-01T00:00:00.000Z",
};
const grantExample = {
  request: { principal_id: example.principal_id, role: example.role, expires_at: example.expires_at },
  response: example,
};

const grantWords =
  "It holds from the principal's next request on, for all below as well, beside whatever else it was granted: grants only add. Nobody grants more than they have there, nor more than their token's scopes name. The same once more, by the same client or key, answers the grant that there is; one principal has at most 1,000 of its own. What an API key or client has given ends with it.";
const listQuery = {
  ...page.query,
  inherited: z.enum(["true", "false"]).optional().meta({
    description:
      "`true`: before them on the first page also those of the folders above and the workspace, up to 100 of each.",
  }),
};
const grantErrors = ["not_found", "grant_limit", "conflict"] as const;
const made = { 201: { description: "It holds", schema: grant } };
const listed = {
  200: { description: "In the order in which they were given; none that has ended", schema: page.of(grant) },
};

const ofWorkspace = { path: "/v1/workspaces/{id}/grants", tag, params: { id: id("ws") } } as const;
const ofFolder = { path: "/v1/folders/{id}/grants", tag, params: { id: id("fld") } } as const;
const ofFile = { path: "/v1/files/{id}/grants", tag, params: { id: id("file") } } as const;

export const grantOnWorkspaceRoute = defineRoute({
  ...{ id: "grantOnWorkspace", method: "POST", ...ofWorkspace },
  summary: "Grant a role or actions on a workspace",
  description: grantWords,
  access: { action: "grant", on: "workspace" },
  body: grantRequest,
  responses: made,
  errors: grantErrors,
  example: {
    ...grantExample,
    response: { ...example, resource: { type: "workspace", id: example.workspace_id } },
  },
});

export const grantOnFolderRoute = defineRoute({
  ...{ id: "grantOnFolder", method: "POST", ...ofFolder },
  summary: "Grant a role or actions on a folder",
  description: `${grantWords} A workspace's root folder is the workspace.`,
  access: { action: "grant", on: "folder" },
  body: grantRequest,
  responses: made,
  errors: grantErrors,
  example: grantExample,
});

export const grantOnFileRoute = defineRoute({
  ...{ id: "grantOnFile", method: "POST", ...ofFile },
  summary: "Grant a role or actions on a file",
  description: grantWords,
  access: { action: "grant", on: "file" },
  body: grantRequest,
  responses: made,
  errors: grantErrors,
  example: {
    ...grantExample,
    response: { ...example, resource: { type: "file", id: "file_01JZZZZZZZZZZZZZZZZZZZZZZZ" } },
  },
});

export const listWorkspaceGrantsRoute = defineRoute({
  ...{ id: "listWorkspaceGrants", method: "GET", ...ofWorkspace },
  summary: "List the grants on a workspace",
  access: { action: "grant", on: "workspace" },
  scopes: ["grants:read"],
  query: listQuery,
  responses: listed,
  errors: ["not_found", "invalid_cursor"],
});

export const listFolderGrantsRoute = defineRoute({
  ...{ id: "listFolderGrants", method: "GET", ...ofFolder },
  summary: "List the grants on a folder",
  access: { action: "grant", on: "folder" },
  scopes: ["grants:read"],
  query: listQuery,
  responses: listed,
  errors: ["not_found", "invalid_cursor"],
});

export const listFileGrantsRoute = defineRoute({
  ...{ id: "listFileGrants", method: "GET", ...ofFile },
  summary: "List the grants on a file",
  access: { action: "grant", on: "file" },
  scopes: ["grants:read"],
  query: listQuery,
  responses: listed,
  errors: ["not_found", "invalid_cursor"],
});

const oneGrant = { path: "/v1/grants/{id}", tag, params: { id: id("grt") } } as const;
const decides = "the grant says what it is on, and its holder needs no action there";

export const getGrantRoute = defineRoute({
  ...{ id: "getGrant", method: "GET", ...oneGrant },
  summary: "Get a grant",
  description:
    "For whoever may grant on what it is on, for its holder, and for members of a group that holds it.",
  access: { action: "grant", decides },
  scopes: ["grants:read"],
  responses: { 200: { description: "The grant", schema: grant } },
  errors: ["not_found"],
  example: { response: example },
});

export const endGrantRoute = defineRoute({
  ...{ id: "endGrant", method: "DELETE", ...oneGrant },
  summary: "End a grant, or give up one's own",
  description:
    "By whoever may grant on what it is on, or by its holder. It has no effect from the next request on. Where what it is on is gone, owners and admins of the organization end it too. The last grant with the role `owner` on a workspace of an organization that has no owner stays.",
  access: { action: "grant", decides },
  responses: { 204: { description: "It has ended" } },
  errors: ["not_found", "conflict"],
});
