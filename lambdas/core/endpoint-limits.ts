/** What an endpoint's state says about its limits; the writes that take turns hold them. */
import type { Lane } from "#aws/queues.ts";
import type { HookState } from "./webhook-records.ts";

export const MAX_IN_FLIGHT = 20;
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

/** Answers slower than this (ms, on average) are waited for beside the retries. */
const SLOW_MS = 1_000;
/** An endpoint of which nothing is known yet may hold up this many workers of first attempts. */
const UNPROVEN_IN_FLIGHT = 2;

/**
 * Where the endpoint's deliveries are worked off: first attempts have a queue of their own, and whoever is slow,
 * blocked or not proven yet must not hold up its workers.
 */
export function laneOf(state: HookState, now: number): Lane {
  if (blockedUntil(state, now) !== undefined || state.open_until_ms !== undefined) return "retry";
  if (state.latency_ms === undefined) return inFlight(state, now) < UNPROVEN_IN_FLIGHT ? "first" : "retry";
  return state.latency_ms <= SLOW_MS ? "first" : "retry";
}

/** A free slot, by chance, so that workers seldom want the same one. */
export function freeSlot(state: HookState, now: number, random: () => number): string | undefined {
  const free = freeSlots(state, now);
  return free[Math.floor(random() * free.length)];
}

function inFlight(state: HookState, now: number): number {
  return MAX_IN_FLIGHT - freeSlots(state, now).length;
}

function freeSlots(state: HookState, now: number): string[] {
  return Array.from({ length: MAX_IN_FLIGHT }, (_, index) => `slot_${index}`).filter((slot) => {
    const until = state[slot];
    return typeof until !== "number" || until <= now;
  });
}
