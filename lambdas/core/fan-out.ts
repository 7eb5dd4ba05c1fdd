import { keys } from "#aws/keys.ts";
import type { Wake } from "#aws/queues.ts";
import { ConditionFailed, type Item } from "#aws/table.ts";
import type { Event } from "#contract/events.ts";
import type { Trigger } from "#contract/webhooks.ts";
import { blockedUntil, laneOf } from "./claim-turn.ts";
import { deliveryId } from "./delivery-id.ts";
import { iso, ttl } from "./deps.ts";
import { inParallel } from "./in-parallel.ts";
import { matchEndpoints, type Subscriber } from "./match-endpoints.ts";
import { wakeAt, wakeMessage } from "./wake.ts";
import type { QueueDeps } from "./webhook-deps.ts";
import { deliveryRecord } from "./webhook-records.ts";

/** Deliveries are kept for 30 days. */
export const DELIVERY_KEEP_MS = 30 * 86_400_000;
const PARALLEL_WRITES = 25;

/** Writes one delivery for each endpoint that wants an event, and wakes a worker for it. Doing it again changes nothing. */
export async function fanOut(deps: QueueDeps, events: readonly Event[]): Promise<{ deliveries: number }> {
  const pairs = await matchEndpoints(deps, events);
  const now = deps.now();
  const wakes = await inParallel(pairs, PARALLEL_WRITES, ({ event, subscriber }) =>
    writeDelivery(deps, now, event, subscriber),
  );
  for (const lane of ["first", "retry"] as const) {
    const messages = pairs.flatMap(({ subscriber }, index) => {
      const wake = wakes[index];
      return wake !== undefined && laneOf(subscriber.state, now) === lane ? [wake] : [];
    });
    await deps.queues.send(lane, messages, now);
  }
  return { deliveries: pairs.length };
}

/** Writes the row unless it is there, and returns the message for it where its first attempt is still to come. */
async function writeDelivery(
  deps: QueueDeps,
  now: number,
  event: Event,
  { hook, state }: Subscriber,
): Promise<Wake | undefined> {
  const delivery_id = deliveryId(hook.webhook_id, event.id);
  const skipped = hook.disabled_at !== undefined;
  const next_ms = Math.round(blockedUntil(state, now) ?? now);
  const { bySweep, due_pk, due_sk } = wakeAt(delivery_id, next_ms, now);
  const row: Item & { next_ms: number } = {
    delivery_id,
    webhook_id: hook.webhook_id,
    event_id: event.id,
    event_type: event.type,
    workspace_id: event.workspace_id,
    request_id: event.request_id,
    status: skipped ? "skipped_disabled" : "pending",
    trigger: "event" satisfies Trigger,
    attempts: 0,
    step: 0,
    started_ms: now,
    next_ms,
    created_ms: now,
    ttl: ttl(now + DELIVERY_KEEP_MS),
    ...(skipped ? { finished_at: iso(now), reason: "endpoint_disabled" } : { due_pk, due_sk }),
  };
  let written = deliveryRecord.parse(row);
  try {
    await deps.table.put({
      put: { ...keys.delivery(hook.webhook_id, delivery_id), ...row },
      condition: "attribute_not_exists(#pk)",
    });
  } catch (error) {
    if (!(error instanceof ConditionFailed)) throw error;
    // Written before, by a run that may have ended before it sent the message.
    written = deliveryRecord.parse(error.item);
    if (written.status !== "pending" || written.attempts > 0) return undefined;
    return wakeMessage(written);
  }
  return skipped || bySweep ? undefined : wakeMessage(written);
}
