import { keys } from "#aws/keys.ts";
import { ConditionFailed, type Update } from "#aws/table.ts";
import { type HookRecord, hookState } from "#core/attempts/records.ts";
import type { TableDeps } from "#core/kernel/deps.ts";
import { sameEpoch } from "./endpoint-epoch.ts";
import { planWakeUp } from "./plan-wake-up.ts";

/** How it fared, as it is told and judged by; beside the count of failures. */
const RECORD = [
  ...["latency_ms", "answered_ms", "paused_until_ms", "open_until_ms", "open_for_ms", "probe_until_ms"],
  ...["failing_since_ms", "failing_count", "warned_hours", "due_pk", "due_sk"],
];

/**
 * Forgets how an endpoint fared, where it has been enabled again or has a new URL: breaker, pause, failures.
 *
 * @param epoch the one that begins, which the same transaction gives the endpoint.
 * @param moved it has a new URL, which has answered nothing yet.
 */
export function resetState(
  webhookId: string,
  { epoch, moved = false }: { epoch: string; moved?: boolean },
): Update {
  return {
    key: keys.hookState(webhookId),
    update: {
      set: { failures: 0, epoch },
      remove: [...RECORD, ...(moved ? ["verified_ms", "last_success_ms"] : [])],
      add: { judged: 1 },
    },
    condition: "attribute_exists(#webhook_id)",
  };
}

/** An endpoint's URL has answered a test with 2xx; nothing happens where it has another by now, or is verified. */
export async function verifyEndpoint(
  deps: TableDeps,
  { webhook_id, epoch }: Pick<HookRecord, "webhook_id" | "epoch">,
): Promise<void> {
  const now = deps.now();
  const item = await deps.table
    .update({
      key: keys.hookState(webhook_id),
      update: { set: { verified_ms: now }, remove: ["trial_ms", "turn_ms"], add: { judged: 1 } },
      condition: `attribute_exists(#webhook_id) AND attribute_not_exists(#verified_ms) AND attribute_not_exists(#last_success_ms) AND ${sameEpoch(epoch)}`,
      values: { epoch },
      repeats: "it is verified then",
    })
    .catch((error: unknown) => {
      // The SDK sends a write again whose answer was lost, and then meets its own.
      if (error instanceof ConditionFailed && error.item?.["verified_ms"] === now) return error.item;
      if (error instanceof ConditionFailed) return undefined;
      throw error;
    });
  if (item === undefined) return;
  const { judged } = verified.parse(item);
  await planWakeUp(deps, webhook_id, { at: now, all: true, judged });
}

const verified = hookState.required({ judged: true });
