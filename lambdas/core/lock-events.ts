import type { Put } from "#aws/table.ts";
import { actorOf, type Call } from "./call.ts";
import { iso } from "./deps.ts";
import { eventWrite } from "./event.ts";
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

/** The outbox write for a lease that its holder ends, unless it has run out before. */
export function leaseEndedEvent(now: number, call: Call, file: FileRecord, lock: Lock): Put {
  if (lock.expires_ms <= now) return lockExpiredEvent(now, file, lock, call.requestId);
  return eventWrite(now, {
    type: "lock_released",
    request_id: call.requestId,
    workspace_id: file.workspace_id,
    file_id: file.node_id,
    actor: actorOf(call.caller),
    data: { ...lockFacts(file, lock), fencing_token: file.fencing },
  });
}

/** The outbox write for a lease that ran out, by whoever notices first. */
export function lockExpiredEvent(now: number, file: FileRecord, lock: Lock, requestId: string): Put {
  return eventWrite(now, {
    type: "lock_expired",
    request_id: requestId,
    workspace_id: file.workspace_id,
    file_id: file.node_id,
    actor: { type: "system", id: "lease" },
    data: { ...lockFacts(file, lock), fencing_token: file.fencing },
  });
}
