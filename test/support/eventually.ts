import { setTimeout as delay } from "node:timers/promises";

/**
 * Runs `attempt` until it no longer throws, and returns what it gave.
 *
 * @param timeoutMs real milliseconds until the last failure is thrown.
 */
export async function eventually<T>(attempt: () => T | Promise<T>, { timeoutMs = 10_000 } = {}): Promise<T> {
  const deadline = performance.now() + timeoutMs;
  for (;;) {
    try {
      return await attempt();
    } catch (error) {
      if (performance.now() > deadline) throw error;
    }
    await delay(5);
  }
}
