import { copyOf, ifNone } from "#aws/changes.ts";
import { due, keys } from "#aws/keys.ts";
import { ConditionFailed, type Item } from "#aws/table.ts";
import { type HookState, hookState } from "#core/attempts/records.ts";
import type { Deps, TableDeps } from "#core/kernel/deps.ts";
import { bucket, openFor, shouldOpen, staleBuckets } from "./breaker.ts";
import { sameEpoch } from "./endpoint-epoch.ts";
import { WARN_HOURS } from "./endpoint-health.ts";
import { isVerified } from "./endpoint-limits.ts";
import { type Attempted, giveBackTurn, returnTurn, type TakenTurn, type TurnEnd } from "./give-back-turn.ts";
import { planWakeUp } from "./plan-wake-up.ts";

/** Weight of the newest duration in the moving average. */
const WEIGHT = 0.2;
/** What an answer that was not waited for counts as. */
const SILENT_MS = 15_000;

interface Ended {
  durationMs: number;
  now: number;
}

/**
 * Gives a turn back and counts how its attempt ended: the breaker, the pause, and since when the endpoint fails.
 *
 * What a URL answered counts for no other, and nothing from before an endpoint was enabled again: each write demands the
 * epoch of the attempt.
 *
 * @returns whether it counted.
 */
export async function settleTurn(
  deps: TableDeps,
  hook: Attempted,
  turn: TakenTurn,
  { ok, durationMs, pauseMs = 0 }: { ok: boolean; durationMs: number; pauseMs?: number | undefined },
): Promise<boolean> {
  const now = deps.now();
  const { webhook_id } = hook;
  const ended = { durationMs, now };
  const settled = ok
    ? await giveBackTurn(deps, hook, turn, success(turn, ended))
    : ((await giveBackTurn(deps, hook, turn, failure(turn, webhook_id, ended))) ??
      (await giveBackTurn(deps, hook, turn, counted(turn, { ...ended, ok }))));
  if (settled === undefined) {
    await returnTurn(deps, webhook_id, turn);
    return false;
  }
  let openUntil = ok ? undefined : settled.open_until_ms;
  if (!ok && openUntil === undefined && shouldOpen(settled, now))
    openUntil = await openBreaker(deps, hook, settled, now);
  if (pauseMs > 0) await pause(deps, hook, now + pauseMs);
  const { judged = 0 } = settled;
  if (openUntil !== undefined) {
    // Also where another has opened it: of both plans the later one is kept, and each has to be of its probe.
    await planWakeUp(deps, webhook_id, { at: Math.max(openUntil, now + pauseMs), all: false, judged });
  } else if (pauseMs > 0 || (ok && (turn.probe || !isVerified(turn.state)))) {
    await planWakeUp(deps, webhook_id, { at: now + pauseMs, all: true, judged });
  }
  return true;
}

/**
 * Opens the breaker on failures that no success has come after; until when it is open (ms), whoever was faster, or
 * `undefined` where an attempt has succeeded since.
 */
async function openBreaker(
  { table }: Pick<Deps, "table">,
  { webhook_id, epoch }: Attempted,
  state: HookState,
  now: number,
): Promise<number | undefined> {
  const duration = openFor({});
  const until = now + duration;
  const open = await orAsStands(() =>
    table.update({
      key: keys.hookState(webhook_id),
      update: { set: { open_until_ms: until, open_for_ms: duration } },
      condition: `attribute_not_exists(#open_until_ms) AND ${noSuccessSince(state)} AND ${sameEpoch(epoch)}`,
      values: { succeeded: state.last_success_ms, epoch },
    }),
  );
  return open && hookState.parse(open).open_until_ms;
}

async function pause(
  { table }: Pick<Deps, "table">,
  { webhook_id, epoch }: Attempted,
  until: number,
): Promise<void> {
  await orAsStands(() =>
    table.update({
      key: keys.hookState(webhook_id),
      update: { set: { paused_until_ms: until } },
      condition: `attribute_exists(#webhook_id) AND (attribute_not_exists(#paused_until_ms) OR #paused_until_ms < :paused_until_ms) AND ${sameEpoch(epoch)}`,
      values: { epoch },
    }),
  );
}

