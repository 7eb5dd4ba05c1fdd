import type { Put } from "#aws/table.ts";
import { actorOf, type Call } from "#core/kernel/call.ts";
import { eventWrite } from "#core/kernel/outbox.ts";
import { iso } from "#core/kernel/time.ts";
import type { FileRecord } from "./records.ts";

export type Lock = NonNullable<FileRecord["lock"]>;

/** What lock events say of a lease; never its token. */
export function lockFacts(file: FileRecord, lock: Lock) {
  return {
    name: file.name,
    folder_id: file.folder_id,
    lock_id: lock.lock_id,
    holder: { client_id: lock.client_id, name: lock.holder },
    ...(lock.reason === undefined ? {} : { reason: lock.reason }),
    acquired_at: iso(lock.acquired_ms),
    expires_at: iso(lock.expires_ms),
  };
}

/**
 * Whether a lease has run out, and so what its end is called; the condition has the write see to it that it still has, or
 * still hasn't.
 */
export function hasRunOut(now: number, { expires_ms }: Lock) {
  const over = expires_ms <= now;
  return { over, condition: `#lock.#expires_ms ${over ? "<=" : ">"} :ended`, values: { ended: now } };
}

/** The outbox write for a lease that its holder ends, unless it has run out before. */
export function leaseEndedEvent(now: number, call: Call, file: FileRecord, lock: Lock): Put {
  if (hasRunOut(now, lock).over) return lockExpiredEvent(now, file, lock, call.requestId);
  return eventWrite(now, {
    type: "lock_released",
    request_id: call.requestId,
    workspace_id: file.workspace_id,
    file_id: file.node_id,
    actor: actorOf(call.caller),
    data: { ...lockFacts(file, lock), fencing_token: file.fencing },
  });
}

/** The outbox write for a lease that ran out, by whoever notices first: it happened then, before what ends it now. */
export function lockExpiredEvent(now: number, file: FileRecord, lock: Lock, requestId: string): Put {
  const expired = {
    type: "lock_expired",
    request_id: requestId,
    workspace_id: file.workspace_id,
    file_id: file.node_id,
    actor: { type: "system", id: "lease" },
    data: { ...lockFacts(file, lock), fencing_token: file.fencing },
  } as const;
  return eventWrite(now, expired, lock.expires_ms);
}
