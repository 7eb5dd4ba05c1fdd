import * as z from "zod";
import { keys } from "#aws/keys.ts";
import type { Deps } from "#core/kernel/deps.ts";
import { WharfError } from "#core/kernel/error.ts";

const living = z.object({ revoked_at: z.string().optional(), disabled_at: z.string().optional() });

/**
 * Refuses to finish what a revoked client has begun: by a strong read right before the commit, and not as a condition
 * of it, since all uploads of a client would then meet in one item. @throws WharfError upload_closed
 */
export async function requireLiveClient({ table }: Pick<Deps, "table">, clientId: string): Promise<void> {
  const holder = await table.get(living, keys.principal(clientId));
  if (holder?.revoked_at === undefined && holder?.disabled_at === undefined) return;
  throw new WharfError(
    "upload_closed",
    "The client that started this upload has been revoked. Start a new upload with a client of your own.",
  );
}
