import { keys } from "#aws/keys.ts";
import { emitMetric } from "#aws/metrics.ts";
import { happened, type Write } from "#aws/table.ts";
import type { Actor } from "#contract/common.ts";
import type { HookRecord } from "#core/attempts/records.ts";
import type { TableDeps } from "#core/kernel/deps.ts";
import { eventWrite } from "#core/kernel/outbox.ts";
import { iso } from "#core/kernel/time.ts";
import { sameEpoch } from "#core/turns/endpoint-epoch.ts";
import type { DisabledReason } from "./contract.ts";

const SYSTEM: Actor = { type: "system", id: "delivery" };

/** Whose wish it is, whatever has become of the endpoint since; all other reasons are judgements of what it answered. */
const BY_WISH: ReadonlySet<DisabledReason> = new Set(["manual", "revoked", "no_access"]);

/**
 * Disables an endpoint and tells of it (`webhook_disabled`), in one transaction. False where it was disabled
 * already, is gone, or isn't as it was judged: in another epoch by now, or as `given` refuses.
 *
 * @param given what else must hold, and happens with it.
 */
export async function disableEndpoint(
  deps: TableDeps,
  hook: Pick<HookRecord, "webhook_id" | "workspace_id" | "epoch">,
  reason: DisabledReason,
  requestId: string,
  { actor = SYSTEM, given = [] }: { actor?: Actor; given?: readonly Write[] } = {},
): Promise<boolean> {
  const now = deps.now();
  const byWish = BY_WISH.has(reason);
  const disabled = await happened(
    deps.table.transact([
      {
        key: keys.hook(hook.webhook_id),
        update: { set: { disabled_at: iso(now), disabled_reason: reason, updated_at: iso(now) } },
        condition: `attribute_exists(#pk) AND attribute_not_exists(#disabled_at)${byWish ? "" : ` AND ${sameEpoch(hook.epoch)}`}`,
        values: { epoch: byWish ? undefined : hook.epoch },
      },
      ...given,
      eventWrite(now, {
        type: "webhook_disabled",
        request_id: requestId,
        workspace_id: hook.workspace_id,
        actor,
        data: { webhook_id: hook.webhook_id, reason },
      }),
    ]),
  );
  // Those that somebody meant to disable are no reason for an alarm.
  if (disabled && !byWish) emitMetric(deps.table.name, "DisabledEndpoints", 1, now);
  return disabled;
}
