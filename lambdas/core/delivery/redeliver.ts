import { keys } from "#aws/keys.ts";
import type { QueueDeps } from "#core/attempts/deps.ts";
import { deliveryRecord, type HookRecord } from "#core/attempts/records.ts";
import { wakeMessage } from "#core/attempts/wake.ts";
import { findWebhook } from "#core/endpoints/find-webhook.ts";
import { stillHears } from "#core/endpoints/still-hears.ts";
import type { Call } from "#core/kernel/call.ts";
import { notFound, WharfError } from "#core/kernel/error.ts";
import type { Delivery } from "./contract.ts";
import { deliveryView } from "./delivery-view.ts";
import { restartWrite } from "./restart-delivery.ts";

/** Refuses to send to an endpoint that is disabled. @throws WharfError webhook_disabled */
export function requireEnabled(hook: HookRecord): void {
  if (hook.disabled_at === undefined) return;
  throw new WharfError(
    "webhook_disabled",
    `The endpoint is disabled (${hook.disabled_reason}). Enable it first: POST /v1/webhooks/${hook.webhook_id}/enable.`,
  );
}

function heardNoMore(): WharfError {
  return new WharfError(
    "forbidden",
    "The endpoint's maker may have webhooks no more where this happened. Ask whoever manages the place for a grant.",
    { required_action: "hooks", required_scopes: ["webhooks:write"] },
  );
}

/**
 * Sends a delivery again, whatever became of it, with the whole schedule.
 *
 * @throws WharfError not_found, webhook_disabled, conflict while an attempt is under way; forbidden where the endpoint's
 * maker may hear of it no more
 */
export async function redeliver(
  deps: QueueDeps,
  call: Call,
  { webhookId, deliveryId }: { webhookId: string; deliveryId: string },
): Promise<Delivery> {
  const hook = await findWebhook(deps, call.caller, webhookId);
  requireEnabled(hook);
  const delivery = await deps.table.get(deliveryRecord, keys.delivery(webhookId, deliveryId));
  if (delivery === undefined) throw notFound("delivery", deliveryId);
  if (!(await stillHears(deps, hook, delivery))) throw heardNoMore();
  const now = deps.now();
  const { write, restarted } = restartWrite(delivery, now, {
    trigger: "redeliver",
    given: { condition: "#attempts = :attempts", values: { attempts: delivery.attempts } },
  });
  const { finished_at, reason, ...rest } = restarted;
  const view = deliveryView(rest);
  const underWay = () =>
    new WharfError("conflict", "An attempt of this delivery is under way; see what comes of it.", {
      retry_after_seconds: 15,
    });
  await deps.table.transact([{ ...write, else: underWay }, ...call.record(view)]);
  await deps.queues.send("retry", [wakeMessage(restarted)], now);
  return view;
}
