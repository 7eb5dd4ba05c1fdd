import { keys } from "#aws/keys.ts";
import type { Update } from "#aws/table.ts";

/** Forgets how an endpoint fared, where it has a new URL or has been enabled again: breaker, pause, failures. */
export function resetState(webhookId: string): Update {
  return {
    key: keys.hookState(webhookId),
    update:
      "SET #failures = :none REMOVE #latency_ms, #answered_ms, #paused_until_ms, #open_until_ms, #open_for_ms, #probe_until_ms, #failing_since_ms, #failing_count, #warned_hours, #due_pk, #due_sk",
    condition: "attribute_exists(#webhook_id)",
    values: { none: 0 },
  };
}
