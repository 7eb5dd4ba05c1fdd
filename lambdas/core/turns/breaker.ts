import type { HookState } from "#core/attempts/records.ts";

const MAX_FAILURES_IN_ROW = 5;
const MIN_ATTEMPTS = 10;
const FAILED_SHARE = 0.7;
const WINDOW_MINUTES = 5;
const FIRST_OPEN_MS = 30_000;
const MAX_OPEN_MS = 15 * 60_000;

/** Attribute that counts attempts which ended well or badly in the minute of `now` (ms). */
export function bucket(ok: boolean, now: number): string {
  return `${ok ? "ok" : "bad"}_${Math.floor(now / 60_000)}`;
}

/** Whether what has been counted opens the breaker: 5 failures in a row, or 70% of at least 10 in 5 minutes. */
export function shouldOpen(state: HookState, now: number): boolean {
  if ((state.failures ?? 0) >= MAX_FAILURES_IN_ROW) return true;
  let [ok, bad] = [0, 0];
  for (let minute = 0; minute < WINDOW_MINUTES; minute++) {
    ok += count(state, bucket(true, now - minute * 60_000));
    bad += count(state, bucket(false, now - minute * 60_000));
  }
  return ok + bad >= MIN_ATTEMPTS && bad >= FAILED_SHARE * (ok + bad);
}

/** How long it opens: 30 s at first, twice as long after each failed probe, at most 15 minutes. */
export function openFor(state: Pick<HookState, "open_for_ms">): number {
  return state.open_for_ms === undefined ? FIRST_OPEN_MS : Math.min(2 * state.open_for_ms, MAX_OPEN_MS);
}

/** Buckets that no longer count: old ones, and failures of whatever minute where the breaker closes (`closing`). */
export function staleBuckets(state: HookState, now: number, closing: boolean): string[] {
  const oldest = Math.floor(now / 60_000) - WINDOW_MINUTES + 1;
  return Object.keys(state).filter((name) => {
    const [, kind, minute] = /^(ok|bad)_(\d+)$/.exec(name) ?? [];
    return minute !== undefined && (Number(minute) < oldest || (closing && kind === "bad"));
  });
}

function count(state: HookState, name: string): number {
  const value = state[name];
  return typeof value === "number" ? value : 0;
}
