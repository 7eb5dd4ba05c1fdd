/** Sizes and times as people say them. */

const UNITS = ["kB", "MB", "GB", "TB"] as const;

/** Bytes in decimal units, as file managers show them. */
export function sayBytes(bytes: number): string {
  if (bytes < 1000) return bytes === 1 ? "1 byte" : `${bytes} bytes`;
  let value = bytes;
  let unit = -1;
  do {
    value /= 1000;
    unit += 1;
  } while (value >= 999.5 && unit < UNITS.length - 1);
  return `${value < 10 ? value.toFixed(1) : Math.round(value)} ${UNITS[unit]}`;
}

const MINUTE = 60_000;
const HOUR = 60 * MINUTE;
const DAY = 24 * HOUR;

/** Rounded as people do: a day that began a second ago is still 24 hours. The moment stands beside it. */
export function sayDuration(ms: number): string {
  const minutes = Math.round(ms / MINUTE);
  if (minutes < 1) return "less than a minute";
  if (minutes < 120 && minutes !== 60) return many(minutes, "minute");
  const hours = Math.round(ms / HOUR);
  return hours < 48 ? many(hours, "hour") : many(Math.round(ms / DAY), "day");
}

const many = (count: number, unit: string) => `${count} ${unit}${count === 1 ? "" : "s"}`;

/** `4 Mar 2026, 12:00 UTC` */
export function sayMoment(ms: number): string {
  const at = new Date(ms);
  const date = at.toLocaleDateString("en-GB", {
    day: "numeric",
    month: "short",
    year: "numeric",
    timeZone: "UTC",
  });
  return `${date}, ${at.toISOString().slice(11, 16)} UTC`;
}
