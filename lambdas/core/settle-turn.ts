import { due, keys } from "#aws/keys.ts";
import { ConditionFailed, type Item } from "#aws/table.ts";
import { bucket, openFor, shouldOpen, staleBuckets } from "./breaker.ts";
import type { Turn } from "./claim-turn.ts";
import type { Deps } from "./deps.ts";
import { WARN_HOURS } from "./endpoint-health.ts";
import { isVerified } from "./endpoint-limits.ts";
import { planWakeUp } from "./plan-wake-up.ts";
import { sameUrl } from "./reset-endpoint.ts";
import { type HookRecord, hookState } from "./webhook-records.ts";

/** Weight of the newest duration in the moving average. */
const WEIGHT = 0.2;
/** What an answer that was not waited for counts as. */
const SILENT_MS = 15_000;

/**
 * Gives a turn back and counts how its attempt ended: the breaker, the pause, and since when the endpoint fails.
 *
 * @param hook the endpoint as the attempt took its URL from it: what a URL answered counts for no other.
 * @returns whether it counted.
 */
export async function settleTurn(
  deps: Pick<Deps, "table" | "now">,
  { webhook_id: webhookId, ping_id }: Pick<HookRecord, "webhook_id"> & Partial<Pick<HookRecord, "ping_id">>,
  turn: Extract<Turn, { go: true }>,
  { ok, durationMs, pauseMs = 0 }: { ok: boolean; durationMs: number; pauseMs?: number | undefined },
): Promise<boolean> {
  const now = deps.now();
  const key = keys.hookState(webhookId);
  const { update, values } = changes(turn, webhookId, { ok, durationMs, now });
  const after = await ifStill(() =>
    deps.table.update({
      key,
      update,
      condition: `attribute_exists(#webhook_id) AND ${sameUrl(ping_id)}`,
      values: { ...values, ping_id },
      repeats: "a failure that is counted twice is one of many before a breaker opens",
    }),
  );
  if (after === undefined) {
    await returnTurn(deps, webhookId, turn);
    return false;
  }
  const settled = hookState.parse(after);
  let openUntil = !ok && turn.probe ? settled.open_until_ms : undefined;
  if (!ok && settled.open_until_ms === undefined && shouldOpen(settled, now)) {
    const until = now + openFor({});
    const opened = await ifStill(() =>
      deps.table.update({
        key,
        update: "SET #open_until_ms = :until, #open_for_ms = :duration",
        condition: "attribute_not_exists(#open_until_ms) AND #failures > :none",
        values: { until, duration: openFor({}), none: 0 },
      }),
    );
    if (opened !== undefined) openUntil = until;
  }
  if (pauseMs > 0) {
    await ifStill(() =>
      deps.table.update({
        key,
        update: "SET #paused_until_ms = :until",
        condition: "attribute_not_exists(#paused_until_ms) OR #paused_until_ms < :until",
        values: { until: now + pauseMs },
      }),
    );
  }
  if (openUntil !== undefined) {
    await planWakeUp(deps, webhookId, { at: Math.max(openUntil, now + pauseMs), all: false });
  } else if (pauseMs > 0 || (ok && (turn.probe || !isVerified(turn.state)))) {
    await planWakeUp(deps, webhookId, { at: now + pauseMs, all: true });
  }
  return true;
}

/**
 * Gives back a turn that counts for nothing: the message was a duplicate, or the endpoint has another URL by now. One
 * that isn't given back ends by itself.
 */
export async function returnTurn(
  deps: Pick<Deps, "table">,
  webhookId: string,
  { slot, slotUntil, probe }: Extract<Turn, { go: true }>,
): Promise<void> {
  const taken = [slot, ...(probe ? ["probe_until_ms"] : [])];
  await deps.table
    .update({
      key: keys.hookState(webhookId),
      update: `REMOVE ${taken.map((name) => `#${name}`).join(", ")}`,
      condition: taken.map((name) => `#${name} = :until`).join(" AND "),
      values: { until: slotUntil },
    })
    .catch(() => {});
}

/** Gives a turn back whose answer was not waited for to its end: nothing is known but that the endpoint is slow now. */
export async function abandonTurn(
  deps: Pick<Deps, "table">,
  webhookId: string,
  { slot, state }: Extract<Turn, { go: true }>,
): Promise<void> {
  await ifStill(() =>
    deps.table.update({
      key: keys.hookState(webhookId),
      update: `SET #latency_ms = :latency REMOVE #${slot}`,
      condition: "attribute_exists(#webhook_id)",
      values: { latency: latency(state.latency_ms, SILENT_MS) },
    }),
  );
}

function changes(
  { slot, probe, state }: Extract<Turn, { go: true }>,
  webhookId: string,
  { ok, durationMs, now }: { ok: boolean; durationMs: number; now: number },
) {
  const latency_ms = latency(state.latency_ms, durationMs);
  const closing = ok && state.open_until_ms !== undefined;
  const stale = staleBuckets(state, now, closing).map((name) => `#${name}`);
  const count = `ADD #${bucket(ok, now)} :one`;
  if (ok) {
    // One answer is enough: it works again.
    const forget = [
      `#${slot}`,
      "#open_until_ms",
      "#open_for_ms",
      "#probe_until_ms",
      "#failing_since_ms",
      "#failing_count",
      "#warned_hours",
      "#due_pk",
      "#due_sk",
      // Turns that were given out at one a second: from here on it has its own rate.
      ...(isVerified(state) ? [] : ["#turn_ms", "#trial_ms"]),
      ...stale,
    ];
    return {
      update: `SET #latency_ms = :latency_ms, #answered_ms = :answered_ms, #last_success_ms = :now, #verified_ms = if_not_exists(#verified_ms, if_not_exists(#last_success_ms, :now)), #failures = :none REMOVE ${forget.join(", ")} ${count}`,
      values: {
        ...{ latency_ms, answered_ms: latency(state.answered_ms, durationMs) },
        ...{ now, none: 0, one: 1 },
      },
    };
  }
  const sets = [
    "#latency_ms = :latency_ms",
    "#last_failure_ms = :now",
    "#failing_since_ms = if_not_exists(#failing_since_ms, :now)",
    "#due_pk = if_not_exists(#due_pk, :due_pk)",
    "#due_sk = if_not_exists(#due_sk, :due_sk)",
  ];
  const values: Item = {
    latency_ms,
    now,
    one: 1,
    ...due("endpoint", now + WARN_HOURS[0] * 3_600_000, webhookId),
  };
  const removes = [`#${slot}`, ...stale];
  if (probe) {
    const duration = openFor(state);
    sets.push("#open_until_ms = :open_until", "#open_for_ms = :duration");
    Object.assign(values, { open_until: now + duration, duration });
    removes.push("#probe_until_ms");
  }
  return {
    update: `SET ${sets.join(", ")} REMOVE ${removes.join(", ")} ${count}, #failures :one, #failing_count :one`,
    values,
  };
}

function latency(average: number | undefined, durationMs: number): number {
  return Math.round(average === undefined ? durationMs : average * (1 - WEIGHT) + durationMs * WEIGHT);
}

/** The item after the write, or `undefined` where its condition no longer holds: the endpoint has gone or moved on. */
async function ifStill(write: () => Promise<Item>): Promise<Item | undefined> {
  try {
    return await write();
  } catch (error) {
    if (error instanceof ConditionFailed) return undefined;
    throw error;
  }
}
