/**
 * May a request go to this endpoint now? At most 20 in flight and fewer where it fails, so many per second, not while it pauses, not while
 * its breaker is open but for one probe. Every limit is a condition of the write that takes the turn.
 */
import { plus } from "#aws/changes.ts";
import { keys } from "#aws/keys.ts";
import { ConditionFailed, type Item } from "#aws/table.ts";
import { type HookRecord, type HookState, hookState } from "#core/attempts/records.ts";
import type { TableDeps } from "#core/kernel/deps.ts";
import { sameEpoch } from "./endpoint-epoch.ts";
import { blockedUntil, freeSlot, isVerified, placesOf, rateOf, TRIAL_MS } from "./endpoint-limits.ts";
import { reserveTurns, type Wait } from "./reserve-turns.ts";
import { asRead, markOf, type Slot } from "./slots.ts";

/** A rate's unused turns are kept for a second. */
const BURST_MS = 1_000;
/**
 * And for a second more where they were kept for somebody: SQS delays by whole seconds, and workers may be a little
 * late. Who is later has lost its turn to those that went meanwhile, and takes another.
 */
const KEPT_MS = 2_000;
/** Those are forgotten once they are so many: all that come with a second would meet on the write that forgets. */
const FORGOTTEN_MS = 3_000;
const ROUNDS = 30;

export type Turn =
  | { go: true; slot: Slot; probe: boolean; state: HookState }
  /** Come again then; `blocked` by a pause or the breaker, not by others that wait. */
  | ({ go: false; blocked: boolean } & Wait);

type Endpoint = Pick<HookRecord, "webhook_id" | "rate_per_second"> & Partial<Pick<HookRecord, "epoch">>;

/**
 * Takes a turn, or says when to come again.
 *
 * @param endpoint as the request takes its URL from it: where it has another by now, there is no turn.
 * @param seen the endpoint's state as just read; the write's condition tells where it has changed.
 * @param reserved a turn of the rate has been kept for this moment.
 */
export async function claimTurn(
  deps: TableDeps,
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
    const free = freeSlot(state, { now, places: placesOf(state), random });
    const slot = free === undefined ? undefined : markOf(free, now);
    const nextMs = probe ? 0 : Math.max(reserved ? 0 : (state.turn_ms ?? 0), sentUntil(state));
    try {
      const trialMs = trialUntil(state);
      if (slot !== undefined && nextMs < now) {
        if (trialMs > now) return { go: false, blocked: false, at: trialMs, reserved };
        return await take({ slot, now, probe });
      }
      const [wait] = await reserveTurns(deps, endpoint, { state, count: 1, now, random });
      if (wait === undefined) break;
      // Full although its turn has come: slots last longer than they did, so wait for one of them.
      const soonest = slot === undefined ? now + 1_000 : sentUntil(state);
      return { go: false, blocked: false, ...wait, at: Math.max(wait.at, soonest) };
    } catch (error) {
      if (!(error instanceof ConditionFailed)) throw error;
      if (error.item === undefined) break; // the endpoint has been deleted
      state = hookState.parse(error.item);
      // The SDK sends a write again whose answer was lost, and then meets its own.
      if (slot !== undefined && state[slot.name] === slot.mark) return { go: true, slot, probe, state };
      if (state.epoch !== endpoint.epoch) break;
    }
  }
  return { go: false, blocked: false, at: deps.now() + 1_000 + random() * 1_000, reserved: false };

  async function take({ slot, now, probe }: { slot: Slot; now: number; probe: boolean }): Promise<Turn> {
    const set: Item = { [slot.name]: slot.mark };
    const conditions = [
      `attribute_exists(#webhook_id) AND ${sameEpoch(endpoint.epoch)}`,
      asRead(state, slot.name),
      "(attribute_not_exists(#paused_until_ms) OR #paused_until_ms <= :now)",
    ];
    const values: Item = { stood: state[slot.name], epoch: endpoint.epoch, now };
    const spend = (name: "turn_ms" | "sent_ms", kept: { most: number; left: number }) => {
      const spent = spending(name, { state, now, kept, interval: 1_000 / rateOf(state, endpoint) });
      Object.assign(set, spent.set);
      conditions.push(spent.condition);
      Object.assign(values, spent.values);
    };
    if (!isVerified(state)) {
      Object.assign(set, { trial_ms: now });
      conditions.push("(attribute_not_exists(#trial_ms) OR #trial_ms <= :trial)");
      Object.assign(values, { trial: now - TRIAL_MS });
    } else conditions.push("(attribute_exists(#verified_ms) OR attribute_exists(#last_success_ms))");
    if (probe) {
      Object.assign(set, { probe_until_ms: slot.until });
      conditions.push(
        "#open_until_ms <= :now",
        "(attribute_not_exists(#probe_until_ms) OR #probe_until_ms <= :now)",
      );
    } else {
      conditions.push("attribute_not_exists(#open_until_ms)");
      if (!reserved) spend("turn_ms", { most: BURST_MS, left: BURST_MS });
      if (isVerified(state)) spend("sent_ms", { most: FORGOTTEN_MS, left: KEPT_MS });
    }
    const item = await deps.table.update({
      key: keys.hookState(endpoint.webhook_id),
      update: { set },
      condition: conditions.join(" AND "),
      values,
      repeats: "a slot that is taken isn't taken again",
    });
    return { go: true, slot, probe, state: hookState.parse(item) };
  }
}

/**
 * Moves the moment of the next request on by one.
 *
 * @param kept how much (ms) may be unused `most`; where it is more, so much of it is `left`.
 */
function spending(
  name: "turn_ms" | "sent_ms",
  {
    state,
    now,
    kept,
    interval,
  }: { state: HookState; now: number; kept: { most: number; left: number }; interval: number },
) {
  const floor = `${name}_floor`;
  const from = now - kept.most;
  return (state[name] ?? 0) > from
    ? {
        set: { [name]: plus(interval) },
        condition: `#${name} > :${floor} AND #${name} < :now`,
        values: { [floor]: from },
      }
    : {
        set: { [name]: now - kept.left + interval },
        condition: `(attribute_not_exists(#${name}) OR #${name} <= :${floor})`,
        values: { [floor]: from },
      };
}

/** Until when (ms) what has gone uses the rate up, whoever has kept a turn; what isn't verified has a limit of its own. */
function sentUntil(state: HookState): number {
  return isVerified(state) ? (state.sent_ms ?? 0) : 0;
}

/** Until when an endpoint that isn't verified is sent nothing more, whoever has kept a turn for then. */
function trialUntil(state: HookState): number {
  return isVerified(state) ? 0 : (state.trial_ms ?? 0) + TRIAL_MS;
}
