/** What is wrong with a change of a locked file's record, or with what a history left of it. */
import { keys, sha256, under } from "#aws/keys.ts";
import type { Table } from "#aws/table.ts";
import { type FileRecord, fileRecord } from "#core/files/records.ts";
import { GRACE_MS, type Operation, PROVISIONAL_MS } from "./lock-history.ts";

export class Violation extends Error {}

/** Each version but the current one knows that another took its place, so that retention finds it. */
export async function historyHasNoGap(table: Table, { node_id, version_id }: FileRecord): Promise<void> {
  const { items } = await table.query({
    where: "#pk = :pk AND begins_with(#sk, :prefix)",
    values: { pk: keys.node(node_id).pk, prefix: under.versions },
  });
  const standing = items.filter((item) => item["superseded_ms"] === undefined);
  if (standing.length !== 1 || standing[0]?.["version_id"] !== version_id)
    throw new Violation(`current is ${version_id}, standing are ${JSON.stringify(standing)}`);
}

/** Looks at the file's record after every write that reached the engine, and judges the change. */
export function watcher(table: Table, first: FileRecord) {
  let last = first;
  let violation: Violation | undefined;

  async function read(): Promise<FileRecord> {
    const record = await table.get(fileRecord, keys.node(first.node_id));
    if (record === undefined) throw new Violation("the record, and with it the fencing number, is gone");
    return record;
  }
  return {
    read,
    /** @param clock the writer's clock now, which is no earlier than when it sent the write. */
    async look(operation: Operation, clock: number): Promise<boolean> {
      try {
        const next = await read();
        const changed = JSON.stringify(next) !== JSON.stringify(last);
        const fault = changed ? faultOf(last, next, operation, clock) : undefined;
        last = next;
        if (fault !== undefined) throw new Violation(`${fault}: ${JSON.stringify({ operation, next })}`);
        return changed;
      } catch (error) {
        violation ??= error instanceof Violation ? error : new Violation("unreadable", { cause: error });
        return false;
      }
    },
    check() {
      if (violation !== undefined) throw violation;
    },
  };
}

/** What is wrong with a change of the record that this operation made, if anything. */
function faultOf(
  before: FileRecord,
  after: FileRecord,
  { kind, token, clock: sent, end, outcome, waited }: Operation,
  clock: number,
): string | undefined {
  const { lock: held } = before;
  const { lock: holds } = after;
  const free = held === undefined || held.expires_ms + GRACE_MS <= clock;
  const owns = held !== undefined && token !== undefined && held.token_hash === sha256(token);
  const lives = owns && held.expires_ms > sent && (before.passed ?? -1) < held.generation;
  if (end !== Number.POSITIVE_INFINITY && outcome.as === "done") return "changed after it was done";
  if (after.fencing < before.fencing) return "the fencing number fell";
  if (holds !== undefined && holds.generation !== after.fencing) return "a lease of another generation";
  if (holds !== undefined && holds.lock_id !== held?.lock_id) {
    if (after.fencing <= before.fencing) return "a grant without a new fencing number";
    // By the clock of the grant itself, which may have been long on its way.
    if (held !== undefined && holds.acquired_ms < held.expires_ms + GRACE_MS)
      return "granted while another's lease or its grace lived";
    if (waited && holds.expires_ms > holds.acquired_ms + PROVISIONAL_MS)
      return "lives for longer than a holder that nobody has heard of may";
  } else if (holds !== undefined && holds.expires_ms !== held?.expires_ms) {
    const confirms = kind === "touch" || kind === "commit";
    if (kind !== "renew" && !confirms) return `renewed by ${kind}`;
    if (!lives) return "renewed by another, or after its end";
    if (confirms && holds.expires_ms !== held.acquired_ms + held.ttl_seconds * 1000)
      return "given more or less than was asked for";
  }
  if (owns && holds?.lock_id === held.lock_id && holds.whole !== undefined)
    if (kind === "renew" || after.updated_at !== before.updated_at)
      return "still provisional after it was used";
  if (held !== undefined && holds === undefined) {
    if (kind === "break" && after.fencing <= before.fencing) return "broken without a new fencing number";
    if (kind === "release" && !owns) return "released by another";
    if (kind === "sweep" && !free) return "swept while it lived";
    if (kind !== "break" && kind !== "release" && kind !== "sweep") return `ended by ${kind}`;
  }
  if (after.updated_at !== before.updated_at && kind === "touch") {
    if (token === undefined ? !free : !lives) return "touched without the live lease";
  }
  if (after.version_id !== before.version_id) {
    if (kind !== "commit") return `version changed by ${kind}`;
    if (token === undefined ? !free : !lives) return "committed without the live lease";
  }
  return undefined;
}
