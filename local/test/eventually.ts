import { vi } from "vitest";

/** Runs `attempt` until it no longer throws, for 10 s at most, and returns what it gave. */
export const eventually = <T>(attempt: () => T | Promise<T>): Promise<T> =>
  vi.waitFor(attempt, { timeout: 10_000, interval: 20 });
