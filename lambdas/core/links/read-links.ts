import { keys } from "#aws/keys.ts";
import type { Deps } from "#core/kernel/deps.ts";
import { linkToken } from "./link-token.ts";
import { type LinkRecord, linkRecord } from "./records.ts";

/** Links by their ids, of which their tokens are made. */
export async function readLinks(
  deps: Pick<Deps, "table">,
  shareIds: readonly string[],
): Promise<LinkRecord[]> {
  const tokens = await Promise.all(shareIds.map((shareId) => linkToken(deps, shareId)));
  const items = await deps.table.batchGet(tokens.map((token) => keys.link(token)));
  return items.map((item) => linkRecord.parse(item));
}
