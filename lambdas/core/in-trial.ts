import { setTimeout as sleep } from "node:timers/promises";
import { keys } from "#aws/keys.ts";
import { ConditionFailed } from "#aws/table.ts";
import { SLOT_MS } from "./claim-turn.ts";
import type { Deps } from "./deps.ts";
import { isTaken, isVerified, TRIAL_MS, TRIAL_SLOT } from "./endpoint-limits.ts";
import { WharfError } from "./error.ts";
import { type HookState, hookState } from "./webhook-records.ts";

/** A test that comes right behind a ping waits for its turn, so often and so long (ms). */
const ROUNDS = 5;
const PAUSE_MS = 250;
/** What is under way to such a URL may take some time. */
const BUSY_SECONDS = 3;

/**
 * Does what sends a request by hand. Where the endpoint's URL isn't verified it takes a turn of those that pings and
 * deliveries take (`claimTurn`), and waits for it for a second at most: together they come one at a time and one a second.
 *
 * @throws WharfError rate_limited, before anything was sent.
 */
export async function inTrial<T>(
  deps: Pick<Deps, "table" | "now">,
  webhookId: string,
  work: () => Promise<T>,
): Promise<T> {
  for (let round = 1; ; round++) {
    const until = deps.now() + SLOT_MS;
    const before = await take(deps, webhookId, until);
    if (before === "taken") return await work().finally(() => giveBack(deps, webhookId, until));
    if (before === undefined || isVerified(before)) return await work();
    if (round === ROUNDS) throw refusal(before, deps.now());
    await sleep(PAUSE_MS);
  }
}

/** Takes the one place and the second's turn; else the state that is in the way, `undefined` where there is none. */
async function take(
  { table, now }: Pick<Deps, "table" | "now">,
  webhookId: string,
  until: number,
): Promise<"taken" | HookState | undefined> {
  const at = now();
  try {
    await table.update({
      key: keys.hookState(webhookId),
      update: `SET #${TRIAL_SLOT} = :until, #trial_ms = :now`,
      condition: [
        "attribute_exists(#webhook_id)",
        "attribute_not_exists(#verified_ms) AND attribute_not_exists(#last_success_ms)",
        `(attribute_not_exists(#${TRIAL_SLOT}) OR #${TRIAL_SLOT} <= :now)`,
        "(attribute_not_exists(#trial_ms) OR #trial_ms <= :trial)",
      ].join(" AND "),
      values: { until, now: at, trial: at - TRIAL_MS },
    });
    return "taken";
  } catch (error) {
    if (!(error instanceof ConditionFailed)) throw error;
    return error.item && hookState.parse(error.item);
  }
}

/** One that isn't given back ends by itself. */
async function giveBack({ table }: Pick<Deps, "table">, webhookId: string, until: number): Promise<void> {
  await table
    .update({
      key: keys.hookState(webhookId),
      update: `REMOVE #${TRIAL_SLOT}`,
      condition: `#${TRIAL_SLOT} = :until`,
      values: { until },
    })
    .catch(() => {});
}

function refusal(state: HookState, now: number): WharfError {
  const seconds = isTaken(state, TRIAL_SLOT, now) ? BUSY_SECONDS : TRIAL_MS / 1_000;
  return new WharfError(
    "rate_limited",
    `This URL has not answered a signed request with 2xx yet. Until it does it is sent one request at a time and one a second, tests included. Send it again in ${seconds} s; nothing was sent.`,
    { retry_after_seconds: seconds },
  );
}
