import { keys } from "#aws/keys.ts";
import { TransactionFailed } from "#aws/table.ts";
import { actorOf, type Call } from "./call.ts";
import type { Deps } from "./deps.ts";
import { WharfError } from "./error.ts";
import { eventWrite } from "./event.ts";
import { lockFacts } from "./lock-events.ts";
import { lockState } from "./lock-state.ts";
import { readFiles } from "./read-files.ts";
import type { FileRecord } from "./records.ts";

const ROUNDS = 4;

/**
 * Ends whoever's lease stands and grows the fencing number, so that its holder's late writes are refused.
 * A file that nobody holds stays as it is.
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
        {
          key: keys.node(fileId),
          update: "SET #fencing = :fencing REMOVE #lock, #due_pk, #due_sk",
          condition: "#lock.#lock_id = :seen AND #fencing < :fencing",
          values: { seen: lock.lock_id, fencing: after.fencing },
        },
        eventWrite(now, {
          type: "lock_broken",
          request_id: call.requestId,
          workspace_id: file.workspace_id,
          file_id: fileId,
          actor: actorOf(call.caller),
          data: { ...lockFacts(file, lock), fencing_token: after.fencing, break_reason: reason },
        }),
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
