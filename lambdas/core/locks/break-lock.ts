import { keys } from "#aws/keys.ts";
import { happened, type Write } from "#aws/table.ts";
import type { Actor } from "#contract/common.ts";
import { fileInRound } from "#core/files/find-file.ts";
import { hasRunOut, type Lock, lockExpiredEvent, lockFacts } from "#core/files/lock-events.ts";
import { lockView } from "#core/files/lock-state.ts";
import type { FileRecord } from "#core/files/records.ts";
import { actorOf, type Call } from "#core/kernel/call.ts";
import type { TableDeps } from "#core/kernel/deps.ts";
import { inRounds } from "#core/kernel/in-rounds.ts";
import { eventWrite } from "#core/kernel/outbox.ts";

/**
 * Ends whoever's lease stands and grows the fencing number, so that its holder's late writes are refused. One that has
 * run out is told of as expired. A file that nobody holds stays as it is.
 *
 * @returns the lock's state afterwards.
 * @throws WharfError not_found, conflict.
 */
export async function breakLock(
  deps: TableDeps,
  call: Call,
  fileId: string,
  reason: string,
): Promise<ReturnType<typeof lockView>> {
  const attempt = async (round: number) => {
    const file = await fileInRound(deps, call, fileId, round);
    const { lock, ...rest } = file;
    const now = deps.now();
    if (lock === undefined) {
      const state = lockView(file, now);
      const record = call.record(state);
      if (record.length > 0) await deps.table.transact(record);
      return state;
    }
    const after: FileRecord = { ...rest, fencing: file.fencing + 1 };
    const state = lockView(after, now);
    await deps.table.transact([
      ...breakWrites(now, file, lock, { requestId: call.requestId, actor: actorOf(call.caller), reason }),
      ...call.record(state),
    ]);
    return state;
  };
  return inRounds(attempt, "The lock keeps changing hands; look at it again, then break it.");
}

interface Why {
  requestId: string;
  actor: Actor;
  reason: string;
}

/** Ends the lease that the file's record holds; false where it holds none, or another stands by now. */
export async function breakLease({ table, now }: TableDeps, file: FileRecord, why: Why): Promise<boolean> {
  if (file.lock === undefined) return false;
  return happened(table.transact(breakWrites(now(), file, file.lock, why)));
}

function breakWrites(now: number, file: FileRecord, lock: Lock, { requestId, actor, reason }: Why): Write[] {
  const fencing = file.fencing + 1;
  const { over, condition, values } = hasRunOut(now, lock);
  return [
    {
      key: keys.node(file.node_id),
      update: { set: { fencing }, remove: ["lock", "due_pk", "due_sk"] },
      // The workspace too, which is told of it.
      condition: `#lock.#lock_id = :seen AND #fencing < :fencing AND #workspace_id = :told_in AND ${condition}`,
      values: { seen: lock.lock_id, told_in: file.workspace_id, ...values },
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
