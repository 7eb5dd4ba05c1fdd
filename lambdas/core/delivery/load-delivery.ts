import { keys } from "#aws/keys.ts";
import type { DeliveryMessage } from "#aws/queues.ts";
import type { Item } from "#aws/table.ts";
import {
  type DeliveryRecord,
  deliveryRecord,
  type HookRecord,
  type HookSecretRecord,
  type HookState,
  hookRecord,
  hookSecretRecord,
  hookState,
} from "#core/attempts/records.ts";
import { type EventRecord, eventRecord } from "#core/events/records.ts";
import type { Deps } from "#core/kernel/deps.ts";

/** Where to, and what signs it. */
interface Endpoint {
  hook: HookRecord;
  secret: HookSecretRecord;
}

/** As it stands; an endpoint may have been deleted, and an event may have expired. */
export interface Loaded {
  delivery: DeliveryRecord;
  endpoint: Endpoint | undefined;
  state: HookState;
  event: EventRecord | undefined;
}

/** All that an attempt needs. */
export interface Delivering extends Endpoint {
  delivery: DeliveryRecord;
  state: HookState;
  event: EventRecord;
}

/**
 * Reads what a message is about, in one strongly consistent round trip; `undefined` where the message has been
 * overtaken: its delivery is finished, or due at another time by now.
 */
export async function loadDelivery(
  { table }: Pick<Deps, "table">,
  { webhook_id, delivery_id, event_id, next_ms }: DeliveryMessage,
): Promise<Loaded | undefined> {
  const wanted = {
    delivery: keys.delivery(webhook_id, delivery_id),
    hook: keys.hook(webhook_id),
    state: keys.hookState(webhook_id),
    secret: keys.hookSecret(webhook_id),
    event: keys.event(event_id),
  };
  const items = await table.batchGet(Object.values(wanted));
  const found = (key: { pk: string; sk: string }): Item | undefined =>
    items.find((item) => item["pk"] === key.pk && item["sk"] === key.sk);
  const delivery = optional(deliveryRecord, found(wanted.delivery));
  if (delivery?.status !== "pending" || delivery.next_ms !== next_ms) return undefined;
  const hook = optional(hookRecord, found(wanted.hook));
  const secret = optional(hookSecretRecord, found(wanted.secret));
  return {
    delivery,
    endpoint: hook && secret && { hook, secret },
    state: hookState.parse(found(wanted.state) ?? {}),
    event:
      delivery.body === undefined
        ? optional(eventRecord, found(wanted.event))
        : {
            ...{ event_id, type: delivery.event_type, request_id: delivery.request_id, body: delivery.body },
            workspace_id: delivery.workspace_id ?? delivery.organization_id ?? "",
          },
  };
}

function optional<T>(schema: { parse(item: Item): T }, item: Item | undefined): T | undefined {
  return item === undefined ? undefined : schema.parse(item);
}
