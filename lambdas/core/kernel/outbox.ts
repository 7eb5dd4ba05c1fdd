import { due, keys } from "#aws/keys.ts";
import type { Put } from "#aws/table.ts";
import type { Event } from "#contract/events.ts";
import { newId } from "./ids.ts";
import { iso, ttl } from "./time.ts";

export type NewEvent = Omit<Event, "id" | "occurred_at">;

/** Events older than this and still in the outbox are sent again by the sweep. */
const OUTBOX_GRACE_MS = 120_000;
/** How long events stay in the table, and with them in the log of their workspace. */
export const EVENT_KEEP_MS = 90 * 86_400_000;

/**
 * The outbox write of an event, to stand in the transaction of the change that it tells of.
 *
 * @param given what is about an organization names that, in `organization_id` or in the place of a workspace.
 * @param occurredMs when it happened, of what is noticed afterwards.
 * The body is stored as the exact text that every receiver gets. The item leaves the index `due` when the
 * relay has put it on the bus.
 */
export function eventWrite(now: number, given: NewEvent, occurredMs = now): Put {
  const event: Event = { id: newId("evt", now), occurred_at: iso(occurredMs), ...given, ...whose(given) };
  const body = JSON.stringify(
    // The contract's order of members, whatever the caller's was.
    {
      id: event.id,
      type: event.type,
      occurred_at: event.occurred_at,
      request_id: event.request_id,
      workspace_id: event.workspace_id,
      organization_id: event.organization_id,
      file_id: event.file_id,
      share_id: event.share_id,
      actor: event.actor,
      data: event.data,
    },
  );
  return {
    put: {
      ...keys.event(event.id),
      ...due("event", now + OUTBOX_GRACE_MS, event.id),
      event_id: event.id,
      type: event.type,
      // Whose log it goes into.
      workspace_id: event.workspace_id ?? event.organization_id,
      request_id: event.request_id,
      body,
      ttl: ttl(now + EVENT_KEEP_MS),
    },
    // One that comes again when the relay has been there would take its place in the log from it.
    condition: "attribute_not_exists(#pk)",
  };
}

/** Where it happened. */
function whose({ workspace_id, organization_id }: NewEvent): Pick<Event, "workspace_id" | "organization_id"> {
  const ofOrganization = workspace_id?.startsWith("org_") ? workspace_id : organization_id;
  return ofOrganization === undefined
    ? { workspace_id }
    : { organization_id: ofOrganization, workspace_id: undefined };
}
