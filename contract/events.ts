import * as z from "zod";
import { actor, at, id } from "./common.ts";

/** Event types that webhooks can subscribe to, in the contract's order. */
export const eventTypes = [
  "upload_completed",
  "upload_rejected",
  "file_downloaded",
  "file_moved",
  "file_changed",
  "file_copied",
  "file_deleted",
  "file_restored",
  "file_purged",
  "folder_created",
  "folder_moved",
  "folder_deleted",
  "folder_restored",
  "folder_purged",
  "workspace_deleted",
  "workspace_restored",
  "workspace_purged",
  "organization_closed",
  "organization_restored",
  "organization_purged",
  "link_created",
  "link_accessed",
  "link_expired",
  "lock_acquired",
  "lock_released",
  "lock_expired",
  "lock_broken",
  "version_restored",
  "grant_created",
  "grant_ended",
  "member_joined",
  "member_changed",
  "member_left",
  "group_joined",
  "group_left",
  "invitation_created",
  "invitation_accepted",
  "invitation_revoked",
  "transfer_created",
  "transfer_claimed",
  "transfer_revoked",
  "policy_changed",
  "key_created",
  "key_revoked",
  "key_expiring",
  "secret_expiring",
  "webhook_failing",
  "webhook_disabled",
  "webhook_test",
  "ping",
] as const;
export const eventType = z.enum(eventTypes).meta({ id: "EventType" });
export type EventType = z.infer<typeof eventType>;

/** What every event has; `data` differs by type. */
export const event = z
  .object({
    id: id("evt"),
    type: eventType.meta({ description: "What happened; `data` follows from it." }),
    occurred_at: at("When it happened, not when it was sent"),
    request_id: z.string().meta({
      description: "`X-Request-ID` of the call that brought it about, or a name of the system's own.",
    }),
    workspace_id: id("ws")
      .optional()
      .meta({ description: "The workspace that it happened in; none of what is about an organization." }),
    organization_id: id("org").optional().meta({
      description:
        "The organization, of what is about it and no workspace: its members, invitations and keys.",
    }),
    file_id: id("file").optional().meta({ description: "The file that it is about, where it is about one." }),
    share_id: id("shr").optional().meta({ description: "The link that it is about, where it is about one." }),
    actor,
    data: z.record(z.string(), z.unknown()).meta({
      description: "What differs by type; `GET /v1/webhooks/event-types` has a schema of each.",
    }),
  })
  .meta({ id: "Event" });
export type Event = z.infer<typeof event>;

/** `source` of these events on the bus; rules match it. */
export const EVENT_SOURCE = "wharf";
