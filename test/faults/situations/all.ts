/** Every domain's table. */
import type { Situation } from "../situation.ts";
import { accounts } from "./accounts.ts";
import { batches } from "./batches.ts";
import { clients } from "./clients.ts";
import { closedOrganizations } from "./closed-organizations.ts";
import { copies } from "./copies.ts";
import { deletedWorkspaces } from "./deleted-workspaces.ts";
import { deliveries } from "./deliveries.ts";
import { rareDeliveries } from "./delivery-rarities.ts";
import { deliverySweeps } from "./delivery-sweeps.ts";
import { emptyUploads } from "./empty-uploads.ts";
import { events } from "./events.ts";
import { files } from "./files.ts";
import { finalizedUploads } from "./finalizes.ts";
import { folders } from "./folders.ts";
import { forms } from "./forms.ts";
import { grants } from "./grants.ts";
import { handedOverOrganizations } from "./handed-over-organizations.ts";
import { invitations } from "./invitations.ts";
import { links } from "./links.ts";
import { locks } from "./locks.ts";
import { migration } from "./migration.ts";
import { organizations } from "./organizations.ts";
import { policies } from "./policies.ts";
import { startedUploads } from "./starts.ts";
import { transferredLinks } from "./transferred-links.ts";
import { transfers } from "./transfers.ts";
import { trash } from "./trash.ts";
import { otherUploads } from "./unfinished.ts";
import { rareUploads } from "./upload-rarities.ts";
import { webhooks } from "./webhooks.ts";

export const domains: Record<string, readonly Situation[]> = {
  uploads: [
    ...startedUploads,
    ...finalizedUploads,
    ...emptyUploads,
    ...otherUploads,
    ...rareUploads,
    ...forms,
  ],
  ...{
    batches,
    files,
    copies,
    folders,
    trash: [...trash, ...deletedWorkspaces, ...closedOrganizations],
    transfers: [...transfers, ...transferredLinks, ...handedOverOrganizations],
    links,
    locks,
    clients,
    accounts,
    organizations,
    policies,
    grants,
    invitations,
    migration,
  },
  webhooks: [...webhooks, ...deliveries, ...deliverySweeps, ...rareDeliveries],
  events,
};
