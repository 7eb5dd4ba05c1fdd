import type { Deps } from "#core/kernel/deps.ts";
import type { App } from "#http/context.ts";
import { serve } from "#http/serve.ts";
import { acceptInvitation } from "./accept-invitation.ts";
import {
  acceptInvitationRoute,
  createInvitationRoute,
  listInvitationsRoute,
  revokeInvitationRoute,
  showInvitationRoute,
} from "./contract.ts";
import { createInvitation } from "./create-invitation.ts";
import { showInvitation } from "./find-invitation.ts";
import { listInvitations } from "./list-invitations.ts";
import { revokeInvitation } from "./revoke-invitation.ts";

/** Invitations into organizations. */
export function invitations(app: App, deps: Pick<Deps, "table" | "config" | "now">): void {
  serve(app, deps, {
    route: createInvitationRoute,
    organization: ({ id }) => id,
    handle: async ({ params, body, call }) => ({
      body: await createInvitation(deps, call, params.id, body),
    }),
  });

  serve(app, deps, {
    route: listInvitationsRoute,
    organization: ({ id }) => id,
    handle: async ({ params, query }) => ({ body: await listInvitations(deps, params.id, query) }),
  });

  serve(app, deps, {
    route: acceptInvitationRoute,
    handle: async ({ body, call }) => ({ body: await acceptInvitation(deps, call, body.token) }),
  });

  serve(app, deps, {
    route: showInvitationRoute,
    handle: async ({ params, call }) => ({ body: await showInvitation(deps, call, params.id) }),
  });

  serve(app, deps, {
    route: revokeInvitationRoute,
    handle: async ({ params, call }) => {
      await revokeInvitation(deps, call, params.id);
    },
  });
}
