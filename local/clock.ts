/**
 * The local cloud's time: the machine's clock plus an offset that tests can move forward.
 *
 * The offset lives in shared memory so that every Lambda worker sees the same moment
 * (the worker's bootstrap builds `Date` on it).
 */
export interface Clock {
  /** Milliseconds since the epoch. */
  now(): number;
  /** Moves time forward by `ms` and wakes every timer that has fallen due. */
  advance(ms: number): void;
  /** Runs `task` at `at` (epoch ms) by this clock, once. Returns a function that cancels it. */
  at(at: number, task: () => void): () => void;
  /** Shared memory that holds the offset in ms as one BigInt64. */
  readonly shared: SharedArrayBuffer;
  /** Cancels every timer. */
  stop(): void;
}

interface Timer {
  at: number;
  task: () => void;
}

const MAX_TIMEOUT = 2 ** 31 - 1;

/**
 * Creates a clock whose offset starts at 0.
 *
 * @param onError told of what a task threw. @default throws it where nothing catches it
 */
export function createClock({ onError = rethrow }: { onError?: (error: unknown) => void } = {}): Clock {
  const shared = new SharedArrayBuffer(8);
  const offset = new BigInt64Array(shared);
  const timers = new Set<Timer>();
  let handle: NodeJS.Timeout | undefined;

  const now = () => Date.now() + Number(Atomics.load(offset, 0));

  function arm() {
    clearTimeout(handle);
    let next = Number.POSITIVE_INFINITY;
    for (const timer of timers) next = Math.min(next, timer.at);
    if (next === Number.POSITIVE_INFINITY) return;
    handle = setTimeout(fire, Math.min(Math.max(next - now(), 0), MAX_TIMEOUT));
  }

  function fire() {
    const due = [...timers].filter((timer) => timer.at <= now()).sort((a, b) => a.at - b.at);
    // Tasks may stop other tasks, and one that fails must not stop the others.
    for (const timer of due) {
      if (!timers.delete(timer)) continue;
      try {
        timer.task();
      } catch (error) {
        onError(error);
      }
    }
    arm();
  }

  return {
    shared,
    now,
    advance(ms) {
      Atomics.add(offset, 0, BigInt(Math.round(ms)));
      fire();
    },
    at(at, task) {
      const timer = { at, task };
      timers.add(timer);
      arm();
      return () => {
        timers.delete(timer);
      };
    },
    stop() {
      timers.clear();
      clearTimeout(handle);
    },
  };
}

function rethrow(error: unknown): void {
  queueMicrotask(() => {
    throw error;
  });
}
