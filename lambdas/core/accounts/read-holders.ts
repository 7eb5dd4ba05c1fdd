import * as z from "zod";
import { keys } from "#aws/keys.ts";
import type { TableDeps } from "#core/kernel/deps.ts";
import { readable } from "#core/kernel/readable.ts";

/** What lists tell of a client or person. */
const holderRecord = z.object({
  client_id: z.string().optional(),
  person_id: z.string().optional(),
  name: z.string(),
  emails: z.array(z.object({ address: z.string() })).default([]),
});

export interface Holder {
  type: "client" | "person";
  name: string;
  email?: string;
}

/** What these clients and persons are called, by id. */
export async function readHolders(
  deps: TableDeps,
  principals: readonly string[],
): Promise<ReadonlyMap<string, Holder>> {
  const items = await deps.table.batchGet(principals.map((id) => keys.principal(id)));
  return new Map(
    readable(deps, holderRecord, items).map(({ client_id, person_id, name, emails: [first] }) => [
      client_id ?? person_id ?? "",
      {
        type: person_id === undefined ? ("client" as const) : ("person" as const),
        name,
        ...(first === undefined ? {} : { email: first.address }),
      },
    ]),
  );
}
