import { due, keys, sha256 } from "#aws/keys.ts";
import { ConditionFailed } from "#aws/table.ts";
import { holdsLease, lockLost, NOT_PASSED } from "#core/files/fenced-write.ts";
import { findFile } from "#core/files/find-file.ts";
import type { Lock } from "#core/files/lock-events.ts";
import { fileRecord } from "#core/files/records.ts";
import type { Call } from "#core/kernel/call.ts";
import type { Deps, TableDeps } from "#core/kernel/deps.ts";
import { WharfError } from "#core/kernel/error.ts";
import { inRounds } from "#core/kernel/in-rounds.ts";
import { iso } from "#core/kernel/time.ts";
import { MAX_RENEWAL_HOURS } from "./contract.ts";

const MAX_RENEWAL_MS = MAX_RENEWAL_HOURS * 3_600_000;
/**
 * Replaces the expiry of a live lease by now + ttl (default: as acquired), at most 24 h after its acquisition. A
 * provisional lease is whole from then on.
 *
 * The condition holds the count of renewals as read: one that is delayed on its way can't take back a later one, whose
 * holder was told that it lives longer.
 *
 * @throws WharfError lock_lost where the lease is not live by this clock, renewal_limit, conflict, not_found.
 */
export async function renewLock(
  deps: TableDeps,
  call: Call,
  fileId: string,
  { lock_token, ttl_seconds }: { lock_token: string; ttl_seconds?: number | undefined },
) {
  const attempt = async (round: number) => {
    const file = await findFile(deps, fileId, round === 0 ? call.ahead : []);
    const now = deps.now();
    const { lock } = file;
    if (lock === undefined || !holdsLease(file, sha256(lock_token), now, call.access?.workspace.epoch))
      throw lockLost(file);
    const last = lock.acquired_ms + MAX_RENEWAL_MS;
    if (lock.expires_ms >= last) throw renewalLimit(lock);
    const ttl = ttl_seconds ?? lock.ttl_seconds;
    const expires_ms = Math.min(now + ttl * 1000, last);
    await renew(deps, fileId, { lock, expires_ms, now });
    return {
      file_id: fileId,
      lock_id: lock.lock_id,
      fencing_token: file.fencing,
      acquired_at: iso(lock.acquired_ms),
      expires_at: iso(expires_ms),
      server_time: iso(now),
      renew_after_seconds: Math.floor((expires_ms - now) / 3000),
    };
  };
  return inRounds(attempt, "This lease is being renewed elsewhere too; look at it again.");
}

/** @throws ConditionFailed where the lease is not as it was read. */
async function renew(
  deps: Pick<Deps, "table">,
  fileId: string,
  { lock, expires_ms, now }: { lock: Lock; expires_ms: number; now: number },
): Promise<void> {
  const renewals = lock.renewals + 1;
  try {
    await deps.table.update({
      key: keys.node(fileId),
      update: {
        set: { "lock.expires_ms": expires_ms, "lock.renewals": renewals, ...due("lock", expires_ms, fileId) },
        remove: ["lock.whole"],
      },
      condition: [
        "attribute_not_exists(#deleted_at)",
        "#lock.#token_hash = :hash AND #lock.#generation = #fencing",
        "#lock.#expires_ms > :now AND #lock.#renewals = :seen",
        NOT_PASSED,
      ].join(" AND "),
      values: { hash: lock.token_hash, seen: lock.renewals, now },
    });
  } catch (error) {
    if (!(error instanceof ConditionFailed)) throw error;
    // The SDK sends a call again whose answer was lost, and then meets its own renewal.
    const stands = fileRecord.safeParse(error.item).data?.lock;
    const own =
      stands?.token_hash === lock.token_hash &&
      stands.renewals === renewals &&
      stands.expires_ms === expires_ms;
    if (!own) throw error;
  }
}

function renewalLimit({ acquired_ms, expires_ms }: Lock): WharfError {
  return new WharfError(
    "renewal_limit",
    `The lock was acquired at ${iso(acquired_ms)} and lives for ${MAX_RENEWAL_HOURS} hours at most. Release it and acquire it anew.`,
    { acquired_at: iso(acquired_ms), expires_at: iso(expires_ms) },
  );
}
