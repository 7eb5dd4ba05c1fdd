import { keys } from "#aws/keys.ts";
import { authorizeOrganization, roleIn, roleMay } from "#core/access/authorize-organization.ts";
import type { Call } from "#core/kernel/call.ts";
import type { TableDeps } from "#core/kernel/deps.ts";
import { notFound } from "#core/kernel/error.ts";
import type { Invitation } from "./contract.ts";
import { invitationView } from "./invitation-view.ts";
import { type InvitationRecord, invitationRecord } from "./records.ts";

/**
 * An invitation into an organization whose members the caller manages.
 *
 * @throws WharfError not_found, for whoever doesn't manage them too; forbidden for a restricted token.
 */
export async function findInvitation(deps: TableDeps, call: Call, id: string): Promise<InvitationRecord> {
  call.decided?.();
  const found = await deps.table.get(invitationRecord.optional(), keys.invitation(id));
  if (found === undefined || !roleMay(roleIn(call.caller, found.organization_id), "members"))
    throw notFound("invitation", id);
  await authorizeOrganization(deps, call, found.organization_id, "members");
  return found;
}

/** The same as the API shows it. @throws WharfError not_found, forbidden */
export async function showInvitation(deps: TableDeps, call: Call, id: string): Promise<Invitation> {
  return invitationView(deps.now(), await findInvitation(deps, call, id));
}
