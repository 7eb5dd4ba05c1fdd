import { resourceOf } from "#core/access/grant-event.ts";
import type { GrantRecord } from "#core/access/records.ts";
import { iso } from "#core/kernel/time.ts";
import type { Grant } from "./contract.ts";

/** A grant as the API shows it. */
export function grantView(record: GrantRecord): Grant {
  const { grant_id, principal_id, on, workspace_id, role, actions, created_at, created_by, expires_ms } =
    record;
  return {
    ...{ grant_id, principal_id, resource: resourceOf(on), workspace_id },
    ...(role === undefined ? { actions: actions ?? [] } : { role }),
    ...{ created_at, created_by, expires_at: expires_ms === undefined ? null : iso(expires_ms) },
  };
}

/** Whether a grant holds: neither ended nor, to the millisecond, expired. */
export function isLive({ ended_at, expires_ms }: GrantRecord, now: number): boolean {
  return ended_at === undefined && (expires_ms === undefined || expires_ms > now);
}
