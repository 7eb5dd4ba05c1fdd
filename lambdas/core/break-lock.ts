import { keys } from "#aws/keys.ts";
import { TransactionFailed, type Write } from "#aws/table.ts";
import type { Actor } from "#contract/common.ts";
import { actorOf, type Call } from "./call.ts";
import type { Deps } from "./deps.ts";
import { WharfError } from "./error.ts";
import { eventWrite } from "./event.ts";
import { hasRunOut, type Lock, lockExpiredEvent, lockFacts } from "./lock-events.ts";
import { lockState } from "./lock-state.ts";
import { readFiles } from "./read-files.ts";
import type { FileRecord } from "./records.ts";

const ROUNDS = 4;

/**
 * Ends whoever's lease stands and grows the fencing number, so that its holder's late writes are refused. One that has
 * run out is told of as expired. A file that nobody holds stays as it is.
 *
 * @returns the lock's state afterwards.
 * @throws WharfError not_found, conflict.
 */
export async function breakLock(
  deps: Pick<Deps, "table" | "now">,
  call: Call,
  fileId: string,
  reason: string,
): Promise<ReturnType<typeof lockState>> {
  for (let round = 0; round < ROUNDS; round++) {
    const [file] = await readFiles(deps, call.caller, [fileId], round === 0 ? call.ahead : []);
    if (file === undefined) break;
    const { lock, ...rest } = file;
    const now = deps.now();
    if (lock === undefined) {
      const state = lockState(file, now);
      const record = call.record({ status: 200, body: state });
      if (record.length > 0) await deps.table.transact(record);
      return state;
    }
    const after: FileRecord = { ...rest, fencing: file.fencing + 1 };
    const state = lockState(after, now);
    try {
      await deps.table.transact([
        ...breakWrites(now, file, lock, { requestId: call.requestId, actor: actorOf(call.caller), reason }),
        ...call.record({ status: 200, body: state }),
      ]);
      return state;
    } catch (error) {
      if (!(error instanceof TransactionFailed)) throw error;
    }
  }
  throw new WharfError("conflict", "The lock keeps changing hands; look at it again, then break it.", {
    retry_after_seconds: 1,
  });
}

interface Why {
  requestId: string;
  actor: Actor;
  reason: string;
}

/** Ends the lease that the file's record holds; false where it holds none, or another stands by now. */
export async function breakLease(
  { table, now }: Pick<Deps, "table" | "now">,
  file: FileRecord,
  why: Why,
): Promise<boolean> {
  if (file.lock === undefined) return false;
  try {
    await table.transact(breakWrites(now(), file, file.lock, why));
    return true;
  } catch (error) {
    if (error instanceof TransactionFailed) return false;
    throw error;
  }
}

function breakWrites(now: number, file: FileRecord, lock: Lock, { requestId, actor, reason }: Why): Write[] {
  const fencing = file.fencing + 1;
  const { over, condition, values } = hasRunOut(now, lock);
  return [
    {
      key: keys.node(file.node_id),
      update: "SET #fencing = :fencing REMOVE #lock, #due_pk, #due_sk",
      condition: `#lock.#lock_id = :seen AND #fencing < :fencing AND ${condition}`,
      values: { seen: lock.lock_id, fencing, ...values },
    },
    over
      ? lockExpiredEvent(now, file, lock, requestId)
      : eventWrite(now, {
          type: "lock_broken",
          request_id: requestId,
          workspace_id: file.workspace_id,
          file_id: file.node_id,
          actor,
          data: { ...lockFacts(file, lock), fencing_token: fencing, break_reason: reason },
        }),
  ];
}
