/**
 * May a request go to this endpoint now? At most 20 in flight and fewer where it fails, so many per second, not while it pauses, not while
 * its breaker is open but for one probe. Every limit is a condition of the write that takes the turn.
 */
import { keys } from "#aws/keys.ts";
import { ConditionFailed, type Item } from "#aws/table.ts";
import type { Deps } from "./deps.ts";
import { blockedUntil, freeSlot, isVerified, placesOf, rateOf, TRIAL_MS } from "./endpoint-limits.ts";
import { reserveTurns, type Wait } from "./reserve-turns.ts";
import { type HookState, hookState } from "./webhook-records.ts";

/** A slot whose worker died is free again after this: longer than an attempt can take. */
export const SLOT_MS = 30_000;
/** A rate's unused turns are kept for a second. */
const BURST_MS = 1_000;
const ROUNDS = 30;

export type Turn =
  | { go: true; slot: string; slotUntil: number; probe: boolean; state: HookState }
  /** Come again then; `blocked` by a pause or the breaker, not by others that wait. */
  | ({ go: false; blocked: boolean } & Wait);

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
    if (blocked !== undefined) return { go: false, blocked: true, at: blocked, reserved: false };
    const probe = state.open_until_ms !== undefined;
    const slot = freeSlot(state, { now, places: placesOf(state), random });
    const full = slot === undefined;
    const early = !reserved && !probe && (state.turn_ms ?? 0) >= now;
    try {
      const trialMs = trialUntil(state);
      if (!full && !early) {
        if (trialMs > now) return { go: false, blocked: false, at: trialMs, reserved };
        return await take({ slot, now, probe });
      }
      const [wait] = await reserveTurns(deps, endpoint, { state, count: 1, now, random });
      if (wait === undefined) break;
      // Full although its turn has come: slots last longer than they did, so wait for one of them.
      return { go: false, blocked: false, ...wait, at: full ? Math.max(wait.at, now + 1_000) : wait.at };
    } catch (error) {
      if (!(error instanceof ConditionFailed)) throw error;
      if (error.item === undefined) break; // the endpoint has been deleted
      state = hookState.parse(error.item);
    }
  }
  return { go: false, blocked: false, at: deps.now() + 1_000 + random() * 1_000, reserved: false };

  async function take({ slot, now, probe }: { slot: string; now: number; probe: boolean }): Promise<Turn> {
    const until = now + SLOT_MS;
    const sets = [`#${slot} = :until`];
    const conditions = [
      "attribute_exists(#webhook_id)",
      `(attribute_not_exists(#${slot}) OR #${slot} <= :now)`,
      "(attribute_not_exists(#paused_until_ms) OR #paused_until_ms <= :now)",
    ];
    const values: Item = { until, now };
    if (!isVerified(state)) {
      sets.push("#trial_ms = :now");
      conditions.push("(attribute_not_exists(#trial_ms) OR #trial_ms <= :trial)");
      Object.assign(values, { trial: now - TRIAL_MS });
    } else conditions.push("(attribute_exists(#verified_ms) OR attribute_exists(#last_success_ms))");
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
        const interval = 1_000 / rateOf(state, endpoint);
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
      repeats: "a slot that is taken isn't taken again",
    });
    return { go: true, slot, slotUntil: until, probe, state: hookState.parse(item) };
  }
}

/** Until when an endpoint that isn't verified is sent nothing more, whoever has kept a turn for then. */
function trialUntil(state: HookState): number {
  return isVerified(state) ? 0 : (state.trial_ms ?? 0) + TRIAL_MS;
}
