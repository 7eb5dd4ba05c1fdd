import { randomBytes } from "node:crypto";
import { due, keys, sha256 } from "#aws/keys.ts";
import { type Item, TransactionFailed, type Update, type Write } from "#aws/table.ts";
import { epochOf } from "#core/access/grant-writes.ts";
import { homeOf } from "#core/access/records.ts";
import { fileLocked, isOfBefore, LOCK_GRACE_MS, OF_BEFORE } from "#core/files/fenced-write.ts";
import { filesToHandle, requireOwn } from "#core/files/files-to-handle.ts";
import { findFile } from "#core/files/find-file.ts";
import { type Lock, lockExpiredEvent, lockFacts } from "#core/files/lock-events.ts";
import { standingFile } from "#core/files/read-files.ts";
import type { FileRecord } from "#core/files/records.ts";
import { actorOf, type Call } from "#core/kernel/call.ts";
import type { TableDeps } from "#core/kernel/deps.ts";
import { notFound, WharfError } from "#core/kernel/error.ts";
import { newId } from "#core/kernel/ids.ts";
import { inRounds } from "#core/kernel/in-rounds.ts";
import { eventWrite } from "#core/kernel/outbox.ts";
import { iso } from "#core/kernel/time.ts";
import { type LockGrant, PROVISIONAL_SECONDS } from "./contract.ts";
import { refuseAtLockLimit } from "./lock-limit.ts";

/** Why a lease was broken that nobody broke by a call. */
export const HANDED_OVER = "the workspace was handed over";

export interface LockTerms {
  ttl_seconds: number;
  reason?: string | undefined;
  /** Who holds it, where many agents share one API client. */
  client?: string | undefined;
  /**
   * Whoever asked has waited, and may have hung up: the lease lives for `PROVISIONAL_SECONDS` until a renewal or a
   * write shows that its token has arrived. @default false
   */
  provisional?: boolean;
}

/**
 * Grants the locks of all `fileIds` or of none, in one transaction.
 *
 * @throws WharfError file_locked, not_found, not_a_file, lock_limit.
 */
export async function acquireLocks(
  deps: TableDeps,
  call: Call,
  fileIds: readonly string[],
  terms: LockTerms,
): Promise<{ items: LockGrant[] }> {
  const { files, decisions, own } = await filesToHandle(deps, call, fileIds, "lock");
  const epochs = decisions.map(({ workspace }) => workspace.epoch);
  return await acquire(deps, call, { given: files, epochs, own, terms, answer: (items) => ({ items }) });
}

/** The same for one file. */
export async function acquireLock(
  deps: TableDeps,
  call: Call,
  fileId: string,
  terms: LockTerms,
): Promise<LockGrant> {
  const answer = ([grant]: LockGrant[]) => {
    if (grant === undefined) throw new Error("a grant of one file holds none");
    return grant;
  };
  const file = await findFile(deps, fileId, call.ahead);
  const own = new Set(call.access?.own === true ? [fileId] : []);
  const epochs = [call.access?.workspace.epoch ?? 0];
  return await acquire(deps, call, { given: [file], epochs, own, terms, answer });
}

/**
 *
 * The transaction's condition holds each lock's state as read, so that two callers never both get it; what it met
 * instead comes back with its failure, so that a lost race costs no further read. A lease that has run out is taken
 * over `LOCK_GRACE_MS` after its end, with its `lock_expired` in the same transaction.
 *
 * `epochs`: of each file's workspace, as the caller's right was decided there.
 * `own`: files that the caller may lock for no other reason than that it made them.
 * `answer`: what is answered, recorded under the call's Idempotency-Key with the grants.
 */
async function acquire<T>(
  deps: TableDeps,
  call: Call,
  {
    given,
    epochs,
    own,
    terms,
    answer,
  }: {
    given: readonly FileRecord[];
    epochs: readonly number[];
    own: ReadonlySet<string>;
    terms: LockTerms;
    answer: (grants: LockGrant[]) => T;
  },
): Promise<T> {
  let files = given;
  const attempt = async () => {
    const now = deps.now();
    refuseHeld(files, epochs, now);
    await refuseAtLockLimit(deps, call.caller, files.length);
    const made = files.map((file, at) => ({
      file,
      ...makeGrant(call, file, { ...terms, epoch: epochs[at] ?? 0 }, now),
    }));
    const answered = answer(made.map(({ grant }) => grant));
    const writes = [...made.map(({ taken }) => taken), ...made.flatMap(({ events }) => events)];
    try {
      await deps.table.transact([...writes, ...call.record(answered)]);
      return answered;
    } catch (error) {
      if (!(error instanceof TransactionFailed)) throw error;
      files = made.map(({ file, taken }) =>
        error.failed.has(taken) ? stillThere(file, error.failed.get(taken)) : file,
      );
      for (const file of files) if (own.has(file.node_id)) requireOwn(call.caller.id, file);
      throw error;
    }
  };
  return inRounds(attempt, () => {
    const now = deps.now();
    refuseHeld(files, epochs, now);
    const [file] = files;
    if (file === undefined) return new Error("a batch of no file was lost to others");
    return new WharfError("file_locked", "Others keep taking this lock; try again shortly.", {
      file_id: file.node_id,
      expires_at: iso(now),
      retry_after_seconds: 1,
    });
  });
}

