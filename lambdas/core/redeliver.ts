import { keys } from "#aws/keys.ts";
import { type Alone, type Item, TransactionFailed, type Update } from "#aws/table.ts";
import type { Delivery, DeliveryStatus, Trigger } from "#contract/webhooks.ts";
import type { Call } from "./call.ts";
import { ttl } from "./deps.ts";
import { notFound, WharfError } from "./error.ts";
import { DELIVERY_KEEP_MS } from "./fan-out.ts";
import { findWebhook } from "./find-webhook.ts";
import { wakeAt, wakeMessage } from "./wake.ts";
import type { QueueDeps } from "./webhook-deps.ts";
import { type DeliveryRecord, deliveryRecord, type HookRecord } from "./webhook-records.ts";
import { deliveryView } from "./webhook-view.ts";

/** What starts a delivery's schedule anew. Attempts go on counting. */
export function restartWrite(
  delivery: DeliveryRecord,
  now: number,
  { trigger, condition, values = {} }: { trigger: Trigger; condition: string; values?: Item },
): { write: Alone<Update>; restarted: DeliveryRecord } {
  const { due_pk, due_sk } = wakeAt(delivery.delivery_id, now, now);
  const changed = {
    status: "pending" satisfies DeliveryStatus,
    trigger,
    step: 0,
    started_ms: now,
    next_ms: now,
  } as const;
  return {
    restarted: { ...delivery, ...changed },
    write: {
      key: keys.delivery(delivery.webhook_id, delivery.delivery_id),
      update:
        "SET #status = :status, #trigger = :trigger, #step = :step, #started_ms = :started_ms, #next_ms = :next_ms, #due_pk = :due_pk, #due_sk = :due_sk, #ttl = :ttl REMOVE #reason, #finished_at, #deferred, #reserved, #rearms, #host_clients",
      condition: `attribute_exists(#pk) AND (attribute_not_exists(#lease_until_ms) OR #lease_until_ms <= :started_ms) AND ${condition}`,
      values: { ...changed, due_pk, due_sk, ttl: ttl(now + DELIVERY_KEEP_MS), ...values },
    },
  };
}

/** Refuses to send to an endpoint that is disabled. @throws WharfError webhook_disabled */
export function requireEnabled(hook: HookRecord): void {
  if (hook.disabled_at === undefined) return;
  throw new WharfError(
    "webhook_disabled",
    `The endpoint is disabled (${hook.disabled_reason}). Enable it first: POST /v1/webhooks/${hook.webhook_id}/enable.`,
  );
}

/**
 * Sends a delivery again, whatever became of it, with the whole schedule.
 *
 * @throws WharfError not_found, webhook_disabled, conflict while an attempt is under way
 */
export async function redeliver(
  deps: QueueDeps,
  call: Call,
  { webhookId, deliveryId }: { webhookId: string; deliveryId: string },
  answer: (delivery: Delivery) => { status: number; body: unknown },
): Promise<Delivery> {
  const hook = await findWebhook(deps, call.caller, webhookId);
  requireEnabled(hook);
  const delivery = await deps.table.get(deliveryRecord, keys.delivery(webhookId, deliveryId));
  if (delivery === undefined) throw notFound("delivery", deliveryId);
  const now = deps.now();
  const { write, restarted } = restartWrite(delivery, now, {
    trigger: "redeliver",
    condition: "#attempts = :attempts",
    values: { attempts: delivery.attempts },
  });
  const { finished_at, reason, ...rest } = restarted;
  const view = deliveryView(rest);
  try {
    await deps.table.transact([write, ...call.record(answer(view))]);
  } catch (error) {
    if (!(error instanceof TransactionFailed) || !error.failed.has(0)) throw error;
    throw new WharfError("conflict", "An attempt of this delivery is under way; see what comes of it.", {
      retry_after_seconds: 15,
    });
  }
  await deps.queues.send("retry", [wakeMessage(restarted)], now);
  return view;
}
