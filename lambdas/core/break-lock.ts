import { keys } from "#aws/keys.ts";
import { TransactionFailed } from "#aws/table.ts";
import { actorOf, type Call } from "./call.ts";
import type { Deps } from "./deps.ts";
import { WharfError } from "./error.ts";
import { eventWrite } from "./event.ts";
import { lockFacts } from "./lock-events.ts";
import { readFiles } from "./read-files.ts";
import type { FileRecord } from "./records.ts";

const ROUNDS = 4;

/**
 * Ends whoever's lease stands and grows the fencing number, so that its holder's late writes are refused.
 * A file that nobody holds stays as it is.
 *
 * @returns the file as it is afterwards.
 */
export async function breakLock(
  deps: Pick<Deps, "table" | "now">,
  call: Call,
  fileId: string,
  reason: string,
  answer: (file: FileRecord) => { status: number; body: unknown },
): Promise<FileRecord> {
  for (let round = 0; round < ROUNDS; round++) {
    const [file] = await readFiles(deps, call.caller, [fileId]);
    if (file === undefined) break;
    const { lock, ...rest } = file;
    if (lock === undefined) return file;
    const after: FileRecord = { ...rest, fencing: file.fencing + 1 };
    const now = deps.now();
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
        ...call.record(answer(after)),
      ]);
      return after;
    } catch (error) {
      if (!(error instanceof TransactionFailed)) throw error;
    }
  }
  throw new WharfError("conflict", "The lock keeps changing hands; look at it again, then break it.", {
    retry_after_seconds: 1,
  });
}
