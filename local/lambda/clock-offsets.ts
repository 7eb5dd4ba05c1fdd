/** By how much the clocks of Lambda environments differ from the cloud's, for tests. */

/** Milliseconds by which a clock is ahead: of every environment of a function, or of its nth one (from 0). */
export type ClockOffset = number | ((nth: number) => number);

export interface ClockOffsets {
  /** Shared memory that holds the offset of a function's next environment in ms as one BigInt64. */
  next(functionArn: string): SharedArrayBuffer;
  /** Sets the clocks of a function's environments, those that run and those to come. */
  set(functionArn: string, offset: ClockOffset): void;
}

/** All clocks are right at first. */
export function createClockOffsets(): ClockOffsets {
  const offsets = new Map<string, ClockOffset>();
  const clocks = new Map<string, SharedArrayBuffer[]>();

  function set(functionArn: string, nth: number, shared: SharedArrayBuffer): void {
    const offset = offsets.get(functionArn) ?? 0;
    const ms = typeof offset === "number" ? offset : offset(nth);
    Atomics.store(new BigInt64Array(shared), 0, BigInt(Math.round(ms)));
  }

  return {
    next(functionArn) {
      const all = clocks.get(functionArn) ?? [];
      clocks.set(functionArn, all);
      const shared = new SharedArrayBuffer(8);
      set(functionArn, all.push(shared) - 1, shared);
      return shared;
    },
    set(functionArn, offset) {
      offsets.set(functionArn, offset);
      for (const [nth, shared] of (clocks.get(functionArn) ?? []).entries()) set(functionArn, nth, shared);
    },
  };
}
