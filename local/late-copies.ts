/** Copies of calls that wait for their time to arrive, for tests. */
import type { Clock } from "./clock.ts";
import type { LateBy } from "./faults.ts";

interface LateCopy {
  by: LateBy;
  /** Which of the port's calls it is a copy of. */
  index: number;
  /** Has it arrive; never rejects. */
  run(): Promise<void>;
}

export interface LateCopies {
  /** Has a copy wait. */
  hold(copy: LateCopy): void;
  /** Counts a call that has ended, by its index. */
  ended(index: number): void;
  /** Resolves when every copy whose time has come has happened. */
  arrived(): Promise<void>;
  /** How many wait. */
  waiting(): number;
  /** Lets all that wait arrive, the oldest first; resolves when they have happened. */
  flush(): Promise<void>;
  /** Forgets those that wait or would, and resolves when none is under way. */
  close(): Promise<void>;
}

interface Waiting extends LateCopy {
  /** Calls that have to end before. */
  left: number;
  cancel(): void;
}

/** None wait at first. */
export function createLateCopies(clock: Clock): LateCopies {
  const waiting = new Set<Waiting>();
  /** One after the other, in the order of their times. */
  let underWay: Promise<void> = Promise.resolve();
  let closed = false;

  function arrive(copy: Waiting): void {
    if (!waiting.delete(copy)) return;
    copy.cancel();
    underWay = underWay.then(copy.run);
  }

  return {
    hold(copy) {
      if (closed) return;
      const { by } = copy;
      const counts = "afterCalls" in by;
      const held: Waiting = { ...copy, left: counts ? by.afterCalls : Number.POSITIVE_INFINITY, cancel() {} };
      waiting.add(held);
      if (!counts) held.cancel = clock.at(clock.now() + by.afterMs, () => arrive(held));
      else if (by.afterCalls <= 0) arrive(held);
    },
    ended(index) {
      for (const copy of waiting) {
        if (index <= copy.index) continue; // its own, or one that was there before it
        copy.left--;
        if (copy.left <= 0) arrive(copy);
      }
    },
    arrived: () => underWay,
    waiting: () => waiting.size,
    flush() {
      for (const copy of waiting) arrive(copy);
      return underWay;
    },
    close() {
      closed = true;
      for (const copy of waiting) copy.cancel();
      waiting.clear();
      return underWay;
    },
  };
}
