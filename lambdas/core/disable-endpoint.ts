import { keys } from "#aws/keys.ts";
import { emitMetric } from "#aws/metrics.ts";
import { TransactionFailed } from "#aws/table.ts";
import type { Actor } from "#contract/common.ts";
import type { DisabledReason } from "#contract/webhooks.ts";
import { type Deps, iso } from "./deps.ts";
import { eventWrite } from "./event.ts";
import type { HookRecord } from "./webhook-records.ts";

const SYSTEM: Actor = { type: "system", id: "delivery" };

/**
 * Disables an endpoint and tells of it (`webhook_disabled`), in one transaction. False where it was disabled
 * already, or is gone.
 */
export async function disableEndpoint(
  deps: Pick<Deps, "table" | "now">,
  hook: Pick<HookRecord, "webhook_id" | "workspace_id">,
  reason: DisabledReason,
  requestId: string,
  actor: Actor = SYSTEM,
): Promise<boolean> {
  const now = deps.now();
  try {
    await deps.table.transact([
      {
        key: keys.hook(hook.webhook_id),
        update: "SET #disabled_at = :at, #disabled_reason = :reason, #updated_at = :at",
        condition: "attribute_exists(#pk) AND attribute_not_exists(#disabled_at)",
        values: { at: iso(now), reason },
      },
      eventWrite(now, {
        type: "webhook_disabled",
        request_id: requestId,
        workspace_id: hook.workspace_id,
        actor,
        data: { webhook_id: hook.webhook_id, reason },
      }),
    ]);
    // Those that somebody meant to disable are no reason for an alarm.
    if (reason !== "manual" && reason !== "revoked") emitMetric(deps.table.name, "DisabledEndpoints", 1, now);
    return true;
  } catch (error) {
    if (error instanceof TransactionFailed) return false;
    throw error;
  }
}
