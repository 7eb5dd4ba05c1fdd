import type { TableDeps } from "#core/kernel/deps.ts";
import type { App } from "#http/context.ts";
import { serve } from "#http/serve.ts";
import { addGroupMember } from "./add-group-member.ts";
import { changeGroup } from "./change-group.ts";
import {
  addGroupMemberRoute,
  changeGroupRoute,
  createGroupRoute,
  deleteGroupRoute,
  listGroupMembersRoute,
  listGroupsRoute,
  removeGroupMemberRoute,
  showGroupRoute,
} from "./contract.ts";
import { createGroup } from "./create-group.ts";
import { deleteGroup } from "./delete-group.ts";
import { findGroup, groupReads, groupView } from "./find-group.ts";
import { listGroupMembers } from "./list-group-members.ts";
import { listGroups } from "./list-groups.ts";
import { removeGroupMember } from "./remove-group-member.ts";

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
