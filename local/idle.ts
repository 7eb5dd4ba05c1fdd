import { setTimeout as delay } from "node:timers/promises";

/**
 * Resolves once `busy` has named nothing twice in a row.
 *
 * @param timeoutMs real milliseconds to wait at most.
 * @throws Error naming what is still at work.
 */
export async function waitUntilIdle(busy: () => string[], timeoutMs: number): Promise<void> {
  const deadline = performance.now() + timeoutMs;
  // Twice: what one part has just handed over may reach the next only in its own turn.
  for (let quiet = 0; quiet < 2; ) {
    const names = busy();
    quiet = names.length === 0 ? quiet + 1 : 0;
    if (names.length > 0 && performance.now() > deadline) {
      throw new Error(`still at work after ${timeoutMs} ms: ${names.join(", ")}`);
    }
    await delay(quiet === 0 ? 5 : 1);
  }
}
