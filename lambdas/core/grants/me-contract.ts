/** What a caller is told of itself. */
import * as z from "zod";
import { at, id, orNull, page } from "#contract/common.ts";
import { grantedDetail, memberRole } from "#contract/roles.ts";
import { defineRoute } from "#contract/route.ts";
import { scope } from "#contract/scopes.ts";
import { given, resource } from "./contract.ts";

const heldGrant = z
  .object({
    grant_id: id("grt"),
    resource,
    workspace_id: id("ws"),
    workspace_name: z
      .string()
      .optional()
      .meta({ description: "Only where it is on a workspace whose name is known here." }),
    ...given,
    expires_at: orNull(z.iso.datetime(), "When it ends by itself; `null`: not before somebody ends it."),
    via: id("grp")
      .optional()
      .meta({ description: "The group that holds it, where it isn't the caller's own." }),
  })
  .meta({ id: "HeldGrant" });
export type HeldGrantView = z.infer<typeof heldGrant>;

export const me = z
  .object({
    principal: z
      .object({
        id: z.union([id("cli"), id("usr")]).meta({ description: "`cli_…` or `usr_…`." }),
        type: z.enum(["client", "person"]).meta({ description: "A program or a human." }),
        name: z.string().meta({ description: "What it is called." }),
      })
      .meta({ description: "Who the token speaks for." }),
    organizations: z
      .array(z.object({ organization_id: id("org"), role: memberRole }).meta({ id: "Membership" }))
      .meta({ description: "Where it is a member, and as what." }),
    groups: z.array(id("grp")).meta({ description: "Groups whose grants are its own." }),
    scopes: z.array(scope).meta({ description: "Which verbs this token may use." }),
    authorization_details: z
      .array(grantedDetail)
      .optional()
      .meta({ description: "Only where the token is restricted: what isn't named is out of its reach." }),
    expires_at: at("When this token or key ends"),
    default_workspace: orNull(
      id("ws"),
      "Where its uploads go that name no workspace; `null`: each says which it means.",
    ),
    grants: z.array(heldGrant).meta({ description: "The first of its own grants, up to 50." }),
    more_grants: z
      .boolean()
      .meta({ description: "`true`: `GET /v1/me/grants` may have more, its groups' among them." }),
  })
  .meta({ id: "Me" });
export type Me = z.infer<typeof me>;

const tag = "Grants";
const example: Me = {
  principal: { id: "cli_01JZZZZZZZZZZZZZZZZZZZZZZZ", type: "client", name: "ci" },
  organizations: [{ organization_id: "org_01JZZZZZZZZZZZZZZZZZZZZZZZ", role: "guest" }],
  groups: [],
  scopes: ["files:read"],
  expires_at: "2026-01-01T00:15:00.000Z",
  default_workspace: null,
  grants: [
    {
      grant_id: "grt_01JZZZZZZZZZZZZZZZZZZZZZZZ",
      resource: { type: "folder", id: "fld_01JZZZZZZZZZZZZZZZZZZZZZZZ" },
      workspace_id: "ws_01JZZZZZZZZZZZZZZZZZZZZZZZ",
      role: "viewer",
      expires_at: null,
    },
  ],
  more_grants: false,
};

export const showMeRoute = defineRoute({
  id: "showMe",
  method: "GET",
  path: "/v1/me",
  summary: "See who the token speaks for, and what it may do where",
  description: "For every token and API key.",
  tag,
  access: { own: "tells the caller of itself" },
  scopes: [],
  responses: { 200: { description: "As it is at this moment", schema: me } },
  errors: [],
  example: { response: example },
});

export const listMyGrantsRoute = defineRoute({
  id: "listMyGrants",
  method: "GET",
  path: "/v1/me/grants",
  summary: "List all that was granted to the caller, and to its groups",
  tag,
  access: { own: "tells the caller of itself" },
  scopes: [],
  query: page.query,
  responses: {
    200: { description: "In the order of their ids; none that has ended", schema: page.of(heldGrant) },
  },
  errors: ["invalid_cursor"],
});
