/** Organizations and their members. */
import * as z from "zod";
import { at, id, page, principal, title } from "#contract/common.ts";
import { memberRole } from "#contract/roles.ts";
import { defineRoute } from "#contract/route.ts";

export const organization = z
  .object({
    organization_id: id("org"),
    name: title,
    role: memberRole.meta({ description: "The caller's role in it." }),
    created_at: at("When it was made"),
    closed_at: at("Of one that was closed: when. Only its owners see it").optional(),
    purge_at: at("Of one that was closed: when it is purged, unless it is restored before").optional(),
  })
  .meta({ id: "Organization" });
export type Organization = z.infer<typeof organization>;

export const member = z
  .object({
    principal_id: principal,
    type: z.enum(["client", "person"]).meta({ description: "What it is." }),
    name: z.string().meta({ description: "What it is called." }),
    email: z.string().optional().meta({ description: "A person's address, where one is verified." }),
    role: memberRole,
    joined_at: at("When it became a member"),
  })
  .meta({ id: "Member" });
export type Member = z.infer<typeof member>;

const organizationRequest = z.strictObject({ name: title });
const memberRequest = z.strictObject({ role: memberRole });

const tag = "Organizations";
const params = { id: id("org") };
const memberParams = { ...params, principal };

const example = {
  organization_id: "org_01JZZZZZZZZZZZZZZZZZZZZZZZ",
  name: "Hafen & Söhne",
  role: "owner",
  created_at: "2026-01-01T00:00:00.000Z",
} as const;
const memberExample = {
  principal_id: "usr_01JZZZZZZZZZZZZZZZZZZZZZZZ",
  type: "person",
  name: "Zoë Łukasiewicz",
  email: "zoe@example.com",
  role: "member",
  joined_at: "2026-01-01T00:00:00.000Z",
} as const;

export const listOrganizationsRoute = defineRoute({
  id: "listOrganizations",
  method: "GET",
  path: "/v1/orgs",
  summary: "List the organizations that the caller belongs to",
  tag,
  access: { own: "lists where the caller is a member" },
  scopes: [],
  query: page.query,
  responses: { 200: { description: "In the order of their ids", schema: page.of(organization) } },
  errors: ["invalid_cursor"],
});

export const createOrganizationRoute = defineRoute({
  id: "createOrganization",
  method: "POST",
  path: "/v1/orgs",
  summary: "Make an organization; the caller is its owner",
  description:
    "Who may is the deployment's setting `orgCreation`: `admin` (owners and admins of an organization, with scope `admin`), `member` (every member of one), or `nobody`. One client or person belongs to at most 20.",
  tag,
  access: { own: "makes what is the caller's own" },
  scopes: ["members:write"],
  body: organizationRequest,
  responses: { 201: { description: "Made", schema: organization } },
  errors: ["grant_limit", "conflict"],
  example: { request: { name: example.name }, response: example },
});

export const showOrganizationRoute = defineRoute({
  id: "showOrganization",
  method: "GET",
  path: "/v1/orgs/{id}",
  summary: "See an organization",
  tag,
  access: { organization: "see" },
  scopes: [],
  params,
  responses: { 200: { description: "As it is now", schema: organization } },
  errors: ["not_found"],
});

export const changeOrganizationRoute = defineRoute({
  id: "changeOrganization",
  method: "PATCH",
  path: "/v1/orgs/{id}",
  summary: "Rename an organization",
  tag,
  access: { organization: "organize" },
  scopes: ["members:write"],
  params,
  body: organizationRequest,
  responses: { 200: { description: "As it is now", schema: organization } },
  errors: ["not_found", "conflict"],
  example: { request: { name: example.name }, response: example },
});

export const listMembersRoute = defineRoute({
  id: "listMembers",
  method: "GET",
  path: "/v1/orgs/{id}/members",
  summary: "List an organization's members",
  tag,
  access: { organization: "list_members" },
  scopes: ["members:read"],
  params,
  query: { ...page.query, role: memberRole.optional().meta({ description: "Only those with this role." }) },
  responses: { 200: { description: "In the order of their ids", schema: page.of(member) } },
  errors: ["not_found", "invalid_cursor"],
});

export const changeMemberRoute = defineRoute({
  id: "changeMember",
  method: "PATCH",
  path: "/v1/orgs/{id}/members/{principal}",
  summary: "Give a member another role",
  description: "Only owners make owners, or end that. There is always at least one.",
  tag,
  access: { organization: "members" },
  scopes: ["members:write"],
  params: memberParams,
  body: memberRequest,
  responses: { 200: { description: "The member as it is now", schema: member } },
  errors: ["not_found", "conflict"],
  example: { request: { role: memberExample.role }, response: memberExample },
});

export const removeMemberRoute = defineRoute({
  id: "removeMember",
  method: "DELETE",
  path: "/v1/orgs/{id}/members/{principal}",
  summary: "Remove a member, or leave; repeating it changes nothing",
  description:
    "It loses its role, its groups and its grants in the organization's workspaces at once. Everybody may leave but the last owner, and a client the organization that it was made in: end it by `DELETE /v1/clients/{id}`.",
  tag,
  access: { organization: "leave" },
  scopes: ["members:write"],
  params: memberParams,
  responses: { 204: { description: "It is no member" } },
  errors: ["not_found", "conflict"],
});
