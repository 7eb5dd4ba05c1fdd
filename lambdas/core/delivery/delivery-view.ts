import type { DeliveryRecord } from "#core/attempts/records.ts";
import type { Delivery } from "#core/delivery/contract.ts";
import { iso } from "#core/kernel/time.ts";

/** A delivery as the API shows it. */
export function deliveryView(row: DeliveryRecord): Delivery {
  return {
    delivery_id: row.delivery_id,
    webhook_id: row.webhook_id,
    event_id: row.event_id,
    event_type: row.event_type,
    ...(row.workspace_id !== undefined && { workspace_id: row.workspace_id }),
    ...(row.organization_id !== undefined && { organization_id: row.organization_id }),
    request_id: row.request_id,
    status: row.status,
    reason: row.reason ?? null,
    attempts: row.attempts,
    next_attempt_at: row.status === "pending" ? iso(row.next_ms) : null,
    last_status: row.last_status ?? null,
    last_error: row.last_error ?? null,
    created_at: iso(row.created_ms),
    finished_at: row.finished_at ?? null,
  };
}
