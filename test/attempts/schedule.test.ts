import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { GIVE_UP_MS, nextAttempt, SCHEDULE } from "#core/attempts/schedule.ts";

const HOUR = 3_600_000;
const startedMs = Date.UTC(2026, 0, 1);
/** Messages need their time, so the last attempt is planned 5 minutes before the end. */
const LAST_CALL = startedMs + GIVE_UP_MS - 5 * 60_000;

test("ten attempts over 75 hours", () => {
  expect(SCHEDULE).toHaveLength(10);
  expect(SCHEDULE.reduce<number>((sum, delay) => sum + delay, 0) / HOUR).toBeCloseTo(75.585, 2);
});

test("each delay stays within 20% and none leads past 80 hours", () => {
  fc.assert(
    fc.property(
      fc.array(fc.double({ min: 0, max: 1, noNaN: true }), { minLength: 9, maxLength: 9 }),
      (jitter) => {
        let now = startedMs;
        for (const [index, random] of jitter.entries()) {
          const made = index + 1;
          const delay = SCHEDULE[made] ?? 0;
          const next = nextAttempt({ made, now, startedMs, random });
          // Jitter alone can't end a delivery: it is cut short where it would lead past the end.
          if (now >= LAST_CALL) return;
          expect(next).toBeDefined();
          const wait = (next ?? 0) - now;
          expect(wait).toBeLessThanOrEqual(delay * 1.2 + 1);
          expect(next).toBeLessThanOrEqual(LAST_CALL);
          if (next !== LAST_CALL) expect(wait).toBeGreaterThanOrEqual(delay * 0.8 - 1);
          now = next ?? 0;
        }
        expect(nextAttempt({ made: 10, now, startedMs })).toBeUndefined();
      },
    ),
  );
});

describe("what the answer asks for", () => {
  const at = (made: number, minDelayMs: number, hours = 0) =>
    nextAttempt({ made, now: startedMs + hours * HOUR, startedMs, minDelayMs, random: 0.5 });
  test("waits at least that long", () => {
    expect(at(1, 60_000)).toBe(startedMs + 60_000);
    expect(at(2, 60_000)).toBe(startedMs + 300_000);
  });
  test("ends a delivery where it leads past 80 hours", () => {
    expect(at(5, 24 * HOUR, 56)).toBe(startedMs + 80 * HOUR);
    expect(at(5, 24 * HOUR, 56.1)).toBeUndefined();
  });
});

test("attempts that are left at the end are not all made in its last minutes", () => {
  const after = (now: number) => nextAttempt({ made: 3, now, startedMs, random: 0.5 });
  expect(after(LAST_CALL - 60_000)).toBe(LAST_CALL);
  expect(after(LAST_CALL)).toBeUndefined();
  expect(after(startedMs + GIVE_UP_MS)).toBeUndefined();
});
