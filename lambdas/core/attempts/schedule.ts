const SECOND = 1_000;
const MINUTE = 60 * SECOND;
const HOUR = 60 * MINUTE;

/** How long after the one before each attempt comes, in ms, before jitter. */
export const SCHEDULE = [
  0,
  5 * SECOND,
  5 * MINUTE,
  30 * MINUTE,
  2 * HOUR,
  5 * HOUR,
  10 * HOUR,
  14 * HOUR,
  20 * HOUR,
  24 * HOUR,
] as const;
const JITTER = 0.2;
/** No attempt is made later than this after the schedule began. */
export const GIVE_UP_MS = 80 * HOUR;
/** The last attempt is planned this long before that, since messages and sweeps need their time. */
const LAST_CALL_MS = 5 * MINUTE;

/** Deliveries are kept for 30 days. */
export const DELIVERY_KEEP_MS = 30 * 24 * HOUR;

/**
 * When the attempt after `made` attempts comes (ms since the epoch), or `undefined` when there is none.
 *
 * @param startedMs when the schedule began.
 * @param minDelayMs the least that the answer asks for; unlike jitter, it is never cut short at 80 hours.
 * @param random 0 … 1, the jitter.
 */
export function nextAttempt({
  made,
  now,
  startedMs,
  minDelayMs = 0,
  random = Math.random(),
}: {
  made: number;
  now: number;
  startedMs: number;
  minDelayMs?: number | undefined;
  random?: number;
}): number | undefined {
  const delay = SCHEDULE[made];
  if (delay === undefined) return undefined;
  const end = startedMs + GIVE_UP_MS;
  const lastCall = end - LAST_CALL_MS;
  // Attempts that were put off for long may be few: the rest are not all made in the last minutes.
  if (now >= lastCall) return undefined;
  const planned = Math.min(now + delay * (1 - JITTER + 2 * JITTER * random), lastCall);
  const next = Math.round(Math.max(planned, now + minDelayMs));
  return next > end ? undefined : next;
}
