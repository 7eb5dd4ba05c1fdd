/** Endpoints and deliveries as the API shows them. */
import type * as z from "zod";
import type { HookRecord, HookSecretRecord, HookState } from "#core/attempts/records.ts";
import { iso } from "#core/kernel/time.ts";
import { verifiedMs } from "#core/turns/endpoint-limits.ts";
import { disabledReason, type Webhook, type webhookDetail } from "./contract.ts";

/**
 * An endpoint, without its secret, which is shown only when it is made.
 *
 * @param state `{}` where it has just got its URL.
 */
export function webhookView(hook: HookRecord, state: HookState): Webhook {
  const verified = verifiedMs(state);
  return {
    webhook_id: hook.webhook_id,
    url: hook.url,
    events: hook.events,
    folders: hook.folders,
    description: hook.description ?? null,
    rate_per_second: hook.rate_per_second,
    status: hook.disabled_at !== undefined ? "disabled" : verified === undefined ? "unverified" : "enabled",
    verified_at: verified === undefined ? null : iso(verified),
    disabled_at: hook.disabled_at ?? null,
    disabled_reason: hook.disabled_reason === undefined ? null : disabledReason.parse(hook.disabled_reason),
    created_at: hook.created_at,
    updated_at: hook.updated_at,
  };
}

/** With how its deliveries fare. */
export function webhookDetailView(
  hook: HookRecord,
  state: HookState,
  secret: HookSecretRecord,
  now: number,
): z.infer<typeof webhookDetail> {
  const ahead = (ms: number | undefined) => (ms !== undefined && ms > now ? iso(ms) : null);
  const at = (ms: number | undefined) => (ms === undefined ? null : iso(ms));
  return {
    ...webhookView(hook, state),
    health: {
      last_success_at: at(state.last_success_ms),
      last_failure_at: at(state.last_failure_ms),
      failing_since: at(state.failing_since_ms),
      failures_in_row: state.failures ?? 0,
      paused_until: ahead(state.paused_until_ms),
      breaker_open_until: at(state.open_until_ms),
      previous_secret_until: secret.previous === undefined ? null : ahead(secret.previous_until_ms),
    },
  };
}
