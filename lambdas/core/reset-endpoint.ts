import { keys } from "#aws/keys.ts";
import type { Update } from "#aws/table.ts";

/**
 * Forgets how an endpoint fared, where it has been enabled again or has a new URL: breaker, pause, failures.
 *
 * @param moved it has a new URL, which has answered nothing yet.
 */
export function resetState(webhookId: string, { moved = false }: { moved?: boolean } = {}): Update {
  return {
    key: keys.hookState(webhookId),
    update: `SET #failures = :none REMOVE #latency_ms, #answered_ms, #paused_until_ms, #open_until_ms, #open_for_ms, #probe_until_ms, #failing_since_ms, #failing_count, #warned_hours, #due_pk, #due_sk${moved ? ", #verified_ms, #last_success_ms" : ""}`,
    condition: "attribute_exists(#webhook_id)",
    values: { none: 0 },
  };
}
