import * as z from "zod";
import { keys } from "#aws/keys.ts";
import type { TableDeps } from "#core/kernel/deps.ts";
import { WharfError } from "#core/kernel/error.ts";

const record = z.object({ organizations: z.unknown().optional() });

/**
 * Makes sure that a client is none from before there were organizations: its record has no room for grants until it is
 * brought over, which the sweep does.
 *
 * @throws WharfError conflict
 */
export async function requireCurrent({ table }: Pick<TableDeps, "table">, principal: string): Promise<void> {
  if (!principal.startsWith("cli_")) return;
  const client = await table.get(record, keys.client(principal));
  if (client === undefined || client.organizations !== undefined) return;
  throw new WharfError(
    "conflict",
    `${principal} is from before there were grants and is being brought over. Try again in a minute.`,
    { retry_after_seconds: 60 },
  );
}
