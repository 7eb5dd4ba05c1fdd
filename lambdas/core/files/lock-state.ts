import { iso } from "#core/kernel/time.ts";
import { holdsLease } from "./fenced-write.ts";
import type { FileRecord } from "./records.ts";

/**
 * A file's lock as the API tells of it at `now`: a lease that is expired or lost, or from before its workspace was handed
 * over, is no lock, whatever is stored.
 *
 * @param epoch the workspace's.
 */
export function lockView(file: FileRecord, now: number, epoch = 0) {
  const { lock } = file;
  const server = { fencing_token: file.fencing, server_time: iso(now) };
  if (lock === undefined || !holdsLease(file, lock.token_hash, now, epoch))
    return { locked: false, expires_at: null, ...server };
  return {
    locked: true,
    holder: { client_id: lock.client_id, name: lock.holder },
    ...(lock.reason === undefined ? {} : { reason: lock.reason }),
    acquired_at: iso(lock.acquired_ms),
    expires_at: iso(lock.expires_ms),
    ...server,
  };
}
