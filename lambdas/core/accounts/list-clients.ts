import * as z from "zod";
import { keys } from "#aws/keys.ts";
import type { Item } from "#aws/table.ts";
import type { Deps } from "#core/kernel/deps.ts";
import { homeOf, roleAtHome } from "./find-client.ts";
import { clientRecord, currentClient } from "./records.ts";

const clientRow = z.object({ client_id: z.string(), name: z.string(), created_at: z.string() });

/** Every client with its organization, role, scopes and grants, and whether it has been revoked; never a secret. */
export async function listClients(deps: Pick<Deps, "table">) {
  const rows: unknown[] = [];
  let after: Item | undefined;
  do {
    const page = await deps.table.query({
      where: "#pk = :pk",
      values: { pk: keys.clientEntry("").pk },
      after,
    });
    const ids = page.items.map((item) => clientRow.parse(item).client_id);
    const records = await deps.table.batchGet(ids.map((id) => keys.client(id)));
    for (const record of records.map((item) => clientRecord.parse(item))) {
      const { client_id, name, workspaces, created_at, revoked_at, secrets } = record;
      const { scopes, rights } = currentClient(record);
      const organization_id = homeOf(record);
      const role = organization_id === undefined ? undefined : roleAtHome(record, organization_id);
      const grants = rights.grants.map(({ grant_id, on, role, actions }) => ({
        ...{ grant_id, on },
        ...(role === undefined ? { actions } : { role }),
      }));
      const facts = { client_id, name, organization_id, role, scopes, grants, workspaces, created_at };
      rows.push({ ...facts, revoked_at, secrets: secrets.length });
    }
    after = page.next;
  } while (after !== undefined);
  return rows;
}
