/** Groups: many clients and persons that are granted something together. */
import * as z from "zod";
import { at, id, page, principal, title } from "#contract/common.ts";
import { defineRoute } from "#contract/route.ts";

/** Groups that one client or person is in at most. */
export const MAX_GROUPS = 20;

export const group = z
  .object({
    group_id: id("grp"),
    organization_id: id("org"),
    name: title,
    created_at: at("When it was made"),
  })
  .meta({ id: "Group" });
export type Group = z.infer<typeof group>;

export const groupMember = z
  .object({
    principal_id: principal,
    type: z.enum(["client", "person"]).meta({ description: "What it is." }),
    name: z.string().meta({ description: "What it is called." }),
    joined_at: at("When it came into the group"),
  })
  .meta({ id: "GroupMember" });
export type GroupMember = z.infer<typeof groupMember>;

const organization = id("org")
  .optional()
  .meta({ description: "Which organization is meant; may be left out by who belongs to one alone." });
const createRequest = z.strictObject({ name: title, organization });
const changeRequest = z.strictObject({ name: title });

const tag = "Groups";
const params = { id: id("grp") };
const memberParams = { ...params, principal };
const decides = "the group's record says which organization it is of";

const example = {
  group_id: "grp_01JZZZZZZZZZZZZZZZZZZZZZZZ",
  organization_id: "org_01JZZZZZZZZZZZZZZZZZZZZZZZ",
  name: "Prüfer",
  created_at: "2026-01-01T00:00:00.000Z",
};

export const createGroupRoute = defineRoute({
  id: "createGroup",
  method: "POST",
  path: "/v1/groups",
  summary: "Make a group",
  description: `What a group is granted all its members have. One is in at most ${MAX_GROUPS}; a group is no member of another.`,
  tag,
  access: { organization: "members", decides: "the body says which one" },
  scopes: ["members:write"],
  body: createRequest,
  responses: { 201: { description: "Made, with nobody in it", schema: group } },
  errors: ["not_found"],
  example: { request: { name: example.name }, response: example },
});

export const listGroupsRoute = defineRoute({
  id: "listGroups",
  method: "GET",
  path: "/v1/groups",
  summary: "List an organization's groups",
  tag,
  access: { organization: "list_members", decides: "the query says which one" },
  scopes: ["members:read"],
  query: { ...page.query, organization },
  responses: { 200: { description: "In the order of their ids", schema: page.of(group) } },
  errors: ["not_found", "invalid_cursor"],
});

export const showGroupRoute = defineRoute({
  id: "showGroup",
  method: "GET",
  path: "/v1/groups/{id}",
  summary: "See a group",
  tag,
  access: { organization: "list_members", decides },
  scopes: ["members:read"],
  params,
  responses: { 200: { description: "As it is now", schema: group } },
  errors: ["not_found"],
});

export const changeGroupRoute = defineRoute({
  id: "changeGroup",
  method: "PATCH",
  path: "/v1/groups/{id}",
  summary: "Rename a group",
  tag,
  access: { organization: "members", decides },
  scopes: ["members:write"],
  params,
  body: changeRequest,
  responses: { 200: { description: "As it is now", schema: group } },
  errors: ["not_found", "conflict"],
  example: { request: { name: example.name }, response: example },
});

export const deleteGroupRoute = defineRoute({
  id: "deleteGroup",
  method: "DELETE",
  path: "/v1/groups/{id}",
  summary: "Delete a group; repeating it changes nothing",
  description: "What it was granted its members lose at once.",
  tag,
  access: { organization: "members", decides },
  scopes: ["members:write"],
  params,
  responses: { 204: { description: "It is gone" } },
  errors: ["not_found", "conflict"],
});

export const listGroupMembersRoute = defineRoute({
  id: "listGroupMembers",
  method: "GET",
  path: "/v1/groups/{id}/members",
  summary: "List a group's members",
  tag,
  access: { organization: "list_members", decides },
  scopes: ["members:read"],
  params,
  query: page.query,
  responses: { 200: { description: "In the order of their ids", schema: page.of(groupMember) } },
  errors: ["not_found", "invalid_cursor"],
});

export const addGroupMemberRoute = defineRoute({
  id: "addGroupMember",
  method: "PUT",
  path: "/v1/groups/{id}/members/{principal}",
  summary: "Put a member of the organization into a group; repeating it changes nothing",
  tag,
  access: { organization: "members", decides },
  scopes: ["members:write"],
  params: memberParams,
  responses: { 204: { description: "It is in the group" } },
  errors: ["not_found", "grant_limit", "conflict"],
});

export const removeGroupMemberRoute = defineRoute({
  id: "removeGroupMember",
  method: "DELETE",
  path: "/v1/groups/{id}/members/{principal}",
  summary: "Take somebody out of a group; repeating it changes nothing",
  tag,
  access: { organization: "members", decides },
  scopes: ["members:write"],
  params: memberParams,
  responses: { 204: { description: "It is not in the group" } },
  errors: ["not_found", "conflict"],
});
