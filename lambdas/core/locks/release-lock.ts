import { keys, sha256 } from "#aws/keys.ts";
import { findFile } from "#core/files/find-file.ts";
import { hasRunOut, leaseEndedEvent } from "#core/files/lock-events.ts";
import type { Call } from "#core/kernel/call.ts";
import type { TableDeps } from "#core/kernel/deps.ts";
import { WharfError } from "#core/kernel/error.ts";
import { inRounds } from "#core/kernel/in-rounds.ts";

/**
 * Clears the caller's lease and keeps the fencing number; where nobody holds the lock, nothing changes.
 *
 * @throws WharfError lock_token_mismatch where another lease stands, not_found, conflict.
 */
export async function releaseLock(
  deps: TableDeps,
  call: Call,
  fileId: string,
  lockToken: string,
): Promise<void> {
  const hash = sha256(lockToken);
  const attempt = async (round: number) => {
    const file = await findFile(deps, fileId, round === 0 ? call.ahead : []);
    const { lock } = file;
    // Where it is gone since the last round: released by a repeat of this call, or run out and noticed.
    if (lock === undefined) return;
    if (lock.token_hash !== hash) throw mismatch();
    const now = deps.now();
    const { condition, values } = hasRunOut(now, lock);
    await deps.table.transact([
      {
        key: keys.node(fileId),
        update: { remove: ["lock", "due_pk", "due_sk"] },
        condition: `#lock.#token_hash = :hash AND ${condition}`,
        values: { hash, ...values },
      },
      leaseEndedEvent(now, call, file, lock),
    ]);
  };
  await inRounds(attempt, "This lease is being renewed elsewhere; release it again.");
}

function mismatch(): WharfError {
  return new WharfError(
    "lock_token_mismatch",
    "The Lock-Token is not that of the lease that stands. If it was yours, it has ended: stop writing.",
  );
}
