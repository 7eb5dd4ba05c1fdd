import { keys, sha256 } from "#aws/keys.ts";
import { TransactionFailed } from "#aws/table.ts";
import type { Call } from "./call.ts";
import type { Deps } from "./deps.ts";
import { WharfError } from "./error.ts";
import { findFile } from "./find-file.ts";
import { leaseEndedEvent } from "./lock-events.ts";

/**
 * Clears the caller's lease and keeps the fencing number; where nobody holds the lock, nothing changes.
 *
 * @throws WharfError lock_token_mismatch where another lease stands, not_found.
 */
export async function releaseLock(
  deps: Pick<Deps, "table" | "now">,
  call: Call,
  fileId: string,
  lockToken: string,
): Promise<void> {
  const file = await findFile(deps, call.caller, fileId, "release_lock", call.ahead);
  const { lock } = file;
  if (lock === undefined) return;
  const hash = sha256(lockToken);
  if (lock.token_hash !== hash) throw mismatch();
  try {
    await deps.table.transact([
      {
        key: keys.node(fileId),
        update: "REMOVE #lock, #due_pk, #due_sk",
        condition: "#lock.#token_hash = :hash",
        values: { hash },
      },
      leaseEndedEvent(deps.now(), call, file, lock),
    ]);
  } catch (error) {
    if (!(error instanceof TransactionFailed)) throw error;
    // Gone since the read: released by a repeat of this call, or run out and noticed. Another's lease is a mismatch.
    const [held] = [...error.failed.values()];
    if (held?.["lock"] !== undefined) throw mismatch();
  }
}

function mismatch(): WharfError {
  return new WharfError(
    "lock_token_mismatch",
    "The Lock-Token is not that of the lease that stands. If it was yours, it has ended: stop writing.",
  );
}
