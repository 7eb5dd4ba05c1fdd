/** What the administrator's commands list, who sees all organizations. */
import * as z from "zod";
import { keys } from "#aws/keys.ts";
import type { Item } from "#aws/table.ts";
import { unknownOrganization } from "#core/access/organization-writes.ts";
import { organizationRecord } from "#core/access/records.ts";
import type { TableDeps } from "#core/kernel/deps.ts";
import type { Member } from "./contract.ts";
import { listMembers } from "./list-members.ts";

const entry = z.object({ organization_id: z.string() });
const PAGE = 100;

/** Every organization of the deployment, with how many owners it has. */
export async function listAllOrganizations({ table }: TableDeps) {
  const rows: { organization_id: string; name: string; owners: number; created_at: string }[] = [];
  let after: Item | undefined;
  do {
    const page = await table.query({
      where: "#pk = :pk",
      values: { pk: keys.organizationEntry("").pk },
      after,
    });
    const ids = page.items.map((item) => entry.parse(item).organization_id);
    const items = await table.batchGet(ids.map((id) => keys.organization(id)));
    for (const item of items) {
      const { organization_id, name, owners, created_at } = organizationRecord.parse(item);
      rows.push({ organization_id, name, owners, created_at });
    }
    after = page.next;
  } while (after !== undefined);
  return rows;
}

/** Every member of an organization. @throws WharfError not_found */
export async function listAllMembers(deps: TableDeps, organization: string): Promise<Member[]> {
  const now = await deps.table.get(organizationRecord, keys.organization(organization));
  if (now === undefined) throw unknownOrganization(organization);
  const members: Member[] = [];
  let cursor: string | undefined;
  do {
    const page = await listMembers(deps, organization, now, { limit: PAGE, cursor });
    members.push(...page.items);
    cursor = page.next_cursor ?? undefined;
  } while (cursor !== undefined);
  return members;
}
