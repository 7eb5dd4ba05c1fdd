import { keys } from "#aws/keys.ts";
import { describe, say } from "#aws/log.ts";
import type { Put } from "#aws/table.ts";
import type { Trigger } from "#core/attempts/contract.ts";
import { deliveryId } from "#core/attempts/delivery-id.ts";
import type { QueueDeps } from "#core/attempts/deps.ts";
import { type DeliveryRecord, deliveryRecord, type HookRecord } from "#core/attempts/records.ts";
import { DELIVERY_KEEP_MS } from "#core/attempts/schedule.ts";
import { wakeAt, wakeMessage } from "#core/attempts/wake.ts";
import type { Call } from "#core/kernel/call.ts";
import { ttl } from "#core/kernel/time.ts";
import { endpointEvent } from "./endpoint-event.ts";

/**
 * What a URL is sent at once: it asks whether whoever is there wants more of them; named `ping` as GitHub's is
 * (docs.github.com, "About webhooks", "Ping event").
 *
 * Its row stands in the transaction that gives the endpoint its URL. Like a test it concerns nobody else
 * (`endpointEvent`).
 */
export function pingWrite(
  now: number,
  call: Call,
  { webhook_id, client_id, workspace_id }: Pick<HookRecord, "webhook_id" | "client_id" | "workspace_id">,
): { ping: DeliveryRecord; write: Put } {
  const event = endpointEvent(now, call, "ping", { webhook_id, workspace_id });
  const delivery_id = deliveryId(webhook_id, event.event_id);
  const { due_pk, due_sk } = wakeAt(delivery_id, now, now);
  const row = {
    delivery_id,
    webhook_id,
    client_id,
    event_id: event.event_id,
    event_type: event.type,
    workspace_id,
    request_id: call.requestId,
    status: "pending",
    trigger: "verify" satisfies Trigger,
    attempts: 0,
    step: 0,
    started_ms: now,
    next_ms: now,
    created_ms: now,
    body: event.body,
  };
  return {
    ping: deliveryRecord.parse(row),
    write: {
      put: {
        ...keys.delivery(webhook_id, delivery_id),
        ...row,
        due_pk,
        due_sk,
        ttl: ttl(now + DELIVERY_KEEP_MS),
      },
      condition: "attribute_not_exists(#pk)",
    },
  };
}

/** Has the ping sent now; where its message gets lost the sweep sends another, and the call has done what it says. */
export async function sendPing({ queues, now }: Pick<QueueDeps, "queues" | "now">, ping: DeliveryRecord) {
  try {
    await queues.send("retry", [wakeMessage(ping)], now());
  } catch (error) {
    say("warn", "a ping waits for the sweep", { webhook_id: ping.webhook_id, error: describe(error) });
  }
}