/** Gives a turn back whose answer was not waited for to its end: nothing is known but that the endpoint is slow now. */
export async function abandonTurn(
  deps: Pick<Deps, "table">,
  hook: Attempted,
  turn: TakenTurn,
): Promise<void> {
  const set = { latency_ms: latency(turn.state.latency_ms, SILENT_MS) };
  const given = await giveBackTurn(deps, hook, turn, { set });
  if (given === undefined) await returnTurn(deps, hook.webhook_id, turn);
}

/** What an attempt changes, however it ended. */
function counted(
  { state }: TakenTurn,
  { ok, durationMs, now, closing = false }: Ended & { ok: boolean; closing?: boolean },
) {
  return {
    set: {
      latency_ms: latency(state.latency_ms, durationMs),
      [`last_${ok ? "success" : "failure"}_ms`]: now,
    },
    remove: staleBuckets(state, now, closing),
    add: { [bucket(ok, now)]: 1, judged: 1 },
  };
}

function success(turn: TakenTurn, ended: Ended): TurnEnd {
  const { state } = turn;
  const closing = state.open_until_ms !== undefined;
  const { set, remove, add } = counted(turn, { ...ended, ok: true, closing });
  return {
    add,
    set: {
      ...set,
      answered_ms: latency(state.answered_ms, ended.durationMs),
      verified_ms: ifNone(copyOf("last_success_ms", ended.now)),
      failures: 0,
    },
    // One answer is enough: it works again.
    remove: [
      "open_until_ms",
      "open_for_ms",
      "probe_until_ms",
      "failing_since_ms",
      "failing_count",
      "warned_hours",
      "due_pk",
      "due_sk",
      // Turns that were given out at one a second: from here on it has its own rate.
      ...(isVerified(state) ? [] : ["turn_ms", "trial_ms"]),
      ...remove,
    ],
  };
}

/** A failure that no success has come after: the endpoint fails. */
function failure(turn: TakenTurn, webhookId: string, ended: Ended): TurnEnd {
  const { probe, state } = turn;
  const { set, remove, add } = counted(turn, { ...ended, ok: false });
  const duration = openFor(state);
  const dueAt = due("endpoint", ended.now + WARN_HOURS[0] * 3_600_000, webhookId);
  return {
    given: noSuccessSince(state),
    values: { succeeded: state.last_success_ms },
    set: {
      ...set,
      failing_since_ms: ifNone(ended.now),
      due_pk: ifNone(dueAt.due_pk),
      due_sk: ifNone(dueAt.due_sk),
      ...(probe && { open_until_ms: ended.now + duration, open_for_ms: duration }),
    },
    remove: [...remove, ...(probe ? ["probe_until_ms"] : [])],
    add: { ...add, failures: 1, failing_count: 1 },
  };
}

/**
 * Holds while no attempt has succeeded since a state was read (`:succeeded`, its `last_success_ms`). An attempt from before
 * a success, which may be told long after it, says nothing of whether the endpoint fails since.
 */
function noSuccessSince({ last_success_ms }: HookState): string {
  return last_success_ms === undefined
    ? "attribute_not_exists(#last_success_ms)"
    : "#last_success_ms = :succeeded";
}

function latency(average: number | undefined, durationMs: number): number {
  return Math.round(average === undefined ? durationMs : average * (1 - WEIGHT) + durationMs * WEIGHT);
}

/** The item after the write, or as it stands where the write's condition doesn't hold; `undefined` where it has gone. */
async function orAsStands(write: () => Promise<Item>): Promise<Item | undefined> {
  try {
    return await write();
  } catch (error) {
    if (error instanceof ConditionFailed) return error.item;
    throw error;
  }
}
