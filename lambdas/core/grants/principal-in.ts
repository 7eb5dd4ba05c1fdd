import { keys } from "#aws/keys.ts";
import type { Item } from "#aws/table.ts";
import { type OrganizationNow, roleNow } from "#core/access/organization-now.ts";
import { grantsOf, rightsOf } from "#core/access/rights-of.ts";
import { clientRecord, currentClient, personRecord } from "#core/accounts/records.ts";
import { groupRecord } from "#core/groups/records.ts";
import { WharfError } from "#core/kernel/error.ts";
import type { Rights } from "#core/kernel/rights.ts";

interface Of {
  /** That of the workspace. */
  organization: string;
  /** As it is now: whoever belonged to it before it was handed over does no more. */
  as: OrganizationNow;
  now: number;
}

/**
 * The rights of a client, person or group of an organization, among items that were read.
 *
 * @throws WharfError not_found: one that isn't there, has ended, or is another organization's is answered the same.
 */
export function principalIn(items: readonly Item[], id: string, of: Of): Rights {
  const { pk, sk } = keys.principal(id);
  const stored = items.find((item) => item["pk"] === pk && item["sk"] === sk);
  const rights = stored && rightsIn(stored, id, of);
  if (rights !== undefined) return rights;
  throw new WharfError(
    "not_found",
    `No ${JSON.stringify(id)} that can be granted to here: there is none, it has ended, or it does not belong to the workspace's organization.`,
  );
}

function rightsIn(stored: Item, id: string, { organization, as, now }: Of): Rights | undefined {
  if (id.startsWith("grp_")) {
    const group = groupRecord.parse(stored);
    if (group.disabled_at !== undefined || group.organization_id !== organization) return undefined;
    if ((group.epoch ?? 0) !== as.epoch) return undefined;
    const more_grants = group.more_grants > 0;
    return { organizations: {}, grants: grantsOf(group), more_grants, groups: [] };
  }
  const rights = id.startsWith("usr_") ? ofPerson(stored) : ofClient(stored, now);
  return rights !== undefined && roleNow({ id, rights }, organization, as) !== undefined ? rights : undefined;
}

function ofPerson(stored: Item): Rights | undefined {
  const person = personRecord.parse(stored);
  return person.disabled_at === undefined ? rightsOf(person) : undefined;
}

function ofClient(stored: Item, now: number): Rights | undefined {
  const {
    rights,
    revoked_at,
    expires_ms = Number.POSITIVE_INFINITY,
  } = currentClient(clientRecord.parse(stored));
  return revoked_at === undefined && expires_ms > now ? rights : undefined;
}
