import { resourceOf } from "#core/access/grant-event.ts";
import type { HeldGrant } from "#core/kernel/rights.ts";
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

/** Whether a grant holds at `now`. */
export const holdsAt = ({ expires_ms = Number.POSITIVE_INFINITY }: HeldGrant, now: number) =>
  expires_ms > now;
