import { due, keys } from "#aws/keys.ts";
import type { Write } from "#aws/table.ts";
import type { Actor } from "#contract/common.ts";
import { requireNotHeld } from "#core/access/held.ts";
import { policyOf } from "#core/access/organization-now.ts";
import { actorOf, type Call } from "#core/kernel/call.ts";
import type { TableDeps } from "#core/kernel/deps.ts";
import { inRounds } from "#core/kernel/in-rounds.ts";
import { eventWrite } from "#core/kernel/outbox.ts";
import { newChange } from "#core/kernel/unchanged.ts";
import { asClosed, type ClosedOrganization } from "./close-organization.ts";
import { findClosed } from "./restore-organization.ts";

/** Purges a closed organization, with `organization_purged`: it comes back no more. What is in it the sweep ends. @throws WharfError not_found, policy_denied */
export async function purgeOrganization(deps: TableDeps, call: Call, id: string): Promise<void> {
  const attempt = async () => {
    const closed = await findClosed(deps, call, id);
    requireNotHeld({ policy: policyOf(undefined, closed.policy) });
    const by = { request_id: call.requestId, actor: actorOf(call.caller) };
    await deps.table.transact(organizationPurged(deps.now(), closed, by));
  };
  await inRounds(attempt, "It is being restored or purged elsewhere; look again.");
}

/** The end of a closed organization. @param by who ends it. */
export function organizationPurged(
  now: number,
  closed: ClosedOrganization,
  by: { request_id: string; actor: Actor },
): Write[] {
  const { organization_id, name } = closed;
  return [
    {
      key: keys.organization(organization_id),
      update: {
        set: { purged_ms: now, change: newChange(), ...due("organization", now, organization_id) },
      },
      ...asClosed(closed),
    },
    eventWrite(now, { type: "organization_purged", ...by, organization_id, data: { name } }),
  ];
}
