import { setTimeout as delay } from "node:timers/promises";

/** From what is nearly there to what takes long, and isn't there sooner for being asked all the time. */
const FIRST_MS = 5;
const LAST_MS = 100;

/**
 * Runs `attempt` until it no longer throws, and returns what it gave.
 *
 * @param timeoutMs real milliseconds until the last failure is thrown.
 */
export async function eventually<T>(attempt: () => T | Promise<T>, { timeoutMs = 10_000 } = {}): Promise<T> {
  const deadline = performance.now() + timeoutMs;
  for (let pause = FIRST_MS; ; pause = Math.min(LAST_MS, pause * 1.5)) {
    try {
      return await attempt();
    } catch (error) {
      if (performance.now() > deadline) throw error;
    }
    await delay(pause);
  }
}
