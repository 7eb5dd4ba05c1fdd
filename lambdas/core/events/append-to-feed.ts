import { keys } from "#aws/keys.ts";
import { type Item, TransactionFailed, type Write } from "#aws/table.ts";
import type { TableDeps } from "#core/kernel/deps.ts";
import { EVENT_KEEP_MS } from "#core/kernel/outbox.ts";
import { iso, ttl } from "#core/kernel/time.ts";
import { type EventRecord, feedHead } from "./records.ts";

/** Others append to the same log at the same time; each round that fails, one of them has got on. */
const ROUNDS = 20;
/** DynamoDB: 100 writes per transaction at most; an event takes two, the head one. */
const MAX_EVENTS = 40;

/** Where each log stood when this environment saw it last; wrong is fine, since the condition tells the truth. */
const lastSeen = new Map<string, number>();

/**
 * Gives events their places in the workspace's log and takes them out of the index `due`, in one transaction.
 *
 * Numbers have no gaps, and the order is the same for every reader. An event that has its place keeps it.
 */
export async function appendToFeed(
  deps: TableDeps,
  workspaceId: string,
  events: readonly EventRecord[],
): Promise<void> {
  for (let start = 0; start < events.length; start += MAX_EVENTS) {
    await append(deps, workspaceId, events.slice(start, start + MAX_EVENTS));
  }
}

async function append(deps: TableDeps, workspaceId: string, events: readonly EventRecord[]): Promise<void> {
  let left = [...new Map(events.map((event) => [event.event_id, event])).values()];
  for (let round = 0; left.length > 0; round++) {
    if (round === ROUNDS) throw new Error(`the log of ${workspaceId} kept moving for ${ROUNDS} rounds`);
    const head = lastSeen.get(workspaceId) ?? 0;
    const moved = headWrite(workspaceId, head, left.length);
    const now = deps.now();
    const placed = left.map((event, index) => ({
      event,
      ...placeWrites(now, workspaceId, { event, seq: head + 1 + index }),
    }));
    try {
      await deps.table.transact([moved, ...placed.flatMap(({ mark, entry }) => [mark, entry])]);
      lastSeen.set(workspaceId, head + left.length);
      return;
    } catch (error) {
      if (!(error instanceof TransactionFailed)) throw error;
      if (error.failed.has(moved)) lastSeen.set(workspaceId, headOf(error.failed.get(moved)));
      // An event whose update failed has its place already, or has expired.
      left = placed.flatMap(({ event, mark }) => (error.failed.has(mark) ? [] : [event]));
    }
  }
}

function headWrite(workspaceId: string, head: number, more: number): Write {
  return {
    key: keys.feedHead(workspaceId),
    update: { set: { seq: head + more } },
    condition: head === 0 ? "attribute_not_exists(#seq)" : "#seq = :head",
    values: head === 0 ? {} : { head },
  };
}

/** What gives an event its place: the event says which, and the place says whose it is. */
function placeWrites(
  now: number,
  workspaceId: string,
  { event, seq }: { event: EventRecord; seq: number },
): { mark: Write; entry: Write } {
  return {
    mark: {
      key: keys.event(event.event_id),
      update: { set: { seq, sent_at: iso(now) }, remove: ["due_pk", "due_sk"] },
      condition: "attribute_exists(#pk) AND attribute_not_exists(#seq)",
    },
    entry: {
      put: {
        ...keys.feedEntry(workspaceId, seq),
        seq,
        event_id: event.event_id,
        type: event.type,
        at_ms: now,
        ttl: ttl(now + EVENT_KEEP_MS),
      },
      condition: "attribute_not_exists(#pk)",
    },
  };
}

function headOf(item: Item | undefined): number {
  return item === undefined ? 0 : feedHead.parse(item).seq;
}
