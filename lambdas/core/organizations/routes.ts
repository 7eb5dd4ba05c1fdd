import type { TableDeps } from "#core/kernel/deps.ts";
import type { App } from "#http/context.ts";
import { serve } from "#http/serve.ts";
import { addGroupMember } from "./add-group-member.ts";
import { changeGroup } from "./change-group.ts";
import { changeMember } from "./change-member.ts";
import { changeOrganization } from "./change-organization.ts";
import {
  changeMemberRoute,
  changeOrganizationRoute,
  createOrganizationRoute,
  listMembersRoute,
  listOrganizationsRoute,
  removeMemberRoute,
  showOrganizationRoute,
} from "./contract.ts";
import { createGroup } from "./create-group.ts";
import { createOrganization } from "./create-organization.ts";
import { deleteGroup } from "./delete-group.ts";
import type { OrganizationDeps } from "./deps.ts";
import { findGroup, groupReads, groupView } from "./find-group.ts";
import { showOrganization } from "./find-organization.ts";
import {
  addGroupMemberRoute,
  changeGroupRoute,
  createGroupRoute,
  deleteGroupRoute,
  listGroupMembersRoute,
  listGroupsRoute,
  removeGroupMemberRoute,
  showGroupRoute,
} from "./group-contract.ts";
import { listGroupMembers } from "./list-group-members.ts";
import { listGroups } from "./list-groups.ts";
import { listMembers } from "./list-members.ts";
import { listOrganizations } from "./list-organizations.ts";
import { removeGroupMember } from "./remove-group-member.ts";
import { removeMember } from "./remove-member.ts";

const byId = ({ id }: { id: string }) => id;

/** Organizations and their members. */
export function organizations(app: App, deps: OrganizationDeps): void {
  serve(app, deps, {
    route: listOrganizationsRoute,
    handle: async ({ query, call }) => ({ body: await listOrganizations(deps, call, query) }),
  });

  serve(app, deps, {
    route: createOrganizationRoute,
    handle: async ({ body, call }) => ({ body: await createOrganization(deps, call, body) }),
  });

  serve(app, deps, {
    route: showOrganizationRoute,
    organization: byId,
    handle: async ({ params, call }) => ({ body: await showOrganization(deps, call, params.id) }),
  });

  serve(app, deps, {
    route: changeOrganizationRoute,
    organization: byId,
    handle: async ({ params, body, call }) => ({
      body: await changeOrganization(deps, call, params.id, body),
    }),
  });

  serve(app, deps, {
    route: listMembersRoute,
    organization: byId,
    handle: async ({ params, query }) => ({ body: await listMembers(deps, params.id, query) }),
  });

  serve(app, deps, {
    route: changeMemberRoute,
    organization: byId,
    handle: async ({ params: { id, principal }, body: { role }, call }) => ({
      body: await changeMember(deps, call, { organization: id, principal, role }),
    }),
  });

  serve(app, deps, {
    route: removeMemberRoute,
    organization: byId,
    handle: async ({ params, call }) => {
      await removeMember(deps, call, params.id, params.principal);
    },
  });
}

/** Groups. */
export function groups(app: App, deps: TableDeps): void {
  serve(app, deps, {
    route: createGroupRoute,
    handle: async ({ body, call }) => ({ body: await createGroup(deps, call, body) }),
  });

  serve(app, deps, {
    route: listGroupsRoute,
    handle: async ({ query, call }) => ({ body: await listGroups(deps, call, query) }),
  });

  serve(app, deps, {
    route: showGroupRoute,
    reads: groupReads,
    handle: async ({ params, call }) => ({
      body: groupView(await findGroup(deps, call, params.id, { action: "list_members" })),
    }),
  });

  serve(app, deps, {
    route: changeGroupRoute,
    reads: groupReads,
    handle: async ({ params, body, call }) => ({ body: await changeGroup(deps, call, params.id, body) }),
  });

  serve(app, deps, {
    route: deleteGroupRoute,
    reads: groupReads,
    handle: async ({ params, call }) => {
      await deleteGroup(deps, call, params.id);
    },
  });

  serve(app, deps, {
    route: listGroupMembersRoute,
    reads: groupReads,
    handle: async ({ params, query, call }) => ({
      body: await listGroupMembers(deps, call, params.id, query),
    }),
  });

  serve(app, deps, {
    route: addGroupMemberRoute,
    reads: groupReads,
    handle: async ({ params, call }) => {
      await addGroupMember(deps, call, params.id, params.principal);
    },
  });

  serve(app, deps, {
    route: removeGroupMemberRoute,
    reads: groupReads,
    handle: async ({ params, call }) => {
      await removeGroupMember(deps, call, params.id, params.principal);
    },
  });
}
