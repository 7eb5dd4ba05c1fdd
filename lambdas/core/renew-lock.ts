import { due, keys, sha256 } from "#aws/keys.ts";
import { ConditionFailed } from "#aws/table.ts";
import { MAX_RENEWAL_HOURS } from "#contract/locks.ts";
import type { Call } from "./call.ts";
import { type Deps, iso } from "./deps.ts";
import { WharfError } from "./error.ts";
import { lockLost } from "./file-write.ts";
import { readFiles } from "./read-files.ts";

const MAX_RENEWAL_MS = MAX_RENEWAL_HOURS * 3_600_000;

/**
 * Replaces the expiry of a live lease by now + ttl (default: as acquired), at most 24 h after its acquisition.
 *
 * @throws WharfError lock_lost where the lease is not live by this clock, renewal_limit, not_found.
 */
export async function renewLock(
  deps: Pick<Deps, "table" | "now">,
  call: Call,
  fileId: string,
  { lock_token, ttl_seconds }: { lock_token: string; ttl_seconds?: number | undefined },
) {
  const [file] = await readFiles(deps, call.caller, [fileId]);
  const now = deps.now();
  const lock = file?.lock;
  if (
    file === undefined ||
    lock === undefined ||
    lock.token_hash !== sha256(lock_token) ||
    lock.expires_ms <= now
  ) {
    throw lockLost(file);
  }
  const last = lock.acquired_ms + MAX_RENEWAL_MS;
  if (last <= now) {
    throw new WharfError(
      "renewal_limit",
      `The lock was acquired at ${iso(lock.acquired_ms)} and can be renewed for ${MAX_RENEWAL_HOURS} hours. Release it and acquire it anew.`,
      { acquired_at: iso(lock.acquired_ms), expires_at: iso(lock.expires_ms) },
    );
  }
  const ttl = ttl_seconds ?? lock.ttl_seconds;
  const expires_ms = Math.min(now + ttl * 1000, last);
  const { due_pk, due_sk } = due("lock", expires_ms, fileId);
  try {
    await deps.table.update({
      key: keys.node(fileId),
      update: "SET #lock.#expires_ms = :expires, #due_pk = :due_pk, #due_sk = :due_sk",
      condition:
        "#lock.#token_hash = :hash AND #lock.#expires_ms > :now AND attribute_not_exists(#deleted_at)",
      values: { expires: expires_ms, due_pk, due_sk, hash: lock.token_hash, now },
    });
  } catch (error) {
    if (error instanceof ConditionFailed) throw lockLost(file);
    throw error;
  }
  return {
    file_id: fileId,
    lock_id: lock.lock_id,
    fencing_token: file.fencing,
    acquired_at: iso(lock.acquired_ms),
    expires_at: iso(expires_ms),
    server_time: iso(now),
    renew_after_seconds: Math.floor(ttl / 3),
  };
}
