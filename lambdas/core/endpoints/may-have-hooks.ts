import { holds } from "#contract/scopes.ts";
import { allGrants } from "#core/access/authorize.ts";
import { rootFolder } from "#core/access/place.ts";
import { haveHooks } from "#core/files/check-folders.ts";
import type { Caller } from "#core/kernel/call.ts";
import type { TableDeps } from "#core/kernel/deps.ts";
import { type HeldGrant, holdsAt } from "#core/kernel/rights.ts";
import { type FolderLookup, foldersAbove } from "#core/tree/event-folders.ts";

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
  if (!holds(caller.scopes, "webhooks:write")) return false;
  if (details?.every(({ actions }) => !actions.includes("hooks"))) return false;
  if (folders.length > 0)
    return (
      (await haveHooks(deps, caller, folders)).includes(true) || (await haveBelow(deps, caller, folders))
    );
  if (Object.values(organizations).some((role) => role === "owner" || role === "admin")) return true;
  const gives = givesHooks(deps, caller);
  return grants.some(gives) || (await allGrants(deps, caller)).some(gives);
}

/** Whether a grant lets its holder have webhooks, if only for what it made itself. */
function givesHooks(deps: TableDeps, { scopes }: Caller): (grant: HeldGrant) => boolean {
  const reads = holds(scopes, "files:read");
  return (grant) =>
    holdsAt(grant, deps.now()) &&
    (grant.actions.includes("hooks") ||
      !reads ||
      (!grant.actions.includes("list") && !grant.actions.includes("read")));
}

/** Whether such a grant is on a folder or file below one of these folders: of that the endpoint goes on hearing. */
async function haveBelow(deps: TableDeps, caller: Caller, folders: readonly string[]): Promise<boolean> {
  const giving = (await allGrants(deps, caller)).filter(givesHooks(deps, caller));
  const lookup: FolderLookup = new Map();
  for (const { on, workspace_id } of giving) {
    if (on === workspace_id) continue;
    const above = await foldersAbove(deps, on, lookup);
    // A file that has gone to another workspace has left the grant behind.
    if (!above.has(rootFolder(workspace_id))) continue;
    if (folders.some((folder) => above.has(folder))) return true;
  }
  return false;
}
