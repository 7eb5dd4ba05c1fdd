import * as z from "zod";
import { actor, id, time } from "./common.ts";

/** Event types that webhooks can subscribe to, in the contract's order. */
export const eventTypes = [
  "upload_completed",
  "upload_rejected",
  "file_downloaded",
  "file_moved",
  "file_deleted",
  "link_created",
  "link_accessed",
  "link_expired",
  "lock_acquired",
  "lock_released",
  "lock_expired",
  "lock_broken",
  "version_restored",
  "webhook_failing",
  "webhook_disabled",
  "webhook_test",
] as const;
export const eventType = z.enum(eventTypes);
export type EventType = z.infer<typeof eventType>;

/** What every event has; `data` differs by type. */
export const event = z
  .object({
    id: id("evt"),
    type: eventType,
    occurred_at: time,
    request_id: z.string(),
    workspace_id: id("ws"),
    file_id: id("file").optional(),
    share_id: id("shr").optional(),
    actor,
    data: z.record(z.string(), z.unknown()),
  })
  .meta({ id: "Event" });
export type Event = z.infer<typeof event>;

/** `source` of these events on the bus; rules match it. */
export const EVENT_SOURCE = "wharf";
