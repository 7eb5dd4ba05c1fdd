/**
 * The one way to change an existing file's record: every write to a file — finalize, move, rename, delete,
 * restore — goes through `fileUpdate`, which adds the fence to the write itself.
 */
import { copyOf, type Settled } from "#aws/changes.ts";
import { keys, sha256 } from "#aws/keys.ts";
import type { Alone, Check, Condition, Item, Update } from "#aws/table.ts";
import { notFound, WharfError } from "#core/kernel/error.ts";
import { iso } from "#core/kernel/time.ts";
import { type FileRecord, fileRecord } from "./records.ts";

/** An expired lease is still respected for this long, since clocks differ. */
export const LOCK_GRACE_MS = 2_000;

/**
 * Whoever writes without a lease finds the one that stands run out, by a clock that may be ahead of its holder's. From
 * then on that lease is lost, and not renewed: its holder would write over what it has not seen.
 */
export const NOT_PASSED = "(attribute_not_exists(#passed) OR #passed < #lock.#generation)";
const PASSING = { passed: copyOf("fencing", 0) };

/** That a lease is from before the workspace was handed over. */
export const OF_BEFORE = "attribute_not_exists(#lock.#epoch) OR #lock.#epoch < :workspace_epoch";

/** The same of a lease as it was read. */
export const isOfBefore = ({ epoch = 0 }: Pick<NonNullable<FileRecord["lock"]>, "epoch">, current: number) =>
  epoch < current;

/** `If-Match: *` */
const ANY_VERSION = "*";

/** What the caller demands of the file at the moment of the write. */
export interface Preconditions {
  /** `Lock-Token`: the write is refused unless this lease is live. */
  lockToken?: string | undefined;
  /** SHA-256 of the `Lock-Token`, where another function finishes what the token's holder began. */
  lockHash?: string | undefined;
  /** The workspace's, as the caller's right was decided: a lease from before it was handed over is none. @default 0 */
  epoch?: number | undefined;
  /** `If-Match`: the write is refused unless this is the current version; `*`: unless the file exists. */
  ifMatch?: string | undefined;
}

/** What must hold beside the fence, and what is told where that alone doesn't. */
type Further = Pick<Condition, "condition" | "values" | "else">;

/**
 * An update of a file's record with its fence: the file exists, nobody else holds a live lease, the caller's own
 * lease (where it shows one) has not run out, and the version is the one that it expects.
 *
 * Under a lease that is provisional it makes that whole, as though it had been granted so. Without one, the lease that
 * has run out is lost for good.
 *
 * @param condition a further condition, joined by AND.
 * @param endsLock the update removes the lock itself.
 */
export function fileUpdate(
  now: number,
  fileId: string,
  preconditions: Preconditions,
  { update, endsLock = false, ...more }: Further & { update: Settled; endsLock?: boolean },
): Alone<Update> {
  const fenced = { key: keys.node(fileId), ...fence(now, fileId, preconditions, more) };
  if (endsLock) return { ...fenced, update };
  if (lockHashOf(preconditions) !== undefined) return { ...fenced, update: confirming(update) };
  return { ...fenced, update: { ...update, set: { ...update.set, ...PASSING } } };
}

/** The same fence where a write changes what belongs to a file but not the file's record. */
export function fileCheck(
  now: number,
  fileId: string,
  preconditions: Preconditions,
  more: Further,
): Check | Update {
  const fenced = fence(now, fileId, preconditions, more);
  if (lockHashOf(preconditions) === undefined) return { check: keys.node(fileId), ...fenced };
  return { key: keys.node(fileId), update: confirming({}), ...fenced };
}

/** Of a provisional lease: its whole end. */
const PROVISIONAL = "lock.whole";
const WHOLE = {
  "lock.expires_ms": copyOf("lock.whole.expires_ms", copyOf("lock.expires_ms")),
  due_sk: copyOf("lock.whole.due_sk", copyOf("due_sk")),
};

/** The update, which also makes a provisional lease whole; of another lease it changes nothing. */
function confirming({ set, remove = [], ...more }: Settled): Settled {
  return { ...more, set: { ...set, ...WHOLE }, remove: [...remove, PROVISIONAL] };
}

