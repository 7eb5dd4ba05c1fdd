import type { Call } from "#core/kernel/call.ts";
import type { TableDeps } from "#core/kernel/deps.ts";
import type { Grant } from "./contract.ts";
import { findGrant } from "./find-grant.ts";
import { grantView } from "./grant-view.ts";

/** A live grant, for its holder and whoever may grant where it is on. @throws WharfError not_found */
export async function showGrant(deps: TableDeps, call: Call, id: string): Promise<Grant> {
  const { grant } = await findGrant(deps, call, id, "grants:read");
  return grantView(grant);
}
