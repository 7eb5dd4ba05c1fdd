import { keys } from "#aws/keys.ts";
import type { Deps } from "./deps.ts";
import { placesOf, rateOf } from "./endpoint-limits.ts";
import { type HookState, hookState } from "./webhook-records.ts";

/** How far ahead turns are given out. */
const HORIZON_MS = 900_000;

/** When a delivery comes (ms); `reserved` where a turn of its endpoint is kept for then. */
export interface Wait {
  at: number;
  reserved: boolean;
}

/**
 * Keeps the next `count` turns of what the endpoint can take: its rate, or as many as may be under way in the time that an answer needs.
 * Thousands that wait so come one after the other, instead of all asking again and again.
 *
 * @param state the endpoint's state as just read.
 * @throws ConditionFailed where turns went from given out ahead to free, or back, since it was read.
 */
export async function reserveTurns(
  { table }: Pick<Deps, "table">,
  { webhook_id, rate_per_second }: { webhook_id: string; rate_per_second: number },
  {
    state,
    count,
    now,
    random = Math.random,
  }: { state: HookState; count: number; now: number; random?: () => number },
): Promise<Wait[]> {
  const { turn_ms: turn = 0, latency_ms: latency = 0 } = state;
  const each = Array.from({ length: count });
  if (turn > now + HORIZON_MS)
    return each.map(() => ({ at: now + HORIZON_MS * (0.7 + 0.3 * random()), reserved: false }));
  const interval = Math.max(1_000 / rateOf(state, { rate_per_second }), latency / placesOf(state));
  const ahead = turn >= now;
  const item = await table.update({
    key: keys.hookState(webhook_id),
    update: ahead ? "SET #turn_ms = #turn_ms + :more" : "SET #turn_ms = :last",
    condition: `attribute_exists(#webhook_id) AND ${
      ahead ? "#turn_ms >= :now" : "(attribute_not_exists(#turn_ms) OR #turn_ms < :now)"
    }`,
    values: {
      more: ahead ? count * interval : undefined,
      last: ahead ? undefined : now + count * interval,
      now,
    },
    repeats: "turns that are kept twice pass unused once",
  });
  const last = hookState.parse(item).turn_ms ?? now;
  return each.map((_, index) => ({ at: last - (count - 1 - index) * interval, reserved: true }));
}
