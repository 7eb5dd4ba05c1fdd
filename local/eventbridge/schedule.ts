/** When scheduled rules fire: `rate(…)` and `cron(…)` expressions in UTC. */

const UNITS: Record<string, number> = { minute: 60_000, hour: 3_600_000, day: 86_400_000 };

/**
 * The next moment (epoch ms) after `after` at which `expression` fires.
 *
 * Cron takes `*`, numbers, lists, ranges and steps in the minute, hour and day-of-month fields; `*` or `?` elsewhere.
 * @throws Error for what it doesn't understand.
 */
export function nextRun(expression: string, after: number): number {
  const [, value, unit] = /^rate\((\d+) (minute|hour|day)s?\)$/.exec(expression) ?? [];
  if (value !== undefined && unit !== undefined) {
    const period = Number(value) * (UNITS[unit] ?? 0);
    return (Math.floor(after / period) + 1) * period;
  }
  const [, fields] = /^cron\((.+)\)$/.exec(expression) ?? [];
  const [minute = "", hour = "", day = "", month = "", weekday = "", year = ""] = fields?.split(/\s+/) ?? [];
  const rest = [month, weekday, year];
  if (fields === undefined || rest.some((field) => field !== "*" && field !== "?")) {
    throw new Error(`schedule: ${expression} is not understood here`);
  }
  const isMinute = cronField(minute, 0, 59);
  const isHour = cronField(hour, 0, 23);
  const isDay = cronField(day === "?" ? "*" : day, 1, 31);
  let at = (Math.floor(after / 60_000) + 1) * 60_000;
  for (let tries = 0; tries < 60 * 24 * 62; tries++, at += 60_000) {
    const date = new Date(at);
    if (isMinute(date.getUTCMinutes()) && isHour(date.getUTCHours()) && isDay(date.getUTCDate())) return at;
  }
  throw new Error(`schedule: ${expression} never fires`);
}

function cronField(field: string, low: number, high: number): (value: number) => boolean {
  const parts = field.split(",").map((part) => {
    const [, from, to, step] = /^(?:\*|(\d+)(?:-(\d+))?)(?:\/(\d+))?$/.exec(part) ?? [];
    if (!/^(\*|\d+(-\d+)?)(\/\d+)?$/.test(part)) throw new Error(`schedule: ${field} is not understood here`);
    const start = from === undefined ? low : Number(from);
    const end = to !== undefined ? Number(to) : from === undefined || step !== undefined ? high : start;
    return { start, end, step: Number(step ?? 1) };
  });
  return (value) =>
    parts.some(({ start, end, step }) => value >= start && value <= end && (value - start) % step === 0);
}
