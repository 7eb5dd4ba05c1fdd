import { findFile } from "#core/files/find-file.ts";
import type { TableDeps } from "#core/kernel/deps.ts";
import { iso } from "#core/kernel/time.ts";
import { type LockGrant, lockGrant } from "./contract.ts";

/** Those of a version of Wharf that knew no provisional leases are whole. */
const recordedGrant = lockGrant.extend({ provisional: lockGrant.shape.provisional.default(false) });

/**
 * A grant that was recorded under an Idempotency-Key, as it is now; `undefined` where it was provisional and its lease
 * has ended: it did nobody any good, so the request is to be done again.
 *
 * @throws WharfError not_found
 */
export async function repeatGrant(deps: TableDeps, recorded: unknown): Promise<LockGrant | undefined> {
  const grant = recordedGrant.parse(recorded);
  if (!grant.provisional) return grant;
  // Not what was read ahead of the record, which may be older than the grant.
  const { lock } = await findFile(deps, grant.file_id);
  const now = deps.now();
  if (lock?.lock_id !== grant.lock_id || lock.expires_ms <= now) return undefined;
  return {
    ...grant,
    expires_at: iso(lock.expires_ms),
    server_time: iso(now),
    renew_after_seconds: Math.floor((lock.expires_ms - now) / 3000),
    provisional: lock.whole !== undefined,
  };
}
