/** When it is told that a key or secret is about to end: 14 and 2 days before. */

const DAY_MS = 86_400_000;
const WARNING_DAYS = [14, 2] as const;

/** The last warning that lies behind, in days before the end; `undefined` where none does. */
export function crossed(now: number, expires_ms: number): number | undefined {
  return WARNING_DAYS.findLast((days) => expires_ms - days * DAY_MS <= now);
}

/** When there is next something to tell or to do: a warning, or the end itself. */
export function nextLook(now: number, expires_ms: number): number {
  const warnings = WARNING_DAYS.map((days) => expires_ms - days * DAY_MS);
  return warnings.find((at) => at > now) ?? expires_ms;
}