/** The file as it stands. @throws WharfError not_found for what has left the workspace where it was decided on */
function stillThere({ node_id, workspace_id }: FileRecord, item: Item | undefined): FileRecord {
  const file = standingFile(node_id, item);
  if (file.workspace_id !== workspace_id) throw notFound("file", node_id);
  return file;
}

/** @throws WharfError file_locked for the one of the files whose lease lasts longest, if any has one. */
function refuseHeld(files: readonly FileRecord[], epochs: readonly number[], now: number): void {
  const end = ({ lock }: FileRecord) => lock?.expires_ms ?? 0;
  const held = files.flatMap((file, at) => {
    const locked = fileLocked(file, now, epochs[at]);
    return locked === undefined ? [] : [{ locked, end: end(file) }];
  });
  const [last] = held.toSorted((a, b) => b.end - a.end);
  if (last !== undefined) throw last.locked;
}

/** One grant and its writes: the file's record under the state that was read, and the events. */
function makeGrant(call: Call, file: FileRecord, terms: LockTerms & { epoch: number }, now: number) {
  const lock_token = `whl_${randomBytes(32).toString("base64url")}`;
  const fencing = file.fencing + 1;
  const { provisional = false } = terms;
  const whole_ms = now + terms.ttl_seconds * 1000;
  const expires_ms = provisional ? now + PROVISIONAL_SECONDS * 1000 : whole_ms;
  const { due_sk } = due("lock", whole_ms, file.node_id);
  const lock: Lock = {
    lock_id: newId("lock", now),
    token_hash: sha256(lock_token),
    generation: fencing,
    client_id: call.caller.id,
    epoch: epochOf(terms),
    organization_id: homeOf(call.caller),
    holder: terms.client ?? call.caller.name,
    ...(terms.reason === undefined ? {} : { reason: terms.reason }),
    acquired_ms: now,
    expires_ms,
    ttl_seconds: terms.ttl_seconds,
    ...(provisional ? { whole: { expires_ms: whole_ms, due_sk } } : {}),
    renewals: 0,
  };
  const grant: LockGrant = {
    file_id: file.node_id,
    lock_id: lock.lock_id,
    lock_token,
    fencing_token: fencing,
    acquired_at: iso(now),
    expires_at: iso(lock.expires_ms),
    server_time: iso(now),
    renew_after_seconds: Math.floor((expires_ms - now) / 3000),
    provisional,
    version_id: file.version_id,
  };
  const acquired = eventWrite(now, {
    type: "lock_acquired",
    request_id: call.requestId,
    workspace_id: file.workspace_id,
    file_id: file.node_id,
    actor: actorOf(call.caller),
    data: { ...lockFacts(file, lock), fencing_token: fencing },
  });
  const events: Write[] =
    file.lock === undefined
      ? [acquired]
      : [
          isOfBefore(file.lock, terms.epoch)
            ? brokenByHandover(now, file, file.lock, { requestId: call.requestId, fencing })
            : lockExpiredEvent(now, file, file.lock, call.requestId),
          acquired,
        ];
  return { grant, taken: takeLock(file, lock, terms.epoch, now), events };
}

/** The outbox write for a lease that ended with its workspace's former owner. */
function brokenByHandover(
  now: number,
  file: FileRecord,
  lock: Lock,
  { requestId, fencing }: { requestId: string; fencing: number },
): Write {
  return eventWrite(now, {
    ...{ type: "lock_broken", request_id: requestId, workspace_id: file.workspace_id, file_id: file.node_id },
    actor: { type: "system", id: "handover" },
    data: { ...lockFacts(file, lock), fencing_token: fencing, break_reason: HANDED_OVER },
  });
}

function takeLock(file: FileRecord, lock: Lock, epoch: number, now: number): Update {
  const { lock: former, fencing: seen } = file;
  const isGone = former !== undefined && isOfBefore(former, epoch);
  return {
    key: keys.node(file.node_id),
    update: { set: { lock, fencing: lock.generation, ...due("lock", lock.expires_ms, file.node_id) } },
    condition: [
      // The workspace too, which is told of it.
      "attribute_not_exists(#deleted_at) AND #version_id = :version AND #workspace_id = :told_in",
      seen === 0 ? "(attribute_not_exists(#fencing) OR #fencing = :seen)" : "#fencing = :seen",
      former === undefined
        ? "attribute_not_exists(#lock)"
        : isGone
          ? `#lock.#lock_id = :former AND (${OF_BEFORE})`
          : "#lock.#lock_id = :former AND #lock.#expires_ms <= :free_at",
    ].join(" AND "),
    values: {
      version: file.version_id,
      told_in: file.workspace_id,
      seen,
      ...(former === undefined ? {} : { former: former.lock_id }),
      ...(former === undefined || isGone ? {} : { free_at: now - LOCK_GRACE_MS }),
      ...(isGone && { workspace_epoch: epoch }),
    },
  };
}
