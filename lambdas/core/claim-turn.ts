/**
 * May a request go to this endpoint now? At most 20 in flight, so many per second, not while it pauses, not while
 * its breaker is open but for one probe. Every limit is a condition of the write that takes the turn.
 */
import { keys } from "#aws/keys.ts";
import type { Lane } from "#aws/queues.ts";
import { ConditionFailed, type Item } from "#aws/table.ts";
import type { Deps } from "./deps.ts";
import { type HookState, hookState } from "./webhook-records.ts";

export const MAX_IN_FLIGHT = 20;
/** A slot whose worker died is free again after this: longer than an attempt can take. */
const SLOT_MS = 30_000;
/** A rate's unused turns are kept for a second. */
const BURST_MS = 1_000;
/** How far ahead turns are given out. */
const HORIZON_MS = 900_000;
const ROUNDS = 30;

export type Turn =
  | { go: true; slot: string; slotUntil: number; probe: boolean; state: HookState }
  /** Come again at `at`; `reserved` where a turn of the rate is kept for then. */
  | { go: false; at: number; reserved: boolean };

interface Endpoint {
  webhook_id: string;
  rate_per_second: number;
}

/**
 * Takes a turn, or says when to come again.
 *
 * @param seen the endpoint's state as just read; the write's condition tells where it has changed.
 * @param reserved a turn of the rate has been kept for this moment.
 */
export async function claimTurn(
  deps: Pick<Deps, "table" | "now">,
  endpoint: Endpoint,
  {
    seen,
    reserved = false,
    random = Math.random,
  }: { seen: HookState; reserved?: boolean; random?: () => number },
): Promise<Turn> {
  let state = seen;
  for (let round = 0; round < ROUNDS; round++) {
    const now = deps.now();
    const blocked = blockedUntil(state, now, random);
    if (blocked !== undefined) return { go: false, at: blocked, reserved: false };
    const probe = state.open_until_ms !== undefined;
    const slot = freeSlot(state, now, random);
    const full = slot === undefined;
    const early = !reserved && !probe && (state.turn_ms ?? 0) >= now;
    try {
      if (!full && !early) return await take({ slot, now, probe });
      const at = await reserve(now, full);
      return { go: false, ...at };
    } catch (error) {
      if (!(error instanceof ConditionFailed)) throw error;
      if (error.item === undefined) break; // the endpoint has been deleted
      state = hookState.parse(error.item);
    }
  }
  return { go: false, at: deps.now() + 1_000 + random() * 1_000, reserved: false };

  async function take({ slot, now, probe }: { slot: string; now: number; probe: boolean }): Promise<Turn> {
    const until = now + SLOT_MS;
    const sets = [`#${slot} = :until`];
    const conditions = [
      "attribute_exists(#webhook_id)",
      `(attribute_not_exists(#${slot}) OR #${slot} <= :now)`,
      "(attribute_not_exists(#paused_until_ms) OR #paused_until_ms <= :now)",
    ];
    const values: Item = { until, now };
    if (probe) {
      sets.push("#probe_until_ms = :until");
      conditions.push(
        "#open_until_ms <= :now",
        "(attribute_not_exists(#probe_until_ms) OR #probe_until_ms <= :now)",
      );
    } else {
      conditions.push("attribute_not_exists(#open_until_ms)");
      if (!reserved) {
        const floor = now - BURST_MS;
        const interval = 1_000 / endpoint.rate_per_second;
        if ((state.turn_ms ?? 0) > floor) {
          sets.push("#turn_ms = #turn_ms + :interval");
          conditions.push("#turn_ms > :floor AND #turn_ms < :now");
          Object.assign(values, { floor, interval });
        } else {
          sets.push("#turn_ms = :turn");
          conditions.push("(attribute_not_exists(#turn_ms) OR #turn_ms <= :floor)");
          Object.assign(values, { floor, turn: floor + interval });
        }
      }
    }
    const item = await deps.table.update({
      key: keys.hookState(endpoint.webhook_id),
      update: `SET ${sets.join(", ")}`,
      condition: conditions.join(" AND "),
      values,
    });
    return { go: true, slot, slotUntil: until, probe, state: hookState.parse(item) };
  }

  /**
   * Keeps the next turn of what the endpoint can take: its rate, or 20 in the time that an answer needs. Thousands
   * that wait so come one after the other, instead of all asking again and again.
   */
  async function reserve(now: number, full: boolean): Promise<{ at: number; reserved: boolean }> {
    const interval = Math.max(1_000 / endpoint.rate_per_second, (state.latency_ms ?? 0) / MAX_IN_FLIGHT);
    const turn = state.turn_ms ?? 0;
    if (turn > now + HORIZON_MS) return { at: now + HORIZON_MS * (0.7 + 0.3 * random()), reserved: false };
    const ahead = turn >= now;
    const item = await deps.table.update({
      key: keys.hookState(endpoint.webhook_id),
      update: ahead ? "SET #turn_ms = #turn_ms + :interval" : "SET #turn_ms = :turn",
      condition: `attribute_exists(#webhook_id) AND ${
        ahead ? "#turn_ms >= :now" : "(attribute_not_exists(#turn_ms) OR #turn_ms < :now)"
      }`,
      values: { interval: ahead ? interval : undefined, turn: ahead ? undefined : now + interval, now },
    });
    const at = hookState.parse(item).turn_ms ?? now;
    // Full although its turn has come: slots last longer than they did, so wait for one of them.
    return { at: full ? Math.max(at, now + 1_000) : at, reserved: true };
  }
}

/** Until when nothing goes to the endpoint, with those that wait spread out after that; `undefined`: it may go. */
export function blockedUntil(
  state: HookState,
  now: number,
  random: () => number = Math.random,
): number | undefined {
  const { paused_until_ms = 0, open_until_ms, open_for_ms = 0, probe_until_ms = 0 } = state;
  if (paused_until_ms > now) return paused_until_ms + random() * 5_000;
  if (open_until_ms === undefined) return undefined;
  if (open_until_ms > now) return open_until_ms + random() * open_for_ms;
  if (probe_until_ms > now) return now + 5_000 + random() * open_for_ms;
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
function freeSlot(state: HookState, now: number, random: () => number): string | undefined {
  const free: string[] = [];
  for (let index = 0; index < MAX_IN_FLIGHT; index++) {
    const until = state[`slot_${index}`];
    if (typeof until !== "number" || until <= now) free.push(`slot_${index}`);
  }
  return free[Math.floor(random() * free.length)];
}

function inFlight(state: HookState, now: number): number {
  let taken = 0;
  for (let index = 0; index < MAX_IN_FLIGHT; index++) {
    const until = state[`slot_${index}`];
    if (typeof until === "number" && until > now) taken += 1;
  }
  return taken;
}
