import { organizationNow } from "#core/access/standing.ts";
import type { App } from "#http/context.ts";
import { serve } from "#http/serve.ts";
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
import { createOrganization } from "./create-organization.ts";
import type { OrganizationDeps } from "./deps.ts";
import { showOrganization } from "./find-organization.ts";
import { listMembers } from "./list-members.ts";
import { listOrganizations } from "./list-organizations.ts";
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
    handle: async ({ params, query, call }) => {
      const now = await organizationNow(deps, call.caller, params.id);
      return { body: await listMembers(deps, params.id, now, query) };
    },
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
