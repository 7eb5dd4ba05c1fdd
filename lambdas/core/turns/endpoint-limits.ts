/** What an endpoint's state says about its limits; the writes that take turns hold them. */
import type { Lane } from "#aws/queues.ts";
import type { HookState } from "#core/attempts/records.ts";
import { isTaken } from "./slots.ts";

const MAX_IN_FLIGHT = 20;
/** Until it answers well again it holds no more places than these. */
const FAILING_IN_FLIGHT = 2;
/** While a breaker is open, those that wait come within so many times as long as it stays open. */
const SPREAD = 4;

/**
 * Until when nothing goes to the endpoint, with those that wait spread out after that; `undefined`: it may go.
 *
 * Few of them come in time for the probe, since all others would come for nothing if that fails. Once it is answered,
 * the sweep wakes them all (`planWakeUp`).
 */
export function blockedUntil(
  state: HookState,
  now: number,
  random: () => number = Math.random,
): number | undefined {
  const { paused_until_ms = 0, open_until_ms, open_for_ms = 0, probe_until_ms = 0 } = state;
  if (paused_until_ms > now) return paused_until_ms + random() * 5_000;
  if (open_until_ms === undefined) return undefined;
  if (open_until_ms > now) return open_until_ms + random() * SPREAD * open_for_ms;
  if (probe_until_ms > now) return now + 5_000 + random() * SPREAD * open_for_ms;
  return undefined;
}

/** When its URL first answered a signed request with 2xx, and so said that it wants them. */
export function verifiedMs({ verified_ms, last_success_ms }: HookState): number | undefined {
  return verified_ms ?? last_success_ms;
}

/** Whether the endpoint's URL has ever answered with 2xx. */
export function isVerified(state: HookState): boolean {
  return verifiedMs(state) !== undefined;
}

/** What isn't verified is sent one a second at most. */
export const TRIAL_MS = 1_000;
/** What it is sent, by whomever, takes this one place. */
export const TRIAL_SLOT = slotOf(0);
/** Its turns are given out a little further apart, so that a worker which is late for one is not in the way of the next. */
const TRIAL_TURN_MS = 1_100;

/** How many requests may be under way: few until an endpoint answers well, so that silent ones hold few workers. */
export function placesOf(state: HookState): number {
  if (!isVerified(state)) return 1;
  return (state.failures ?? 0) > 0 ? FAILING_IN_FLIGHT : MAX_IN_FLIGHT;
}

/** Requests per second: at most one until it has answered well, since the address may be somebody else's. */
export function rateOf(state: HookState, { rate_per_second }: { rate_per_second: number }): number {
  return isVerified(state) ? rate_per_second : 1_000 / TRIAL_TURN_MS;
}

/** Answers slower than this (ms, on average) are waited for beside the retries. */
const SLOW_MS = 1_000;
/** Workers of endpoints that answer wait no longer than this; who takes longer is asked again beside the retries. */
export const PROMPT_MS = 2_000;
const FULL_MS = 15_000;
/** Whoever fails is waited for twice as long as its answers took while it gave some, and at least this long. */
const MIN_FAILING_MS = 5_000;

/** How long an attempt may take (ms). A probe has all the time, so that whoever is slow by nature is heard again. */
export function timeOf(state: HookState, { lane, probe }: { lane: Lane; probe: boolean }): number {
  if (lane === "first") return PROMPT_MS;
  if (probe || !isVerified(state) || (state.failures ?? 0) === 0) return FULL_MS;
  return Math.min(FULL_MS, Math.max(MIN_FAILING_MS, 2 * (state.answered_ms ?? FULL_MS)));
}

/**
 * Where the endpoint's deliveries are worked off. Those that answer promptly have a queue and workers of their own,
 * whoever is slow, blocked or has never answered another: nothing there can hold up the former.
 */
export function laneOf(state: HookState, now: number): Lane {
  if (blockedUntil(state, now) !== undefined || state.open_until_ms !== undefined) return "retry";
  if (!isVerified(state) || state.latency_ms === undefined) return "retry";
  return state.latency_ms <= SLOW_MS ? "first" : "retry";
}

/**
 * A free one of the endpoint's places, by chance, so that workers seldom want the same one.
 *
 * Who may have a few has the first of them: so a write's condition on one slot holds the limit, also where the state
 * that was read is old.
 */
export function freeSlot(
  state: HookState,
  { now, places, random }: { now: number; places: number; random: () => number },
): string | undefined {
  const slots = Array.from({ length: MAX_IN_FLIGHT }, (_, index) => slotOf(index));
  if (slots.filter((slot) => isTaken(state, slot, now)).length >= places) return undefined;
  const free = slots.slice(0, places).filter((slot) => !isTaken(state, slot, now));
  return free[Math.floor(random() * free.length)];
}

function slotOf(index: number): string {
  return `slot_${index}`;
}
