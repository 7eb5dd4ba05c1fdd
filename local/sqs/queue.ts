/** One queue in memory: what is ready, what waits, and who comes next. SQLite keeps a copy (`store.ts`). */

export interface Message {
  /** Order of arrival. */
  id: number;
  messageId: string;
  body: string;
  /** Message attributes as sent, JSON. */
  attributes: string;
  /** Fair queues: who the message is for; "" where none was said. */
  group: string;
  sentAt: number;
  visibleAt: number;
  receiveCount: number;
  firstReceivedAt: number;
  /** Of the latest receive; "" before the first. */
  receipt: string;
}

export interface QueueState {
  /** Adds a message by its `visibleAt`. */
  add(message: Message): void;
  /** Up to `max` messages that are visible at `now`: the oldest of quiet groups, then those of noisy ones. */
  take(now: number, max: number): Message[];
  /** The message in flight (or visible again) under this receipt handle. */
  byReceipt(receipt: string): Message | undefined;
  /** Puts a message that was taken back, to be visible at its `visibleAt`. */
  hold(message: Message): void;
  remove(message: Message, now: number): void;
  /** When the next waiting message becomes visible; `undefined` where none waits. */
  nextVisible(): number | undefined;
  depth(now: number): { visible: number; inFlight: number; delayed: number };
  all(): Iterable<Message>;
}

/**
 * SQS fair queues: a group is noisy that has more than a tenth of what is in flight, of which 30 at least are its own, or
 * more than a tenth of the recent processing time; until its backlog is gone, or it has been sent nothing for 5 minutes.
 *
 * @see https://docs.aws.amazon.com/AWSSimpleQueueService/latest/SQSDeveloperGuide/sqs-fair-queues-detailed.html
 */
const NOISY_SHARE = 0.1;
const NOISY_IN_FLIGHT = 30;
/** AWS says "recent": here as long as it takes to be quiet again. */
const RECENT_MS = 300_000;
/** Less than this in all says nothing of shares; AWS calls its thresholds approximate. */
const TELLING_MS = 1_000;

/** Makes an empty queue. */
export function createQueueState(): QueueState {
  const messages = new Map<number, Message>();
  const receipts = new Map<string, Message>();
  const ready = new Map<string, Message[]>();
  const waiting = new Set<Message>();
  const inFlight = new Map<string, number>();
  /** Groups by the receipt under which they were counted as in flight. */
  const counted = new Map<number, { group: string; since: number }>();
  /** Time that consumers spent on each group's messages since `recentFrom` (ms). */
  const spent = new Map<string, number>();
  let recentFrom = 0;
  let earliest: number | undefined;

  function makeReady(message: Message): void {
    const group = ready.get(message.group);
    if (group === undefined) ready.set(message.group, [message]);
    else if ((group.at(-1)?.id ?? 0) < message.id) group.push(message);
    else
      group.splice(
        group.findIndex(({ id }) => id > message.id),
        0,
        message,
      );
  }

  function makeUnready(message: Message): void {
    const list = ready.get(message.group) ?? [];
    const index = list.indexOf(message);
    if (index >= 0) list.splice(index, 1);
    if (list.length === 0) ready.delete(message.group);
  }

  function wait(message: Message): void {
    waiting.add(message);
    if (earliest === undefined || message.visibleAt < earliest) earliest = message.visibleAt;
  }

  function land(message: Message, now: number): void {
    const flight = counted.get(message.id);
    if (flight === undefined) return;
    const { group, since } = flight;
    counted.delete(message.id);
    if (now - recentFrom > RECENT_MS) {
      spent.clear();
      recentFrom = now;
    }
    // Whose backlog is gone is quiet again.
    if (ready.has(group)) spent.set(group, (spent.get(group) ?? 0) + now - since);
    else spent.delete(group);
    const left = (inFlight.get(group) ?? 1) - 1;
    if (left === 0) inFlight.delete(group);
    else inFlight.set(group, left);
  }

  /** Moves what has become visible to the ready messages. */
  function promote(now: number): void {
    if (earliest === undefined || earliest > now) return;
    earliest = undefined;
    for (const message of waiting) {
      if (message.visibleAt <= now) {
        waiting.delete(message);
        land(message, now);
        makeReady(message);
      } else if (earliest === undefined || message.visibleAt < earliest) earliest = message.visibleAt;
    }
  }

  /** The noisy groups of this moment. A message without a group is one of its own, and so never noisy. */
  function noisyGroups(now: number): Set<string> {
    const times = new Map(now - recentFrom > RECENT_MS ? [] : spent);
    for (const { group, since } of counted.values()) times.set(group, (times.get(group) ?? 0) + now - since);
    const all = [...times.values()].reduce((sum, ms) => sum + ms, 0);
    return new Set(
      [...ready.keys()].filter((group) => {
        if (group === "") return false;
        const mine = inFlight.get(group) ?? 0;
        const many = mine >= NOISY_IN_FLIGHT && mine > NOISY_SHARE * counted.size;
        return many || (all >= TELLING_MS && (times.get(group) ?? 0) > NOISY_SHARE * all);
      }),
    );
  }

  /** Of the quiet groups the one whose head is the oldest; of noisy ones, the one with the fewest in flight. */
  function nextGroup(now: number): string | undefined {
    const noisy = noisyGroups(now);
    let best: { group: string; load: number; id: number } | undefined;
    for (const [group, [head]] of ready) {
      if (head === undefined) continue;
      const load = noisy.has(group) ? 1 + (inFlight.get(group) ?? 0) : 0;
      if (best === undefined || load < best.load || (load === best.load && head.id < best.id)) {
        best = { group, load, id: head.id };
      }
    }
    return best?.group;
  }

  return {
    add(message) {
      messages.set(message.id, message);
      if (message.receipt !== "") receipts.set(message.receipt, message);
      wait(message);
    },
    take(now, max) {
      promote(now);
      const taken: Message[] = [];
      while (taken.length < max) {
        const group = nextGroup(now);
        if (group === undefined) break;
        const list = ready.get(group);
        const message = list?.shift();
        if (list?.length === 0) ready.delete(group);
        if (message === undefined) break;
        receipts.delete(message.receipt);
        counted.set(message.id, { group, since: now });
        inFlight.set(group, (inFlight.get(group) ?? 0) + 1);
        taken.push(message);
      }
      return taken;
    },
    byReceipt: (receipt) => receipts.get(receipt),
    hold(message) {
      makeUnready(message);
      receipts.set(message.receipt, message);
      wait(message);
    },
    remove(message, now) {
      messages.delete(message.id);
      receipts.delete(message.receipt);
      waiting.delete(message);
      land(message, now);
      makeUnready(message);
    },
    nextVisible: () => earliest,
    depth(now) {
      promote(now);
      const flying = counted.size;
      let visible = 0;
      for (const list of ready.values()) visible += list.length;
      return { visible, inFlight: flying, delayed: waiting.size - flying };
    },
    all: () => messages.values(),
  };
}
