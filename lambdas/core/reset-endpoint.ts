import { keys } from "#aws/keys.ts";
import { ConditionFailed, type Update } from "#aws/table.ts";
import type { Deps } from "./deps.ts";
import { planWakeUp } from "./plan-wake-up.ts";
import type { HookRecord } from "./webhook-records.ts";

/**
 * Forgets how an endpoint fared, where it has been enabled again or has a new URL: breaker, pause, failures.
 *
 * @param pingId the ping of its new URL, which has answered nothing yet.
 */
export function resetState(webhookId: string, { pingId }: { pingId?: string } = {}): Update {
  const moved = pingId !== undefined;
  return {
    key: keys.hookState(webhookId),
    update: `SET #failures = :none${moved ? ", #ping_id = :ping_id" : ""} REMOVE #latency_ms, #answered_ms, #paused_until_ms, #open_until_ms, #open_for_ms, #probe_until_ms, #failing_since_ms, #failing_count, #warned_hours, #due_pk, #due_sk${moved ? ", #verified_ms, #last_success_ms" : ""}`,
    condition: "attribute_exists(#webhook_id)",
    values: { none: 0, ping_id: pingId },
  };
}

/** An endpoint's URL has answered a test with 2xx; nothing happens where it has another by now, or is verified. */
export async function verifyEndpoint(
  deps: Pick<Deps, "table" | "now">,
  { webhook_id, ping_id }: Pick<HookRecord, "webhook_id" | "ping_id">,
): Promise<void> {
  const now = deps.now();
  try {
    await deps.table.update({
      key: keys.hookState(webhook_id),
      update: "SET #verified_ms = :now REMOVE #trial_ms, #turn_ms",
      condition: `attribute_exists(#webhook_id) AND attribute_not_exists(#verified_ms) AND attribute_not_exists(#last_success_ms) AND ${sameUrl(ping_id)}`,
      values: { now, ping_id },
    });
  } catch (error) {
    if (error instanceof ConditionFailed) return;
    throw error;
  }
  await planWakeUp(deps, webhook_id, { at: now, all: true });
}

/** Holds for a state that is of the URL with this ping (`:ping_id`). */
export function sameUrl(pingId: string | undefined): string {
  return pingId === undefined ? "attribute_not_exists(#ping_id)" : "#ping_id = :ping_id";
}