function fence(
  now: number,
  fileId: string,
  preconditions: Preconditions,
  { values = {}, condition, else: otherwise }: Further,
) {
  const parts = ["attribute_exists(#pk)", "attribute_not_exists(#deleted_at)", "#kind = :file_kind"];
  const fenceValues: Item = { file_kind: "file" };
  const lockHash = lockHashOf(preconditions);
  const { epoch = 0 } = preconditions;
  if (epoch > 0) fenceValues["workspace_epoch"] = epoch;
  if (lockHash === undefined) {
    const former = epoch === 0 ? "" : ` OR ${OF_BEFORE}`;
    parts.push(`(attribute_not_exists(#lock) OR #lock.#expires_ms <= :lock_free_at${former})`);
    fenceValues["lock_free_at"] = now - LOCK_GRACE_MS;
  } else {
    parts.push("#lock.#token_hash = :lock_hash AND #lock.#generation = #fencing");
    parts.push("#lock.#expires_ms > :lock_now", NOT_PASSED);
    if (epoch > 0) parts.push("#lock.#epoch = :workspace_epoch");
    fenceValues["lock_hash"] = lockHash;
    fenceValues["lock_now"] = now;
  }
  if (preconditions.ifMatch !== undefined && preconditions.ifMatch !== ANY_VERSION) {
    parts.push("#version_id = :if_match");
    fenceValues["if_match"] = preconditions.ifMatch;
  }
  if (condition !== undefined) parts.push(`(${condition})`);
  return {
    condition: parts.join(" AND "),
    values: { ...fenceValues, ...values },
    else: (item: Item | undefined) => whyRefused(item, fileId, preconditions, now) ?? otherwise?.(item),
  };
}

/**
 * Why the fence refuses a write to this file, as the caller is told; `undefined` where it would let it through.
 *
 * @param item the file's record as it stands, or `undefined` where there is none.
 */
export function whyRefused(
  item: Item | undefined,
  fileId: string,
  preconditions: Preconditions,
  now: number,
): WharfError | undefined {
  const parsed = fileRecord.safeParse(item);
  if (!parsed.success || parsed.data.deleted_at !== undefined) return notFound("file", fileId);
  const file = parsed.data;
  const lockHash = lockHashOf(preconditions);
  if (lockHash !== undefined) {
    if (!holdsLease(file, lockHash, now, preconditions.epoch)) return lockLost(file);
  } else {
    const locked = fileLocked(file, now, preconditions.epoch);
    if (locked !== undefined) return locked;
  }
  const { ifMatch = ANY_VERSION } = preconditions;
  if (ifMatch !== ANY_VERSION && ifMatch !== file.version_id) {
    return new WharfError(
      "version_mismatch",
      `The current version is ${file.version_id}, not ${ifMatch}. Read it, merge, and send If-Match with it.`,
      { version_id: file.version_id },
    );
  }
  return undefined;
}

/** Whether the lease of this token is the file's own, has not run out, and nobody has written past it. @param epoch the workspace's */
export function holdsLease(
  { lock, fencing, passed = -1 }: FileRecord,
  tokenHash: string,
  now: number,
  epoch = 0,
): boolean {
  if (lock?.token_hash !== tokenHash || lock.generation !== fencing || passed >= fencing) return false;
  return lock.expires_ms > now && !isOfBefore(lock, epoch);
}

function lockHashOf({ lockToken, lockHash }: Preconditions): string | undefined {
  return lockToken === undefined ? lockHash : sha256(lockToken);
}

/** 423 with the facts of the lease that stands in the way; `undefined` where none does, or none has for long enough. */
export function fileLocked({ node_id, lock }: FileRecord, now: number, epoch = 0): WharfError | undefined {
  if (lock === undefined || lock.expires_ms <= now - LOCK_GRACE_MS || isOfBefore(lock, epoch))
    return undefined;
  return new WharfError(
    "file_locked",
    "Another holds this file's lock. Wait until it is released or expires, or send your own Lock-Token.",
    {
      file_id: node_id,
      holder: { client_id: lock.client_id, name: lock.holder },
      reason: lock.reason,
      acquired_at: iso(lock.acquired_ms),
      expires_at: iso(lock.expires_ms),
      retry_after_seconds: Math.max(1, Math.ceil((lock.expires_ms + LOCK_GRACE_MS - now) / 1000)),
    },
  );
}

/** 409: the lease that the caller shows is gone; it must stop, not wait. */
export function lockLost(file: FileRecord | undefined): WharfError {
  return new WharfError(
    "lock_lost",
    "This Lock-Token's lease has expired, was released or was broken. Stop, read the file anew and acquire a new lock.",
    { fencing_token: file?.fencing, version_id: file?.version_id },
  );
}
