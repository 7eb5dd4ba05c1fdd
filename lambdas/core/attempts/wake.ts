import { due } from "#aws/keys.ts";
import { MAX_DELAY_MS, type Wake } from "#aws/queues.ts";

/** A message should have done its work by this long after `next_ms`; else the sweep sends another. */
const GRACE_MS = 120_000;
const MAX_GRACE_MS = 900_000;
/** The sweep takes long delays out this long before they end and leaves the rest to SQS, which is exact. */
const LEAD_MS = 60_000;

/**
 * How a delivery that is due at `nextMs` is woken: by a message where SQS can delay it that long, by the sweep
 * otherwise, and by the sweep too where the message gets lost.
 *
 * @param rearms how often the sweep has sent a message for this attempt: a backlog must not grow by its doing.
 */
export function wakeAt(deliveryId: string, nextMs: number, now: number, rearms = 0) {
  const bySweep = nextMs - now > MAX_DELAY_MS;
  const grace = Math.min(GRACE_MS * 2 ** rearms, MAX_GRACE_MS);
  const dueMs = bySweep ? nextMs - LEAD_MS : Math.max(nextMs, now) + grace;
  return { bySweep, ...due("delivery", dueMs, deliveryId) };
}

/** The message for the attempt that is due at the delivery's `next_ms`. */
export function wakeMessage(delivery: {
  webhook_id: string;
  delivery_id: string;
  event_id: string;
  next_ms: number;
  request_id: string;
  client_id?: string | undefined;
}): Wake {
  const { webhook_id, delivery_id, event_id, next_ms, request_id, client_id } = delivery;
  return { webhook_id, delivery_id, event_id, next_ms, request_id, ...(client_id && { client_id }) };
}
