import { due, keys } from "#aws/keys.ts";
import { epochIn } from "#core/access/authorize-organization.ts";
import { requireNotHeld, trashDays } from "#core/access/held.ts";
import { policyOf } from "#core/access/organization-now.ts";
import { FIRST_ORGANIZATION, type OrganizationRecord } from "#core/access/records.ts";
import { actorOf, type Call } from "#core/kernel/call.ts";
import type { Deps, TableDeps } from "#core/kernel/deps.ts";
import { WharfError } from "#core/kernel/error.ts";
import { inRounds } from "#core/kernel/in-rounds.ts";
import { eventWrite } from "#core/kernel/outbox.ts";
import { iso } from "#core/kernel/time.ts";
import { newChange, unchanged } from "#core/kernel/unchanged.ts";
import { findOrganization } from "#core/organizations/find-organization.ts";

const DAY_MS = 86_400_000;

/**
 * Closes an organization, in one transaction with `organization_closed`, whatever is in it: all that is decided in it finds
 * nothing from then on. One that is closed stays so.
 *
 * @throws WharfError not_found; conflict where another name is said than its own, for the first one, and where others keep
 * changing it.
 */
export async function closeOrganization(
  deps: TableDeps & { config: Pick<Deps["config"], "trashDays"> },
  call: Call,
  id: string,
  { name }: { name: string },
): Promise<void> {
  if (id === FIRST_ORGANIZATION)
    throw new WharfError(
      "conflict",
      "This is the organization that the deployment begins with, which stays.",
    );
  const attempt = async () => {
    const organization = await findOrganization(deps, id, epochIn(call.caller, id));
    if (organization.name !== name)
      throw new WharfError(
        "conflict",
        `The organization is called ${JSON.stringify(organization.name)}, and nothing was closed: say that in ?name=, if it is the one that you mean.`,
      );
    if (organization.closed_at !== undefined) return;
    const ruled = { policy: policyOf(undefined, organization.policy) };
    requireNotHeld(ruled);
    const now = deps.now();
    const purge_ms = now + trashDays(ruled, deps.config.trashDays) * DAY_MS;
    await deps.table.transact([
      {
        key: keys.organization(id),
        update: {
          set: {
            ...{ closed_at: iso(now), closed_by: call.caller.id, purge_ms, change: newChange() },
            ...due("organization", purge_ms, id),
          },
        },
        condition: `${unchanged(organization).condition} AND attribute_not_exists(#closed_at)`,
        values: unchanged(organization).values,
      },
      eventWrite(now, {
        type: "organization_closed",
        ...{ request_id: call.requestId, organization_id: id, actor: actorOf(call.caller) },
        data: { name },
      }),
    ]);
  };
  await inRounds(attempt, "Others keep changing this organization; send this again.");
}

export type ClosedOrganization = OrganizationRecord & { closed_at: string };

/** That it is closed since then, and isn't purged. */
export const asClosed = ({ closed_at }: ClosedOrganization) => ({
  condition: "#closed_at = :closed_at AND attribute_not_exists(#purged_ms)",
  values: { closed_at },
});
