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
  /** Up to `max` messages that are visible at `now`, groups with the fewest in flight first, each oldest first. */
  take(now: number, max: number): Message[];
  /** The message in flight (or visible again) under this receipt handle. */
  byReceipt(receipt: string): Message | undefined;
  /** Puts a message that was taken back, to be visible at its `visibleAt`. */
  hold(message: Message): void;
  remove(message: Message): void;
  /** When the next waiting message becomes visible; `undefined` where none waits. */
  nextVisible(): number | undefined;
  depth(now: number): { visible: number; inFlight: number; delayed: number };
  all(): Iterable<Message>;
}

/** Makes an empty queue. */
export function createQueueState(): QueueState {
  const messages = new Map<number, Message>();
  const receipts = new Map<string, Message>();
  const ready = new Map<string, Message[]>();
  const waiting = new Set<Message>();
  const inFlight = new Map<string, number>();
  /** Groups by the receipt under which they were counted as in flight. */
  const counted = new Map<number, string>();
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

  function land(message: Message): void {
    const group = counted.get(message.id);
    if (group === undefined) return;
    counted.delete(message.id);
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
        land(message);
        makeReady(message);
      } else if (earliest === undefined || message.visibleAt < earliest) earliest = message.visibleAt;
    }
  }

  /** SQS fair queues: a group that keeps others waiting comes last. */
  function nextGroup(): string | undefined {
    let best: { group: string; load: number; id: number } | undefined;
    for (const [group, [head]] of ready) {
      if (head === undefined) continue;
      const load = inFlight.get(group) ?? 0;
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
        const group = nextGroup();
        if (group === undefined) break;
        const list = ready.get(group);
        const message = list?.shift();
        if (list?.length === 0) ready.delete(group);
        if (message === undefined) break;
        receipts.delete(message.receipt);
        counted.set(message.id, group);
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
    remove(message) {
      messages.delete(message.id);
      receipts.delete(message.receipt);
      waiting.delete(message);
      land(message);
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
