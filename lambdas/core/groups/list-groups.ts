import * as z from "zod";
import { keys, under } from "#aws/keys.ts";
import { authorizeOrganization, epochIn } from "#core/access/authorize-organization.ts";
import type { Call } from "#core/kernel/call.ts";
import { cursorAfter, readCursor } from "#core/kernel/cursor.ts";
import type { TableDeps } from "#core/kernel/deps.ts";
import { type PageQuery, pageOf } from "#core/kernel/page.ts";
import { groupView } from "./find-group.ts";
import { groupRecord } from "./records.ts";

const entry = z.object({ group_id: z.string() });

/** An organization's groups, in the order of their ids. @throws WharfError invalid_cursor, and as `authorizeOrganization` */
export async function listGroups(
  deps: TableDeps,
  call: Call,
  { limit, cursor, organization }: PageQuery & { organization?: string | undefined },
) {
  const organizationId = await authorizeOrganization(deps, call, organization, "list_members");
  const epoch = epochIn(call.caller, organizationId);
  const list = `groups ${organizationId}`;
  const after = readCursor(list, cursor);
  const { items, next } = await deps.table.query({
    where: "#pk = :pk AND begins_with(#sk, :prefix)",
    values: { pk: keys.organization(organizationId).pk, prefix: under.groups },
    limit: limit + 1,
    after: after === undefined ? undefined : keys.groupEntry(organizationId, after),
  });
  const rows = items.map((item) => entry.parse(item).group_id);
  const page = pageOf(
    { rows, next },
    limit,
    (last) => cursorAfter(list, last),
    (id) => id,
  );
  const records = await deps.table.batchGet(page.items.map((id) => keys.principal(id)));
  const groups = new Map(
    records.map((item) => groupRecord.parse(item)).map((group) => [group.group_id, group]),
  );
  return {
    ...page,
    items: page.items.flatMap((id) => {
      const group = groups.get(id);
      const isThere = group?.disabled_at === undefined && (group?.epoch ?? 0) === epoch;
      return group !== undefined && isThere ? [groupView(group)] : [];
    }),
  };
}
