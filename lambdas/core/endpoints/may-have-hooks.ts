import { holds } from "#contract/scopes.ts";
import { allGrants } from "#core/access/authorize.ts";
import { haveHooks } from "#core/files/check-folders.ts";
import type { Caller } from "#core/kernel/call.ts";
import type { TableDeps } from "#core/kernel/deps.ts";
import type { HeldGrant } from "#core/kernel/rights.ts";

/**
 * Whether there is anything at all of which somebody's endpoint could hear: a right to have webhooks somewhere, or one by
 * which it hears of what it makes itself. No read where its own record names such a right.
 *
 * @param folders those that the endpoint is limited to; none: anywhere.
 */
export async function mayHaveHooks(
  deps: TableDeps,
  caller: Caller,
  folders: readonly string[] = [],
): Promise<boolean> {
  const { details, organizations, grants } = caller.rights;
  if (details?.every(({ actions }) => !actions.includes("hooks"))) return false;
  if (folders.length > 0) return (await haveHooks(deps, caller, folders)).includes(true);
  if (Object.values(organizations).some((role) => role === "owner" || role === "admin")) return true;
  const reads = holds(caller.scopes, "files:read");
  const gives = ({ actions, expires_ms = Number.POSITIVE_INFINITY }: HeldGrant) =>
    expires_ms > deps.now() &&
    (actions.includes("hooks") || !reads || (!actions.includes("list") && !actions.includes("read")));
  return grants.some(gives) || (await allGrants(deps, caller)).some(gives);
}
