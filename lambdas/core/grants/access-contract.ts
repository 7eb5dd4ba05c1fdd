/** What somebody may do somewhere, and why. */
import * as z from "zod";
import { id, orTime } from "#contract/common.ts";
import { memberAccess, memberRole, role } from "#contract/roles.ts";
import { defineRoute } from "#contract/route.ts";
import { action } from "#contract/scopes.ts";
import { grantee } from "./contract.ts";

const reason = z
  .object({
    on: z.string().meta({ description: "Where it holds: the resource, or what is above it." }),
    actions: z.array(action).meta({ description: "What it gives there." }),
    grant_id: id("grt").optional().meta({ description: "Of a grant." }),
    role: role.optional().meta({ description: "Of a grant: the role that it gives." }),
    via_group: id("grp").optional().meta({ description: "Of a grant: the group that holds it." }),
    expires_at: orTime("Of a grant: when it ends; `null`: not by itself.").optional(),
    organization_role: memberRole.optional().meta({ description: "A role in the organization." }),
    member_access: memberAccess.optional().meta({ description: "What every member has on the workspace." }),
    own: z
      .literal(true)
      .optional()
      .meta({ description: "It made this itself, and sees nothing else there." }),
  })
  .meta({ id: "AccessReason" });
export type AccessReason = z.infer<typeof reason>;

export const accessAnswer = z
  .object({
    principal_id: grantee,
    actions: z.array(action).meta({ description: "What it may do there now, whatever its tokens' scopes." }),
    because: z.array(reason).meta({ description: "All that gives one of them." }),
    token_actions: z.array(action).optional().meta({
      description: "Of the caller itself: what is left of them by this token's scopes and restriction.",
    }),
  })
  .meta({ id: "AccessAnswer" });
export type AccessAnswer = z.infer<typeof accessAnswer>;

const tag = "Grants";
const query = {
  principal: grantee.optional().meta({
    description:
      "Whose access is meant, if not the caller's: a client, person or group of the organization. Needs `grant` there, and the scope `grants:read`.",
  }),
};
const common = {
  method: "GET",
  tag,
  access: { action: "list", decides: "another's access needs another action than one's own" },
  scopes: ["files:read", "grants:read"],
  query,
  responses: { 200: { description: "As it is at this moment", schema: accessAnswer } },
  errors: ["not_found"],
  example: {
    response: {
      principal_id: "usr_01JZZZZZZZZZZZZZZZZZZZZZZZ",
      actions: ["list", "read"],
      because: [
        {
          on: "ws_01JZZZZZZZZZZZZZZZZZZZZZZZ",
          actions: ["list", "read"],
          grant_id: "grt_01JZZZZZZZZZZZZZZZZZZZZZZZ",
          role: "viewer",
          expires_at: null,
        },
      ],
    } satisfies AccessAnswer,
  },
} as const;
const description =
  "One's own needs `list` there. Each reason says where it holds, so that who wants to change it knows what to end or to grant.";

export const explainWorkspaceAccessRoute = defineRoute({
  ...common,
  id: "explainWorkspaceAccess",
  path: "/v1/workspaces/{id}/access",
  summary: "See what somebody may do in a workspace, and why",
  description,
  params: { id: id("ws") },
});

export const explainFolderAccessRoute = defineRoute({
  ...common,
  id: "explainFolderAccess",
  path: "/v1/folders/{id}/access",
  summary: "See what somebody may do in a folder, and why",
  description,
  params: { id: id("fld") },
});

export const explainFileAccessRoute = defineRoute({
  ...common,
  id: "explainFileAccess",
  path: "/v1/files/{id}/access",
  summary: "See what somebody may do with a file, and why",
  description,
  params: { id: id("file") },
});
