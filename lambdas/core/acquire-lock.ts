import { randomBytes } from "node:crypto";
import { due, keys, sha256 } from "#aws/keys.ts";
import { TransactionFailed, type Write } from "#aws/table.ts";
import type { LockGrant } from "#contract/locks.ts";
import { actorOf, type Call } from "./call.ts";
import { type Deps, iso, newId } from "./deps.ts";
import { WharfError } from "./error.ts";
import { eventWrite } from "./event.ts";
import { fileLocked, LOCK_GRACE_MS } from "./file-write.ts";
import { findFiles } from "./find-file.ts";
import { lockExpiredEvent, lockFacts } from "./lock-events.ts";
import { refuseAtLockLimit } from "./lock-limit.ts";
import type { FileRecord } from "./records.ts";

export interface LockTerms {
  ttl_seconds: number;
  reason?: string | undefined;
  /** Who holds it, where many agents share one API client. */
  client?: string | undefined;
}

/** Rounds of reading and writing before the caller is told to try again: each lost round is another's success. */
const ROUNDS = 4;

/**
 * Grants the locks of all `fileIds` or of none: one read, then one transaction; one file is a batch of one.
 *
 * The transaction's condition holds the lock's state as read, so that two callers never both get it. A lease that
 * has run out is taken over `LOCK_GRACE_MS` after its end, with its `lock_expired` in the same transaction.
 *
 * @param answer what the API will answer, recorded under the call's Idempotency-Key with the grant.
 * @throws WharfError file_locked, not_found, not_a_file, lock_limit.
 */
export async function acquireLocks(
  deps: Pick<Deps, "table" | "now">,
  call: Call,
  fileIds: readonly string[],
  terms: LockTerms,
  answer: (grants: LockGrant[]) => { status: number; body: unknown },
): Promise<LockGrant[]> {
  for (let round = 0; round < ROUNDS; round++) {
    const files = await findFiles(deps, call.caller, fileIds);
    const now = deps.now();
    for (const file of files) {
      if (file.lock !== undefined && file.lock.expires_ms > now - LOCK_GRACE_MS) throw fileLocked(file, now);
    }
    await refuseAtLockLimit(deps, files.length);
    const made = files.map((file) => makeGrant(call, file, terms, now));
    const grants = made.map(({ grant }) => grant);
    try {
      await deps.table.transact([...made.flatMap(({ writes }) => writes), ...call.record(answer(grants))]);
      return grants;
    } catch (error) {
      if (!(error instanceof TransactionFailed)) throw error;
    }
  }
  throw new WharfError("file_locked", "Others keep taking this lock; try again shortly.", {
    retry_after_seconds: 1,
  });
}

/** One grant and its writes: the file's record under the state that was read, and the events. */
function makeGrant(call: Call, file: FileRecord, terms: LockTerms, now: number) {
  const lock_id = newId("lock", now);
  const lock_token = `whl_${randomBytes(32).toString("base64url")}`;
  const expires_ms = now + terms.ttl_seconds * 1000;
  const fencing = file.fencing + 1;
  const lock = {
    lock_id,
    token_hash: sha256(lock_token),
    client_id: call.caller.client_id,
    holder: terms.client ?? call.caller.name,
    ...(terms.reason === undefined ? {} : { reason: terms.reason }),
    acquired_ms: now,
    expires_ms,
    ttl_seconds: terms.ttl_seconds,
    renewals: 0,
  };
  const grant: LockGrant = {
    file_id: file.node_id,
    lock_id,
    lock_token,
    fencing_token: fencing,
    acquired_at: iso(now),
    expires_at: iso(expires_ms),
    server_time: iso(now),
    renew_after_seconds: Math.floor(terms.ttl_seconds / 3),
    version_id: file.version_id,
  };
  const { due_pk, due_sk } = due("lock", expires_ms, file.node_id);
  const former = file.lock;
  const writes: Write[] = [
    {
      key: keys.node(file.node_id),
      update: "SET #lock = :lock, #fencing = :fencing, #due_pk = :due_pk, #due_sk = :due_sk",
      condition: [
        "attribute_not_exists(#deleted_at) AND #version_id = :version",
        file.fencing === 0 ? "(attribute_not_exists(#fencing) OR #fencing = :seen)" : "#fencing = :seen",
        former === undefined
          ? "attribute_not_exists(#lock)"
          : "#lock.#lock_id = :former AND #lock.#expires_ms <= :free_at",
      ].join(" AND "),
      values: {
        lock,
        fencing,
        due_pk,
        due_sk,
        version: file.version_id,
        seen: file.fencing,
        ...(former === undefined ? {} : { former: former.lock_id, free_at: now - LOCK_GRACE_MS }),
      },
    },
    eventWrite(now, {
      type: "lock_acquired",
      request_id: call.requestId,
      workspace_id: file.workspace_id,
      file_id: file.node_id,
      actor: actorOf(call.caller),
      data: { ...lockFacts(file, lock), fencing_token: fencing },
    }),
  ];
  if (former !== undefined) writes.push(lockExpiredEvent(now, file, former, call.requestId));
  return { grant, writes };
}
