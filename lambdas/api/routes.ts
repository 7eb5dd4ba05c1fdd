/** Each room's routes, in the order in which the API's reference has them: the one list of them. */

import { clients, tokens } from "#core/accounts/routes.ts";
import { batches } from "#core/batches/routes.ts";
import { copies } from "#core/copies/routes.ts";
import { deliveries } from "#core/delivery/routes.ts";
import { webhooks } from "#core/endpoints/routes.ts";
import { events, eventTypes } from "#core/events/routes.ts";
import { files } from "#core/files/routes.ts";
import { finalizes } from "#core/finalize/routes.ts";
import { folders } from "#core/folders/routes.ts";
import { grants } from "#core/grants/routes.ts";
import { groups } from "#core/groups/routes.ts";
import { invitations } from "#core/invitations/routes.ts";
import { links, shares } from "#core/links/routes.ts";
import { locks, lockWaits } from "#core/locks/routes.ts";
import { organizations } from "#core/organizations/routes.ts";
import { policies } from "#core/policies/routes.ts";
import { revocations } from "#core/revocation/routes.ts";
import { transfers } from "#core/transfers/routes.ts";
import { trash } from "#core/trash/routes.ts";
import { uploads } from "#core/uploads/routes.ts";
import { versions } from "#core/versions/routes.ts";
import { workspaces } from "#core/workspaces/routes.ts";

/** Those that need nothing but the table and the bucket. */
export const fileRoutes = [
  tokens,
  uploads,
  finalizes,
  batches,
  organizations,
  policies,
  groups,
  clients,
  revocations,
  workspaces,
  grants,
  invitations,
  folders,
  files,
  copies,
  versions,
  trash,
  transfers,
  shares,
  links,
  locks,
  // Never routed to the API; for the docs, and so that other methods on its path are told which one it takes.
  lockWaits,
] as const;

/** All. */
export const roomRoutes = [...fileRoutes, webhooks, deliveries, eventTypes, events] as const;
