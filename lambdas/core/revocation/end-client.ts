import { findClient, requireRank, roleAtHome } from "#core/accounts/find-client.ts";
import { actorOf, type Call } from "#core/kernel/call.ts";
import type { TableDeps } from "#core/kernel/deps.ts";
import { revokeAs } from "./change-client.ts";
import type { LinksEnd } from "./contract.ts";

/** How long a call goes on with ending what was held and made (ms), of the 29 s that it has; the sweep does the rest. */
export const CALL_MS = 15_000;

/**
 * Ends a client of the caller's organization at once, with what it holds and has made.
 *
 * @param links as for `revokeClient`.
 * @throws WharfError not_found; forbidden; conflict for the organization's only owner.
 */
export async function endClient(
  deps: TableDeps,
  call: Call,
  { id, links }: { id: string; links: LinksEnd | undefined },
) {
  const { client, organization } = await findClient(deps, call, id);
  requireRank(call, organization, roleAtHome(client, organization));
  const by = { actor: actorOf(call.caller), request_id: call.requestId };
  return revokeAs(deps, id, { ...by, links, lastOwner: "stays", patienceMs: CALL_MS });
}
