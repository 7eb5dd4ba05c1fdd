import * as z from "zod";
import { keys } from "#aws/keys.ts";
import type { Item } from "#aws/table.ts";
import type { Deps } from "#core/kernel/deps.ts";
import { clientRecord } from "./records.ts";

const clientRow = z.object({ client_id: z.string(), name: z.string(), created_at: z.string() });

/** Every client with its scopes and whether it has been revoked; never a secret. */
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
      const { client_id, name, scopes, workspaces, created_at, revoked_at, secrets } = record;
      rows.push({ client_id, name, scopes, workspaces, created_at, revoked_at, secrets: secrets.length });
    }
    after = page.next;
  } while (after !== undefined);
  return rows;
}
