/** What each event type's `data` holds, with an example: the source of `GET /v1/webhooks/event-types`. */
import * as z from "zod";
import { accountsEvents } from "#core/accounts/events.ts";
import { copiesEvents } from "#core/copies/events.ts";
import { endpointsEvents } from "#core/endpoints/events.ts";
import { filesEvents } from "#core/files/events.ts";
import { finalizeEvents } from "#core/finalize/events.ts";
import { foldersEvents } from "#core/folders/events.ts";
import { grantsEvents } from "#core/grants/events.ts";
import { groupsEvents } from "#core/groups/events.ts";
import { invitationsEvents } from "#core/invitations/events.ts";
import { linksEvents } from "#core/links/events.ts";
import { locksEvents } from "#core/locks/events.ts";
import { organizationsEvents } from "#core/organizations/events.ts";
import { policiesEvents } from "#core/policies/events.ts";
import { transfersEvents } from "#core/transfers/events.ts";
import { trashEvents } from "#core/trash/events.ts";
import { versionsEvents } from "#core/versions/events.ts";
import { type EventInfo, moment, ULID } from "./event-info.ts";
import { type Event, type EventType, event, eventTypes } from "./events.ts";
import { jsonSchema } from "./json-schema.ts";

const types: Record<EventType, EventInfo> = {
  ...finalizeEvents,
  ...filesEvents,
  ...copiesEvents,
  ...foldersEvents,
  ...linksEvents,
  ...locksEvents,
  ...versionsEvents,
  ...trashEvents,
  ...grantsEvents,
  ...organizationsEvents,
  ...groupsEvents,
  ...invitationsEvents,
  ...transfersEvents,
  ...policiesEvents,
  ...endpointsEvents,
  ...accountsEvents,
};

/** The whole body of an event of this type. */
export function eventSchema(type: EventType) {
  const { description, data } = types[type];
  return event.extend({
    type: z.literal(type).meta({ description }),
    data: data.meta({ description: `What ${type} tells beside the members of every event.` }),
  });
}

/** Every type with its description, JSON Schema and example. */
export function eventCatalogue() {
  return eventTypes.map((type) => {
    const { description, example, of = "workspace" } = types[type];
    const { file_id, share_id, actor, data } = example;
    return {
      type,
      description,
      // As it is written, not as it is read: a schema that forbids members would refuse those that are yet to come.
      schema: jsonSchema(eventSchema(type), "input"),
      example: {
        id: `evt_${ULID}`,
        type,
        occurred_at: moment,
        request_id: "ci-4711",
        ...(of === "workspace" ? { workspace_id: `ws_${ULID}` } : { organization_id: `org_${ULID}` }),
        ...(file_id === undefined ? {} : { file_id }),
        ...(share_id === undefined ? {} : { share_id }),
        actor,
        data,
      } satisfies Event,
    };
  });
}
