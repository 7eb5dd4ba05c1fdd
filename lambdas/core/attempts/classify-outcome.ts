import type { ErrorClass } from "#core/outbound/contract.ts";

const SECOND = 1_000;
const HOUR = 3_600 * SECOND;
const MAX_RETRY_AFTER_MS = 24 * HOUR;
const MAX_PAUSE_MS = HOUR;
/** More digits than anybody means are recorded as these: some 300 years. */
const MAX_SECONDS = 9_999_999_999;
/** Statuses that say the receiver is overloaded: sooner than this would not help it. */
const BUSY_MS = 60 * SECOND;

/** What an endpoint answered, or why it didn't. */
export interface Answered {
  status?: number | undefined;
  /** Lower-case names. */
  headers?: Readonly<Record<string, string | string[] | undefined>> | undefined;
  error_class?: ErrorClass | undefined;
}

export interface Verdict {
  ok: boolean;
  /** The endpoint wants no more deliveries. */
  disable?: "gone" | "asked";
  /** The next attempt comes no sooner than this. */
  minDelayMs?: number;
  /** Nothing else is sent to the endpoint for this long either. */
  pauseMs?: number;
  retryAfterMs?: number;
}

/** What follows from the answer to an attempt. `now` in ms, for a Retry-After that is a date. */
export function classifyOutcome({ status, headers = {}, error_class }: Answered, now: number): Verdict {
  if (status === undefined)
    return { ok: false, ...(error_class === "timeout" ? { minDelayMs: BUSY_MS } : {}) };
  const ok = status >= 200 && status < 300;
  if (status === 410) return { ok, disable: "gone" };
  if (first(headers["webhook-delivery"])?.trim().toLowerCase() === "disable") return { ok, disable: "asked" };
  if (ok) return { ok };
  if (status === 429 || status === 503) {
    const retryAfterMs = parseRetryAfter(first(headers["retry-after"]), now);
    if (retryAfterMs !== undefined) {
      return {
        ok,
        retryAfterMs,
        minDelayMs: Math.min(retryAfterMs, MAX_RETRY_AFTER_MS),
        pauseMs: Math.min(retryAfterMs, MAX_PAUSE_MS),
      };
    }
  }
  if (status === 429 || status === 502 || status === 504) return { ok, minDelayMs: BUSY_MS };
  return { ok };
}

/** Retry-After in ms from `now`, as seconds or as a date (RFC 9110, 10.2.3); `undefined` for anything else. */
export function parseRetryAfter(value: string | undefined, now: number): number | undefined {
  const text = value?.trim() ?? "";
  if (/^\d+$/.test(text)) return Math.min(Number(text), MAX_SECONDS) * SECOND;
  // Date.parse alone takes much that is no HTTP date, such as "12 pm".
  if (!/^[A-Z][a-z]+,? [\w -]+ \d{2}:\d{2}:\d{2}( GMT| \d{4})$/.test(text)) return undefined;
  const at = Date.parse(text.endsWith("GMT") ? text : `${text} GMT`);
  return Number.isNaN(at) ? undefined : Math.max(0, at - now);
}

function first(value: string | string[] | undefined): string | undefined {
  return Array.isArray(value) ? value[0] : value;
}
