import { keys, under } from "#aws/keys.ts";
import { authorizeOrganization } from "#core/access/authorize-organization.ts";
import { organizationNow } from "#core/access/standing.ts";
import type { Call } from "#core/kernel/call.ts";
import { cursorAfter, readCursor } from "#core/kernel/cursor.ts";
import type { TableDeps } from "#core/kernel/deps.ts";
import { type PageQuery, pageOf } from "#core/kernel/page.ts";
import { clientView, isClientNow } from "./find-client.ts";
import { clientRecord } from "./records.ts";

/**
 * The clients of an organization, the oldest first; strongly consistent.
 *
 * @throws WharfError not_found, forbidden, invalid_cursor
 */
export async function listOrganizationClients(
  deps: TableDeps,
  call: Call,
  { limit, cursor, organization: named }: PageQuery & { organization?: string | undefined },
) {
  const organization = await authorizeOrganization(deps, call, named, "clients");
  const now = await organizationNow(deps, call.caller, organization);
  const list = `clients ${organization}`;
  const after = readCursor(list, cursor);
  const { items, next } = await deps.table.query({
    where: "#pk = :pk AND begins_with(#sk, :prefix)",
    values: { pk: keys.organization(organization).pk, prefix: under.organizationClients },
    limit: limit + 1,
    after: after === undefined ? undefined : keys.organizationClient(organization, after),
  });
  const ids = items.map((item) => String(item["client_id"]));
  const records = await deps.table.batchGet(ids.slice(0, limit).map((id) => keys.client(id)));
  const clients = new Map(records.map((item) => clientRecord.parse(item)).map((one) => [one.client_id, one]));
  const page = pageOf(
    { rows: ids, next },
    limit,
    (last) => cursorAfter(list, last),
    (id) => {
      const client = clients.get(id);
      return client && isClientNow(client, organization, now)
        ? clientView(deps.now(), client, organization)
        : undefined;
    },
  );
  return { ...page, items: page.items.filter((item) => item !== undefined) };
}
