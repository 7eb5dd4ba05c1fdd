import { keys } from "#aws/keys.ts";
import { happened } from "#aws/table.ts";
import type { TableDeps } from "#core/kernel/deps.ts";
import { FIRST_ORGANIZATION, organizationRecord } from "./records.ts";

/**
 * Makes an admin of the first organization its owner, where it has none.
 *
 * @returns whether it became one.
 */
export async function electOwner({ table }: TableDeps, clientId: string): Promise<boolean> {
  const organization = await table.get(organizationRecord.optional(), keys.organization(FIRST_ORGANIZATION));
  if (organization?.owners !== 0) return false;
  const was = { was: "admin" };
  const role = "owner";
  return happened(
    table.transact([
      {
        key: keys.organization(FIRST_ORGANIZATION),
        update: { add: { owners: 1 } },
        condition: "#owners = :none",
        values: { none: 0 },
      },
      {
        key: keys.client(clientId),
        update: { set: { [`organizations.${FIRST_ORGANIZATION}`]: role } },
        condition: `#organizations.#${FIRST_ORGANIZATION} = :was AND attribute_not_exists(#revoked_at)`,
        values: was,
      },
      {
        key: keys.member(FIRST_ORGANIZATION, clientId),
        update: { set: { role, change: crypto.randomUUID() } },
        condition: "#role = :was AND attribute_not_exists(#left_at)",
        values: was,
      },
    ]),
  );
}
