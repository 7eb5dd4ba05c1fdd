import { setTimeout as sleep } from "node:timers/promises";
import { keys } from "#aws/keys.ts";
import { ConditionFailed } from "#aws/table.ts";
import { type HookState, hookState } from "#core/attempts/records.ts";
import type { Deps, TableDeps } from "#core/kernel/deps.ts";
import { WharfError } from "#core/kernel/error.ts";
import { isVerified, TRIAL_MS, TRIAL_SLOT } from "./endpoint-limits.ts";
import { asRead, isTaken, markOf, type Slot } from "./slots.ts";

/** A test that comes right behind a ping waits for its turn, so often and so long (ms). */
const ROUNDS = 5;
const PAUSE_MS = 250;
/** What is under way to such a URL may take some time. */
const BUSY_SECONDS = 3;

/**
 * Does what sends a request by hand. Where the endpoint's URL isn't verified it takes a turn of those that pings and
 * deliveries take (`claimTurn`), and waits for it for a second at most: together they come one at a time and one a second.
 *
 * @param seen the endpoint's state as just read; the write's condition tells where it has changed.
 * @throws WharfError rate_limited, before anything was sent.
 */
export async function inTrial<T>(
  deps: TableDeps,
  { webhookId, seen }: { webhookId: string; seen: HookState | undefined },
  work: () => Promise<T>,
): Promise<T> {
  let state = seen;
  for (let round = 1; ; round++) {
    if (state === undefined || isVerified(state)) return await work();
    const slot = markOf(TRIAL_SLOT, deps.now());
    state = await take(deps, webhookId, slot, state);
    if (state?.[TRIAL_SLOT] === slot.mark) return await work().finally(() => giveBack(deps, webhookId, slot));
    if (state === undefined || isVerified(state)) continue;
    if (round === ROUNDS) throw refusal(state, deps.now());
    await sleep(PAUSE_MS);
  }
}

/** Takes the one place and the second's turn, where they are free; the state as it is then, `undefined` where there is none. */
async function take(
  { table, now }: TableDeps,
  webhookId: string,
  { mark }: Slot,
  state: HookState,
): Promise<HookState | undefined> {
  const at = now();
  if (isTaken(state, TRIAL_SLOT, at)) return table.get(hookState, keys.hookState(webhookId));
  try {
    const item = await table.update({
      key: keys.hookState(webhookId),
      update: { set: { [TRIAL_SLOT]: mark, trial_ms: at } },
      condition: [
        "attribute_exists(#webhook_id)",
        "attribute_not_exists(#verified_ms) AND attribute_not_exists(#last_success_ms)",
        asRead(state, TRIAL_SLOT),
        "(attribute_not_exists(#trial_ms) OR #trial_ms <= :trial)",
      ].join(" AND "),
      values: { stood: state[TRIAL_SLOT], trial: at - TRIAL_MS },
    });
    return hookState.parse(item);
  } catch (error) {
    if (!(error instanceof ConditionFailed)) throw error;
    // Where a write's answer was lost, the SDK's next meets its own mark here.
    return error.item && hookState.parse(error.item);
  }
}

/** One that isn't given back ends by itself. */
async function giveBack(
  { table }: Pick<Deps, "table">,
  webhookId: string,
  { mark, freed }: Slot,
): Promise<void> {
  await table
    .update({
      key: keys.hookState(webhookId),
      update: { set: { [TRIAL_SLOT]: freed } },
      condition: `#${TRIAL_SLOT} = :mark`,
      values: { mark },
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
