import { randomBytes } from "node:crypto";
import { plus } from "#aws/changes.ts";
import { keys } from "#aws/keys.ts";
import { ConditionFailed, type Item } from "#aws/table.ts";
import { type HookState, hookState } from "#core/attempts/records.ts";
import type { Deps } from "#core/kernel/deps.ts";
import { placesOf, rateOf } from "./endpoint-limits.ts";

/** How far ahead turns are given out. */
const HORIZON_MS = 900_000;

/** When a delivery comes (ms); `reserved` where a turn of its endpoint is kept for then. */
export interface Wait {
  at: number;
  reserved: boolean;
}

/**
 * Keeps the next `count` turns of what the endpoint can take: its rate, or as many as may be under way in the time that an answer needs.
 * Thousands that wait so come one after the other, instead of all asking again and again. A turn that isn't used in its
 * time is lost: what goes is counted by itself (`claimTurn`).
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
  const mine = randomBytes(6).toString("base64url");
  const item = await orAsLeft(mine, () =>
    table.update({
      key: keys.hookState(webhook_id),
      update: { set: { turn_ms: ahead ? plus(count * interval) : now + count * interval, turn_by: mine } },
      condition: [
        "attribute_exists(#webhook_id)",
        "(attribute_not_exists(#turn_by) OR #turn_by <> :turn_by)",
        ahead ? "#turn_ms >= :now" : "(attribute_not_exists(#turn_ms) OR #turn_ms < :now)",
      ].join(" AND "),
      values: { now },
      repeats: "`turn_by` is its own then",
    }),
  );
  const { turn_ms: last } = reserved.parse(item);
  return each.map((_, index) => ({ at: last - (count - 1 - index) * interval, reserved: true }));
}

const reserved = hookState.required({ turn_ms: true });

/** The item as a write left it whose answer was lost: the SDK sends it again, and then meets its own. */
async function orAsLeft(mine: string, write: () => Promise<Item>): Promise<Item> {
  try {
    return await write();
  } catch (error) {
    if (error instanceof ConditionFailed && error.item?.["turn_by"] === mine) return error.item;
    throw error;
  }
}
