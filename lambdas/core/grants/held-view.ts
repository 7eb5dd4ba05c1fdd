import { resourceOf } from "#core/access/grant-event.ts";
import { type HeldGrant, holdsAt, type Rights } from "#core/kernel/rights.ts";
import { iso } from "#core/kernel/time.ts";
import type { HeldGrantView } from "./me-contract.ts";

/** A grant as its holder sees it. @param name what is known of workspaces' names. */
export function heldView(grant: HeldGrant, name: (workspaceId: string) => string | undefined): HeldGrantView {
  const { grant_id, on, workspace_id, role, actions, expires_ms, via } = grant;
  const workspace_name = on === workspace_id ? name(workspace_id) : undefined;
  return {
    ...{ grant_id, resource: resourceOf(on), workspace_id },
    ...(workspace_name === undefined ? {} : { workspace_name }),
    ...(role === undefined ? { actions: [...actions] } : { role }),
    expires_at: expires_ms === undefined ? null : iso(expires_ms),
    ...(via === undefined ? {} : { via }),
  };
}

/**
 * The grants that hold at `now`, as a token may know of them: a restricted one of those on the very places that it names.
 * The rest of its holder's is out of its reach.
 */
export function shownTo(
  { details }: Pick<Rights, "details">,
  grants: readonly HeldGrant[],
  now: number,
): HeldGrant[] {
  const places = details?.map(({ workspace, folder, file }) => file ?? folder ?? workspace);
  return grants.filter((grant) => holdsAt(grant, now) && (places?.includes(grant.on) ?? true));
}
